"""Packages: what is installed, how it comes, is upgraded and goes."""
