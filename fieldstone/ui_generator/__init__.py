"""Layouts made into pages and forms."""
