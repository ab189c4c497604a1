"""SQRT, EXP, LN and LOG: functions whose values are rounded to 24 places.

Arguments are rounded to 34 places first. PostgreSQL works such functions out to as many places as
their argument has, and Python to more digits than count; rounding to 30 places before the last
rounding gives what is exact back, so that a half is a half in both.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.sizes import number
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Failed, Shape
from fieldstone.query_language.functions.function import NUMBER, Category, Takes
from fieldstone.query_language.functions.guarded import Guarded
from fieldstone.query_language.functions.rounding import round_sql, rounded

PLACES: Final = 24
"""Places of what these functions give."""

ARGUMENT_PLACES: Final = 34
_CLOSE_PLACES: Final = 30
TOO_LARGE: Final = 231
"""The natural logarithm of what is too large to be a value: a number of 101 digits."""

MOST_DIGITS: Final = 101


def argument(one: Decimal) -> Decimal:
    """Give a number as functions of analysis take it."""
    return rounded(one, ARGUMENT_PLACES, ROUND_HALF_UP)


def argument_sql(one: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the same in SQL; it has all its places, be they zero."""
    return round_sql(one, ARGUMENT_PLACES)


def settled(one: Decimal) -> Decimal:
    """Give what a function of analysis gives, rounded."""
    close = one.quantize(Decimal(1).scaleb(-_CLOSE_PLACES), ROUND_HALF_UP)
    return close.quantize(Decimal(1).scaleb(-PLACES), ROUND_HALF_UP) + 0


def settled_sql(one: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the same in SQL."""
    return round_sql(round_sql(one, _CLOSE_PLACES), PLACES)


def digits_for(one: Decimal) -> Context:
    """Give a context of enough digits for a function of a number, rounded as these are."""
    return Context(prec=abs(one.adjusted()) + MOST_DIGITS + 2 * ARGUMENT_PLACES)


class Analysis(Guarded):
    """What the functions of this module share; `found` and `found_sql` take rounded arguments."""

    category = Category.MATH
    takes = (Takes("number", NUMBER),)

    def value(self, one: Decimal) -> Value:
        return settled(self.found(argument(one)))

    def sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        return settled_sql(self.found_sql(argument_sql(one)))

    @abstractmethod
    def found(self, one: Decimal) -> Decimal:
        """Give the value to more places than count. Raises Failed."""

    @abstractmethod
    def found_sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        """Give the same in SQL, null where it fails."""


class SquareRoot(Analysis):
    """The square root of a number, to 24 places; that of a negative number fails."""

    name = "SQRT"
    examples = (("SQRT(16)", "4"), ("SQRT(2)", "1.414213562373095048801689"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(shapes[0].digits // 2 + 1, PLACES)

    def found(self, one: Decimal) -> Decimal:
        if one < 0:
            raise Failed("A negative number has no square root.")
        return digits_for(one).sqrt(one)

    def found_sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        below = number_sql(f"-{_LEAST}")
        return func.sqrt(func.nullif(func.greatest(one, below), below, type_=one.type))


class Exponential(Analysis):
    """The number e to the power of a number, to 24 places; fails for a number of 231 or more."""

    name = "EXP"
    examples = (("EXP(0)", "1"), ("EXP(1)", "2.718281828459045235360287"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(MOST_DIGITS, PLACES)

    def found(self, one: Decimal) -> Decimal:
        if one >= TOO_LARGE:
            raise Failed("The power is too large.")
        return digits_for(Decimal(1)).exp(max(one, Decimal(-TOO_LARGE)))

    def found_sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        above = number_sql(TOO_LARGE)
        return func.exp(func.nullif(func.least(one, above), above, type_=one.type))


class NaturalLogarithm(Analysis):
    """The natural logarithm of a number, to 24 places; fails for zero and negative numbers."""

    name = "LN"
    examples = (("LN(1)", "0"), ("LN(10)", "2.302585092994045684017991"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(5, PLACES)

    def found(self, one: Decimal) -> Decimal:
        return digits_for(one).ln(_above_zero(one))

    def found_sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.ln(_above_zero_sql(one))


class Logarithm(NaturalLogarithm):
    """The logarithm of a number to the base 10, to 24 places; fails as LN does."""

    name = "LOG"
    examples = (("LOG(1000)", "3"), ("LOG(2)", "0.301029995663981195213739"))

    def found(self, one: Decimal) -> Decimal:
        return digits_for(one).log10(_above_zero(one))

    def found_sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.log(_above_zero_sql(one))


_LEAST: Final = f"0.{'0' * (ARGUMENT_PLACES - 1)}1"


def _above_zero(one: Decimal) -> Decimal:
    if one <= 0:
        raise Failed("Only a number above zero has a logarithm.")
    return one


def _above_zero_sql(one: ColumnElement[Any]) -> ColumnElement[Any]:
    zero = number_sql(0)
    return func.nullif(func.greatest(one, zero), zero, type_=one.type)
