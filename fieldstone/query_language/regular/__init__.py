"""Regular expressions of formulas: one dialect, which runs in memory and in PostgreSQL alike."""
