"""Days, instants and times that formulas calculate with, in memory and in SQL.

A day and a number give a day: of the number only whole days count. An instant and a number give
an instant, to the thousandth of a second, in which records keep instants. A time and a number
give a time: the number counts thousandths of a second, and midnight is passed.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Integer, Interval, cast, extract, func, not_

from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import SQL_TYPES, number_sql
from fieldstone.query_language.formula.typed import Failed

FIRST_DAY: Final = date(1700, 1, 1)
LAST_DAY: Final = date(4000, 12, 31)
"""Days that formulas may give, as in Salesforce."""

DAY_MS: Final = 86_400_000
_EPOCH: Final = date(1970, 1, 1)
_MS: Final = timedelta(milliseconds=1)


def day_number(day: date) -> int:
    """Give the days from the first of 1970 to a day."""
    return (day - _EPOCH).days


def instant_number(instant: datetime) -> int:
    """Give the thousandths of a second from the beginning of 1970 to an instant."""
    return (instant - datetime.combine(_EPOCH, time())) // _MS


_FIRST: Final = day_number(FIRST_DAY)
_LAST: Final = day_number(LAST_DAY)


def day_of(number: int) -> date:
    """Give the day so many days after the first of 1970. Raises Failed."""
    if not _FIRST <= number <= _LAST:
        raise Failed("The date lies outside the years 1700 to 4000.")
    return _EPOCH + timedelta(days=number)


def instant_of(number: int) -> datetime:
    """Give the instant so many thousandths of a second after 1970 began. Raises Failed."""
    if not _FIRST * DAY_MS <= number < (_LAST + 1) * DAY_MS:
        raise Failed("The date lies outside the years 1700 to 4000.")
    return datetime.combine(_EPOCH, time()) + timedelta(milliseconds=number)


def whole_days(days: Decimal) -> int:
    """Give a number of days without its fraction."""
    return int(days.to_integral_value(ROUND_DOWN))


def thousandths(days: Decimal) -> int:
    """Give a number of days in thousandths of a second; half of one is rounded up."""
    return int((days * DAY_MS).to_integral_value(ROUND_HALF_UP))


def ms_of(moment: time) -> int:
    """Give the thousandths of a second since midnight."""
    seconds = (moment.hour * 60 + moment.minute) * 60 + moment.second
    return seconds * 1000 + moment.microsecond // 1000


def time_of(number: int) -> time:
    """Give the time of day that is so many thousandths of a second after midnight."""
    midnight = datetime.combine(_EPOCH, time())
    return (midnight + timedelta(milliseconds=number % DAY_MS)).time()


# The same in SQL. What makes a date is asked only where the number lies within the years.


def day_number_sql(day: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the days from the first of 1970 to a day."""
    return cast(day.op("-", return_type=Integer())(_day(_EPOCH)), SQL_TYPES[Kind.NUMBER])


def instant_number_sql(instant: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the thousandths of a second from the beginning of 1970 to an instant."""
    return func.trunc(extract("epoch", instant) * number_sql(1000))


def day_of_sql(number: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the day so many days after the first of 1970."""
    return _day(_EPOCH).op("+", return_type=SQL_TYPES[Kind.DATE])(cast(number, Integer))


def no_day_sql(number: ColumnElement[Any]) -> ColumnElement[bool]:
    """Tell whether a number of days leads out of the years that there are."""
    return not_(number.between(number_sql(_FIRST), number_sql(_LAST)))


def instant_of_sql(number: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the instant so many thousandths of a second after 1970 began."""
    # Days and the rest apart: an interval is multiplied as float8, which counts 104 days of
    # microseconds exactly enough and no thousand years.
    days = cast(func.div(number, number_sql(DAY_MS)), Integer)
    rest = cast(func.mod(number, number_sql(DAY_MS)), BigInteger)
    zero = constant(0)
    begin = cast(constant("1970-01-01"), SQL_TYPES[Kind.DATETIME])
    ms = cast(constant("1 millisecond"), Interval)
    moved = begin.op("+", return_type=SQL_TYPES[Kind.DATETIME])(
        func.make_interval(zero, zero, zero, days)
    )
    return moved.op("+", return_type=SQL_TYPES[Kind.DATETIME])(
        rest.op("*", return_type=Interval())(ms)
    )


def no_instant_sql(number: ColumnElement[Any]) -> ColumnElement[bool]:
    """Tell whether a number of thousandths leads out of the years that there are."""
    first, end = number_sql(_FIRST * DAY_MS), number_sql((_LAST + 1) * DAY_MS - 1)
    return not_(number.between(first, end))


def thousandths_sql(days: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give a number of days in thousandths of a second; half of one is rounded up."""
    return func.round(days * number_sql(DAY_MS))


def ms_of_sql(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the thousandths of a second since midnight."""
    return func.trunc(extract("epoch", moment) * number_sql(1000))


def time_of_sql(number: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the time of day that is so many thousandths of a second after midnight."""
    day = number_sql(DAY_MS)
    rest = func.mod(func.mod(number, day) + day, day)
    ms = cast(constant("1 millisecond"), Interval)
    midnight = cast(constant("00:00"), SQL_TYPES[Kind.TIME])
    passed = cast(rest, BigInteger).op("*", return_type=Interval())(ms)
    return midnight.op("+", return_type=SQL_TYPES[Kind.TIME])(passed)


def _day(day: date) -> ColumnElement[Any]:
    return cast(constant(day.isoformat()), SQL_TYPES[Kind.DATE])
