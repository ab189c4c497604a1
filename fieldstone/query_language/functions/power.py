"""The operator ^: a number to the power of another."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, null

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.sizes import number
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Failed, Shape
from fieldstone.query_language.functions.analysis import (
    MOST_DIGITS,
    PLACES,
    TOO_LARGE,
    argument,
    argument_sql,
    digits_for,
    settled,
    settled_sql,
)
from fieldstone.query_language.functions.function import NUMBER, Category, Takes
from fieldstone.query_language.functions.guarded import Guarded
from fieldstone.query_language.functions.rounding import round_sql, rounded

_MOST_EXPONENT: Final = 10**12


class Power(Guarded):
    """A number to the power of another, to 24 places.

    Base and exponent are rounded to 34 places first. It fails where there is no such number: zero
    to a negative power, a negative number to a power that is not whole, more than 101 digits, and
    an exponent beyond a million millions.
    """

    name = "^"
    category = Category.OPERATOR
    takes = (Takes("base", NUMBER), Takes("exponent", NUMBER))
    repeats = True
    examples = (("2 ^ 10", "1024"), ("2 ^ -1", "0.5"), ("(-2) ^ 3", "-8"), ("2.25 ^ 0.5", "1.5"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(MOST_DIGITS, PLACES)

    def value(self, base: Decimal, exponent: Decimal) -> Value:
        base, exponent = argument(base), argument(exponent)
        if abs(exponent) > _MOST_EXPONENT:
            raise Failed("The exponent is too large.")
        if not base:
            if exponent < 0:
                raise Failed("Zero has no negative powers.")
            return Decimal(0) if exponent else Decimal(1)
        if base < 0 and exponent % 1:
            raise Failed("A negative number has only whole powers.")
        return _power(base, exponent)

    def sql(self, base: ColumnElement[Any], exponent: ColumnElement[Any]) -> ColumnElement[Any]:
        base, exponent = argument_sql(base), argument_sql(exponent)
        zero, most = number_sql(0), number_sql(_MOST_EXPONENT)
        # Null in place of zero, lest PostgreSQL ask for its logarithm beforehand.
        size = exponent * round_sql(func.ln(func.nullif(func.abs(base), zero)), PLACES)
        of_zero = case(
            {number_sql(0): number_sql(1), number_sql(1): zero}, value=func.sign(exponent)
        )
        power = settled_sql(func.power(base, exponent))
        return case(
            (func.abs(exponent) > most, null()),
            (base == zero, of_zero),
            ((base < zero) & (func.mod(exponent, number_sql(1)) != zero), null()),
            else_=case(
                {number_sql(-1): zero, zero: power},
                value=func.sign(func.trunc(size / number_sql(TOO_LARGE))),
            ),
        )


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    logarithm = digits_for(base).ln(abs(base))
    size = exponent * rounded(logarithm, PLACES, ROUND_HALF_UP)
    if size >= TOO_LARGE:
        raise Failed("The power is too large.")
    if size <= -TOO_LARGE:
        return Decimal(0)
    found = settled(digits_for(base).power(abs(base), exponent))
    return -found + 0 if base < 0 and exponent % 2 else found
