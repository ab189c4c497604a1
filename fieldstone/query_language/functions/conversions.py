"""DATEVALUE, DATETIMEVALUE and TIMEVALUE: a date, an instant, a time of another kind of value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, cast

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.sql_values import SQL_TYPES
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions import written_moments
from fieldstone.query_language.functions.function import (
    DATE,
    DATETIME,
    TEXT,
    TIME,
    Category,
    Overloaded,
    Plain,
    Takes,
)
from fieldstone.query_language.functions.guarded import Guarded
from fieldstone.query_language.functions.of_moment import ZONE, OfMoment
from fieldstone.query_language.functions.zones import local, local_sql


class DayOfText(Guarded):
    """The date that a text is written as, such as 2026-01-31; no value for a blank text."""

    name = "DATEVALUE"
    category = Category.DATE
    takes = (Takes("text", TEXT),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.DATE)

    def value(self, text: str) -> Value:
        return written_moments.day_of_text(text) if text else None

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return written_moments.day_of_text_sql(text)


class DayOfInstant(OfMoment, Guarded):
    """The viewer's day of an instant."""

    name = "DATEVALUE"
    category = Category.DATE
    takes = (Takes("date_time", DATETIME),)
    reads = ZONE

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.DATE)

    def value(self, instant: datetime, zone: str) -> Value:
        return local(instant, zone).date()

    def sql(self, instant: ColumnElement[Any], zone: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(local_sql(instant, zone), SQL_TYPES[Kind.DATE])


class Unchanged(Plain):
    """A value that is of the wanted kind already."""

    category = Category.DATE

    def __init__(self, name: str, takes: Takes) -> None:
        self.name = name  # type: ignore[misc]  # one class for two functions
        self.takes = (takes,)  # type: ignore[misc]

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return shapes[0]

    def value(self, moment: date | time) -> Value:
        return moment

    def sql(self, moment: ColumnElement[Any]) -> ColumnElement[Any]:
        return moment


class DateValue(Overloaded):
    """The date that a text such as '2026-01-31' means, or the viewer's day of a date/time.

    A date stays as it is.
    """

    name = "DATEVALUE"
    category = Category.DATE
    forms = (DayOfText(), DayOfInstant(), Unchanged("DATEVALUE", Takes("date", DATE)))
    examples = (("DATEVALUE('2026-01-31')", "2026-01-31"),)


class InstantOfText(Guarded):
    """The instant in UTC that a text is written as; no value for a blank text."""

    name = "DATETIMEVALUE"
    category = Category.DATE
    takes = (Takes("text", TEXT),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.DATETIME)

    def value(self, text: str) -> Value:
        return written_moments.instant_of_text(text) if text else None

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return written_moments.instant_of_text_sql(text)


class InstantOfDay(Plain):
    """The instant in UTC with which a date begins."""

    name = "DATETIMEVALUE"
    category = Category.DATE
    takes = (Takes("date", DATE),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.DATETIME)

    def value(self, day: date) -> Value:
        return datetime.combine(day, time())

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(day, SQL_TYPES[Kind.DATETIME])


class DateTimeValue(Overloaded):
    """The instant in UTC of a text such as '2026-01-31 14:30:00', or with which a date begins."""

    name = "DATETIMEVALUE"
    category = Category.DATE
    forms = (
        InstantOfText(),
        Unchanged("DATETIMEVALUE", Takes("date_time", DATETIME)),
        InstantOfDay(),
    )
    examples = (("DATETIMEVALUE('2026-01-31 14:30:00')", "2026-01-31 14:30:00"),)


class TimeOfText(Guarded):
    """The time that a text is written as, such as 14:30:00.000; no value for a blank text."""

    name = "TIMEVALUE"
    category = Category.DATE
    takes = (Takes("text", TEXT),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TIME)

    def value(self, text: str) -> Value:
        return written_moments.time_of_text(text) if text else None

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return written_moments.time_of_text_sql(text)


class TimeOfInstant(Plain):
    """The time of day of an instant, in UTC."""

    name = "TIMEVALUE"
    category = Category.DATE
    takes = (Takes("date_time", DATETIME),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TIME)

    def value(self, instant: datetime) -> Value:
        return instant.time()

    def sql(self, instant: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(instant, SQL_TYPES[Kind.TIME])


class TimeValue(Overloaded):
    """The time that a text such as '14:30:00.000' means, or the time of a date/time in UTC."""

    name = "TIMEVALUE"
    category = Category.DATE
    forms = (TimeOfText(), TimeOfInstant(), Unchanged("TIMEVALUE", Takes("time", TIME)))
    examples = (("TIMEVALUE('14:30:00.000')", "14:30:00"),)
