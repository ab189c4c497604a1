"""The date functions of queries: the month, quarter, week or fiscal year of a date or instant.

Of an instant they tell the day in UTC; convertTimezone gives it as the viewer's clocks show it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Integer, Interval, Numeric, cast, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import SQL_TYPES, number_sql
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import DATES, DATETIME, Category, Plain, Takes
from fieldstone.query_language.functions.guarded import Guarded
from fieldstone.query_language.functions.of_moment import FISCAL_MONTH, ZONE, OfMoment
from fieldstone.query_language.functions.parts import (
    Day,
    DayOfYear,
    Month,
    Part,
    Weekday,
    Year,
    part_sql,
)
from fieldstone.query_language.functions.zones import local, local_sql

_ANY_DATE = (Takes("date", DATES),)
_DAYS_IN_WEEK = 7


class CalendarYear(Year):
    """The year of a date or date/time."""

    name = "CALENDAR_YEAR"
    takes = _ANY_DATE
    examples = (("CALENDAR_YEAR(DATE(2026, 1, 31))", "2026"),)


class CalendarQuarter(Part):
    """The quarter of a date or date/time, from 1 to 4."""

    name = "CALENDAR_QUARTER"
    takes = _ANY_DATE
    digits = 1
    examples = (("CALENDAR_QUARTER(DATE(2026, 4, 1))", "2"),)

    def value(self, day: date) -> Value:
        return Decimal((day.month + 2) // 3)

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return part_sql("quarter", day)


class CalendarMonth(Month):
    """The month of a date or date/time, from 1 to 12."""

    name = "CALENDAR_MONTH"
    takes = _ANY_DATE
    examples = (("CALENDAR_MONTH(DATE(2026, 1, 31))", "1"),)


class DayInMonth(Day):
    """The day of the month of a date or date/time, from 1 to 31."""

    name = "DAY_IN_MONTH"
    takes = _ANY_DATE
    examples = (("DAY_IN_MONTH(DATE(2026, 1, 31))", "31"),)


class DayInWeek(Weekday):
    """The day of the week of a date or date/time, from 1 for Sunday to 7 for Saturday."""

    name = "DAY_IN_WEEK"
    takes = _ANY_DATE
    examples = (("DAY_IN_WEEK(DATE(2026, 1, 31))", "7"),)


class DayInYear(DayOfYear):
    """The day of the year of a date or date/time, from 1 to 366."""

    name = "DAY_IN_YEAR"
    takes = _ANY_DATE
    examples = (("DAY_IN_YEAR(DATE(2026, 2, 1))", "32"),)


class WeekInMonth(Part):
    """The week of the month of a date or date/time, from 1 to 5: the first seven days are one."""

    name = "WEEK_IN_MONTH"
    takes = _ANY_DATE
    digits = 1
    examples = (("WEEK_IN_MONTH(DATE(2026, 1, 8))", "2"),)

    def value(self, day: date) -> Value:
        return Decimal((day.day - 1) // _DAYS_IN_WEEK + 1)

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return _week_sql(part_sql("day", day))


class WeekInYear(Part):
    """The week of the year of a date or date/time, from 1 to 53: January 1 to 7 is the first."""

    name = "WEEK_IN_YEAR"
    takes = _ANY_DATE
    examples = (("WEEK_IN_YEAR(DATE(2026, 1, 8))", "2"),)

    def value(self, day: date) -> Value:
        return Decimal((day.timetuple().tm_yday - 1) // _DAYS_IN_WEEK + 1)

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return _week_sql(part_sql("doy", day))


class HourInDay(Part):
    """The hour of a date/time, from 0 to 23."""

    name = "HOUR_IN_DAY"
    takes = (Takes("date_time", DATETIME),)
    examples = (("HOUR_IN_DAY(DATETIMEVALUE('2026-01-31 14:30:00'))", "14"),)

    def value(self, instant: datetime) -> Value:
        return Decimal(instant.hour)

    def sql(self, instant: ColumnElement[Any]) -> ColumnElement[Any]:
        return part_sql("hour", instant)


class DayOnly(Plain):
    """The date of a date/time."""

    name = "DAY_ONLY"
    category = Category.DATE
    takes = (Takes("date_time", DATETIME),)
    examples = (("DAY_ONLY(DATETIMEVALUE('2026-01-31 14:30:00'))", "2026-01-31"),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.DATE)

    def value(self, instant: datetime) -> Value:
        return instant.date()

    def sql(self, instant: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(instant, SQL_TYPES[Kind.DATE])


class OfFiscalYear(OfMoment, Part):
    """What the fiscal functions share; the fiscal year has the number of the year in which it ends.

    A date is moved to the calendar year that the fiscal year is, its first month to January.
    part: what is asked of the moved date, as PostgreSQL names it.
    """

    takes = _ANY_DATE
    reads = FISCAL_MONTH
    part: ClassVar[str]

    def value(self, day: date, first: Decimal) -> Value:
        months = day.year * 12 + day.month - 1 + (13 - int(first)) % 12
        return Decimal(self.found(*divmod(months, 12)))

    def sql(self, day: ColumnElement[Any], first: ColumnElement[Any]) -> ColumnElement[Any]:
        months = cast(func.mod(number_sql(13) - first, number_sql(12)), Integer)
        moved = day.op("+", return_type=SQL_TYPES[Kind.DATETIME])(
            func.make_interval(constant(0), months, type_=Interval())
        )
        return part_sql(self.part, moved)

    @abstractmethod
    def found(self, year: int, month: int) -> int:
        """Give the part, of a month from 0 to 11."""


class FiscalYear(OfFiscalYear):
    """The fiscal year of a date or date/time: the calendar year in which it ends."""

    name = "FISCAL_YEAR"
    digits = 5
    part = "year"

    def found(self, year: int, month: int) -> int:
        return year


class FiscalQuarter(OfFiscalYear):
    """The quarter of the fiscal year of a date or date/time, from 1 to 4."""

    name = "FISCAL_QUARTER"
    digits = 1
    part = "quarter"

    def found(self, year: int, month: int) -> int:
        return month // 3 + 1


class FiscalMonth(OfFiscalYear):
    """The month of the fiscal year of a date or date/time, from 1 to 12."""

    name = "FISCAL_MONTH"
    part = "month"

    def found(self, year: int, month: int) -> int:
        return month + 1


class ConvertTimezone(OfMoment, Guarded):
    """The date/time as the clocks of the viewer show it, for the functions that tell its parts."""

    name = "CONVERTTIMEZONE"
    category = Category.DATE
    takes = (Takes("date_time", DATETIME),)
    reads = ZONE

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.DATETIME)

    def value(self, instant: datetime, zone: str) -> Value:
        return local(instant, zone)

    def sql(self, instant: ColumnElement[Any], zone: ColumnElement[Any]) -> ColumnElement[Any]:
        return local_sql(instant, zone)


def _week_sql(number: ColumnElement[Any]) -> ColumnElement[Any]:
    before = func.div(number - number_sql(1), number_sql(_DAYS_IN_WEEK), type_=Numeric())
    return before + number_sql(1)
