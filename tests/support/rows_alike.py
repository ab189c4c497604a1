"""How the rows of two answers are compared."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def alike(value: Any) -> Any:
    """Give a value as two answers compare it: quotients to nine places, one text for each case."""
    if isinstance(value, dict):
        return {key: alike(one) for key, one in value.items()}
    if isinstance(value, list):
        return [alike(one) for one in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return round(Decimal(value), 9).normalize() + 0
    return value.lower() if isinstance(value, str) else value
