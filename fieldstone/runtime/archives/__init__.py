"""Archives: a tenant as one file, and back again."""
