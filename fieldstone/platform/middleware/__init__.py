"""Middleware: plain ASGI, one concern each; the list of them is in platform/app.py."""
