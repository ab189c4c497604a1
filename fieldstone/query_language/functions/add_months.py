"""ADDMONTHS: the same day some months on."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Interval, cast, extract, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import SQL_TYPES
from fieldstone.query_language.formula.typed import Failed, Shape
from fieldstone.query_language.functions.function import (
    DATE,
    DATETIME,
    NUMBER,
    Category,
    Overloaded,
    Takes,
)
from fieldstone.query_language.functions.guarded import Guarded, clamped
from fieldstone.query_language.functions.moments import FIRST_DAY, LAST_DAY
from fieldstone.query_language.functions.zones import OUTSIDE, moment_in_years, moment_in_years_sql

_FIRST: Final = FIRST_DAY.year * 12
_LAST: Final = LAST_DAY.year * 12 + 11
"""The first and the last month that formulas know, counted from the year 0."""


class AddMonthsToInstant(Guarded):
    """An instant some months on, at the same time of day in UTC."""

    name = "ADDMONTHS"
    category = Category.DATE
    takes = (Takes("date_time", DATETIME), Takes("months", NUMBER))
    repeats = True

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.DATETIME)

    def value(self, instant: datetime, months: Decimal) -> Value:
        moved = _moved(instant.date(), int(months))
        return moment_in_years(datetime.combine(moved, instant.time()))

    def sql(self, instant: ColumnElement[Any], months: ColumnElement[Any]) -> ColumnElement[Any]:
        return moment_in_years_sql(_moved_sql(instant, months))


class AddMonthsToDay(Guarded):
    """A day some months on."""

    name = "ADDMONTHS"
    category = Category.DATE
    takes = (Takes("date", DATE), Takes("months", NUMBER))
    repeats = True

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.DATE)

    def value(self, day: date, months: Decimal) -> Value:
        moved = _moved(day, int(months))
        return moment_in_years(datetime.combine(moved, time())).date()

    def sql(self, day: ColumnElement[Any], months: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(moment_in_years_sql(_moved_sql(day, months)), SQL_TYPES[Kind.DATE])


class AddMonths(Overloaded):
    """The date or date/time some months on; the last day of a month stays the last day of one.

    A day that the month does not have becomes its last. Fractions of a month do not count.
    """

    name = "ADDMONTHS"
    category = Category.DATE
    forms = (AddMonthsToDay(), AddMonthsToInstant())
    examples = (
        ("ADDMONTHS(DATE(2026, 1, 15), 1)", "2026-02-15"),
        ("ADDMONTHS(DATE(2026, 1, 30), 1)", "2026-02-28"),
        ("ADDMONTHS(DATE(2026, 2, 28), 1)", "2026-03-31"),
    )


def _moved(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise Failed(OUTSIDE)
    last = monthrange(year, month + 1)[1]
    is_last = day.day == monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if is_last else min(day.day, last))


def _moved_sql(moment: ColumnElement[Any], months: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give a moment some months on.

    PostgreSQL makes the last day of a shorter month of a day that it does not have. The last day
    of a month is the one before the first of the next, which is the later of the two.
    """
    wanted = SQL_TYPES[Kind.DATETIME]
    start = cast(moment, wanted)
    # From here to the month that is meant, or to one just outside the years that there are, so
    # that PostgreSQL never leaves the years that it knows itself.
    here = extract("year", start) * constant(12) + extract("month", start) - constant(1)
    meant = clamped(here + func.trunc(months), _FIRST, _LAST)
    months_on = cast(meant - here, Integer)
    passed = func.make_interval(constant(0), months_on, type_=Interval())
    day = func.make_interval(constant(0), constant(0), constant(0), constant(1), type_=Interval())
    same = start.op("+", return_type=wanted)(passed)
    behind = start.op("+", return_type=wanted)(day).op("+", return_type=wanted)(passed)
    return func.greatest(same, behind.op("-", return_type=wanted)(day), type_=wanted)
