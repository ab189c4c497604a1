"""Encrypted values: sealed where they come in, opened where they are shown."""
