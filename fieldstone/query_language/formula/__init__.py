"""Formulas: from text to a typed expression, and its two evaluators, in memory and in SQL."""
