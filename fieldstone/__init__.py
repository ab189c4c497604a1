"""Fieldstone: a metadata-driven CRM platform."""
