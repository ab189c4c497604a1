"""The functions and operators of formulas, one module each."""
