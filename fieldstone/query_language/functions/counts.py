"""Numbers that count characters: fractions do not count, and there is a largest one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, cast, func

from fieldstone.query_language.formula.sql_values import number_sql

MOST: Final = 1_000_000_000
"""More characters than a text can have."""

MAX_CHARACTERS: Final = 250_000
"""What would be longer than this is not made: it fails."""


def count_of(number: Decimal) -> int:
    """Give how many characters a number means; none where it is negative."""
    return int(max(min(number, Decimal(MOST)), Decimal(0)))


def place_of(number: Decimal) -> int:
    """Give which character a number means: the first, where it is less than 1."""
    return int(max(min(number, Decimal(MOST)), Decimal(1)))


# GREATEST and LEAST pass over null: no number is a count of 0, and a place behind every text.


def count_of_sql(number: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the same as count_of in SQL; 0 where there is no number."""
    clipped = func.least(func.greatest(number, number_sql(0)), number_sql(MOST))
    return cast(func.trunc(clipped), Integer)


def place_of_sql(number: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the same as place_of in SQL; a place behind every text where there is no number."""
    clipped = func.greatest(func.least(number, number_sql(MOST)), number_sql(1))
    return cast(func.trunc(clipped), Integer)
