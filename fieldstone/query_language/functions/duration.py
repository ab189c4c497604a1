"""FORMATDURATION: a length of time in hours, minutes and seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Double, Interval, Text, case, cast, func, true

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Constant, Failed, Shape, Typed
from fieldstone.query_language.functions import moments
from fieldstone.query_language.functions.function import (
    BOOLEAN,
    DATETIME,
    NUMBER,
    TIME,
    Category,
    Overloaded,
    Plain,
    Takes,
)
from fieldstone.query_language.functions.guarded import Guarded

_END: Final = 10**12
"""Seconds that are too many to be written: 31,688 years."""


def show_duration(seconds: int, *, with_days: bool) -> str:
    """Give a number of seconds as 26:30:00, or as 1:02:30:00 with the days apart."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    if with_days:
        return f"{hours // 24}:{hours % 24:02}:{minute:02}:{second:02}"
    return f"{hours:02}:{minute:02}:{second:02}"


def show_duration_sql(seconds: ColumnElement[Any], *, with_days: bool) -> ColumnElement[Any]:
    """Give the same in SQL of whole seconds."""
    zero = constant(0)
    length = func.make_interval(
        zero, zero, zero, zero, zero, zero, cast(seconds, Double), type_=Interval()
    )
    if with_days:
        return func.to_char(func.justify_hours(length), constant("FMDD:HH24:MI:SS"), type_=Text())
    return func.to_char(length, constant("HH24:MI:SS"), type_=Text())


class DurationOfSeconds(Guarded):
    """A number of seconds as 26:30:00, or as 1:02:30:00 with the days apart.

    Neither its sign nor a fraction of a second counts; 10^12 seconds and more fail.
    """

    name = "FORMATDURATION"
    category = Category.DATE
    takes = (Takes("seconds", NUMBER), Takes("with_days", BOOLEAN, optional=True))
    repeats = True

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        found = list(super().adapt(arguments))
        if len(found) == 1:
            found.append(Constant(value=False, shape=Shape(Kind.BOOLEAN)))
        return found

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, seconds: Decimal, with_days: Value) -> Value:
        if abs(seconds) >= _END:
            raise Failed("The duration is too long.")
        return show_duration(abs(int(seconds)), with_days=bool(with_days))

    def sql(self, seconds: ColumnElement[Any], with_days: ColumnElement[Any]) -> ColumnElement[Any]:
        end = number_sql(_END)
        whole = func.nullif(func.least(func.trunc(func.abs(seconds)), end), end)
        shown = show_duration_sql(whole, with_days=False)
        return case(
            {true(): show_duration_sql(whole, with_days=True)}, value=with_days, else_=shown
        )


class DurationOfInstants(Plain):
    """The time between two instants as 1:02:30:00, with the days apart."""

    name = "FORMATDURATION"
    category = Category.DATE
    takes = (Takes("from", DATETIME), Takes("to", DATETIME))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, one: datetime, other: datetime) -> Value:
        passed = abs(moments.instant_number(other) - moments.instant_number(one))
        return show_duration(passed // 1000, with_days=True)

    def sql(self, one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
        passed = func.abs(moments.instant_number_sql(other) - moments.instant_number_sql(one))
        return show_duration_sql(func.div(passed, number_sql(1000)), with_days=True)


class DurationOfTimes(Plain):
    """The time between two times of day as 02:30:00."""

    name = "FORMATDURATION"
    category = Category.DATE
    takes = (Takes("from", TIME), Takes("to", TIME))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, one: time, other: time) -> Value:
        passed = abs(moments.ms_of(other) - moments.ms_of(one))
        return show_duration(passed // 1000, with_days=False)

    def sql(self, one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
        passed = func.abs(moments.ms_of_sql(other) - moments.ms_of_sql(one))
        return show_duration_sql(func.div(passed, number_sql(1000)), with_days=False)


class FormatDuration(Overloaded):
    """Seconds, or the time between two date/times or times, as hours, minutes and seconds.

    Days stand apart in front between date/times, and of seconds if the second value is true.
    """

    name = "FORMATDURATION"
    category = Category.DATE
    forms = (DurationOfSeconds(), DurationOfInstants(), DurationOfTimes())
    examples = (
        ("FORMATDURATION(95400)", "26:30:00"),
        ("FORMATDURATION(95400, true)", "1:02:30:00"),
    )
