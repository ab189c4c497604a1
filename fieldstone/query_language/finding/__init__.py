"""The search language: FIND … RETURNING, from its text to one statement."""
