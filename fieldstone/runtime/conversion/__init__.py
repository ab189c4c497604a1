"""Conversions: values of fields become others, all at once, while records are in use."""
