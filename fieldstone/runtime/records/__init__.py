"""Records: created, changed, deleted and restored, always through the same checks."""
