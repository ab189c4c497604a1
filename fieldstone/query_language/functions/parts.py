"""YEAR, MONTH, HOUR and their like: parts of dates and times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Numeric, cast, extract, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions import moments
from fieldstone.query_language.functions.function import DATE, DATES, TIME, Category, Plain, Takes


class Part(Plain):
    """A whole number that is part of a date or time. digits: the most that it has."""

    category = Category.DATE
    takes = (Takes("date", DATE),)
    digits: ClassVar[int] = 2

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.NUMBER, self.digits)


def part_sql(name: str, moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give a part of a date, instant or time, as PostgreSQL names it."""
    return cast(extract(name, moment), Numeric)


class Year(Part):
    """The year of a date."""

    name = "YEAR"
    digits = 4
    examples = (("YEAR(DATE(2026, 1, 31))", "2026"),)

    def value(self, day: date) -> Value:
        return Decimal(day.year)

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return part_sql("year", day)


class Month(Part):
    """The month of a date, from 1 to 12."""

    name = "MONTH"
    examples = (("MONTH(DATE(2026, 1, 31))", "1"),)

    def value(self, day: date) -> Value:
        return Decimal(day.month)

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return part_sql("month", day)


class Day(Part):
    """The day of the month of a date, from 1 to 31."""

    name = "DAY"
    examples = (("DAY(DATE(2026, 1, 31))", "31"),)

    def value(self, day: date) -> Value:
        return Decimal(day.day)

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return part_sql("day", day)


class Weekday(Part):
    """The day of the week of a date, from 1 for Sunday to 7 for Saturday."""

    name = "WEEKDAY"
    examples = (("WEEKDAY(DATE(2026, 1, 31))", "7"),)

    def value(self, day: date) -> Value:
        return Decimal(day.isoweekday() % 7 + 1)

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return part_sql("dow", day) + number_sql(1)


class DayOfYear(Part):
    """The day of the year of a date, from 1 to 366."""

    name = "DAYOFYEAR"
    digits = 3
    examples = (("DAYOFYEAR(DATE(2026, 2, 1))", "32"),)

    def value(self, day: date) -> Value:
        return Decimal(day.timetuple().tm_yday)

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return part_sql("doy", day)


class IsoWeek(Part):
    """The week of a date or date/time by ISO 8601, from 1 to 53: weeks begin on Monday."""

    name = "ISOWEEK"
    takes = (Takes("date", DATES),)
    examples = (("ISOWEEK(DATE(2027, 1, 1))", "53"),)

    def value(self, day: date) -> Value:
        return Decimal(day.isocalendar().week)

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return part_sql("week", day)


class IsoYear(Part):
    """The year in which the week of a date or date/time lies by ISO 8601."""

    name = "ISOYEAR"
    takes = (Takes("date", DATES),)
    digits = 5
    examples = (("ISOYEAR(DATE(2027, 1, 1))", "2026"),)

    def value(self, day: date) -> Value:
        return Decimal(day.isocalendar().year)

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return part_sql("isoyear", day)


class PartOfTime(Part):
    """A part of a time of day. unit: in thousandths of a second; count: how many make the next."""

    takes = (Takes("time", TIME),)
    unit: ClassVar[int]
    count: ClassVar[int]

    def value(self, moment: time) -> Value:
        return Decimal(moments.ms_of(moment) // self.unit % self.count)

    def sql(self, moment: ColumnElement[Any]) -> ColumnElement[Any]:
        units = func.div(moments.ms_of_sql(moment), number_sql(self.unit))
        return func.mod(units, number_sql(self.count), type_=Numeric())


class Hour(PartOfTime):
    """The hour of a time, from 0 to 23."""

    name = "HOUR"
    unit, count = 3_600_000, 24
    examples = (("HOUR(TIMEVALUE('14:30:15.250'))", "14"),)


class Minute(PartOfTime):
    """The minute of a time, from 0 to 59."""

    name = "MINUTE"
    unit, count = 60_000, 60
    examples = (("MINUTE(TIMEVALUE('14:30:15.250'))", "30"),)


class Second(PartOfTime):
    """The second of a time, from 0 to 59."""

    name = "SECOND"
    unit, count = 1_000, 60
    examples = (("SECOND(TIMEVALUE('14:30:15.250'))", "15"),)


class Millisecond(PartOfTime):
    """The thousandth of a second of a time, from 0 to 999."""

    name = "MILLISECOND"
    unit, count = 1, 1_000
    digits = 3
    examples = (("MILLISECOND(TIMEVALUE('14:30:15.250'))", "250"),)
