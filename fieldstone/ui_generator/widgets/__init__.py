"""Widgets: how a value is shown and edited, one module each, named as field types call them."""
