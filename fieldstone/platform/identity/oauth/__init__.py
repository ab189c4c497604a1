"""Letting programs work here in somebody's name: an OAuth 2 server (RFC 6749)."""
