"""Kinds of components, one module each."""
