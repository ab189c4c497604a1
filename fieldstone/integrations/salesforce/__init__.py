"""Packages of Salesforce metadata: read, mapped to components, and reported on one by one."""
