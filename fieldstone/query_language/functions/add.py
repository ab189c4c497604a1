"""The operator +: numbers are added, texts joined, and days, instants and times moved on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.sizes import kind_of_numbers, number
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions import moments
from fieldstone.query_language.functions.function import (
    DATE,
    DATETIME,
    NUMBER,
    TIME,
    Category,
    Overloaded,
    Plain,
    Takes,
)
from fieldstone.query_language.functions.join import Join


class AddNumbers(Plain):
    """The sum of two numbers."""

    name = "+"
    category = Category.OPERATOR
    takes = (Takes("left", NUMBER), Takes("right", NUMBER))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        left, right = shapes
        digits, places = max(left.digits, right.digits) + 1, max(left.places, right.places)
        return number(digits, places, kind_of_numbers(shapes))

    def value(self, left: Decimal, right: Decimal) -> Value:
        return left + right

    def sql(self, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
        return left + right


class MoveDay(Plain):
    """A day some days on; fractions of a day do not count."""

    name = "+"
    category = Category.OPERATOR
    takes = (Takes("date", DATE), Takes("days", NUMBER))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.DATE)

    def value(self, day: date, days: Decimal) -> Value:
        return moments.day_of(moments.day_number(day) + moments.whole_days(days))

    def sql(self, day: ColumnElement[Any], days: ColumnElement[Any]) -> ColumnElement[Any]:
        return moments.day_of_sql(_moved_day(day, days))

    def wrong(self, day: ColumnElement[Any], days: ColumnElement[Any]) -> ColumnElement[bool]:
        return moments.no_day_sql(_moved_day(day, days))


class MoveInstant(Plain):
    """An instant some days on, to the thousandth of a second."""

    name = "+"
    category = Category.OPERATOR
    takes = (Takes("date_time", DATETIME), Takes("days", NUMBER))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.DATETIME)

    def value(self, instant: datetime, days: Decimal) -> Value:
        return moments.instant_of(moments.instant_number(instant) + moments.thousandths(days))

    def sql(self, instant: ColumnElement[Any], days: ColumnElement[Any]) -> ColumnElement[Any]:
        return moments.instant_of_sql(_moved_instant(instant, days))

    def wrong(self, instant: ColumnElement[Any], days: ColumnElement[Any]) -> ColumnElement[bool]:
        return moments.no_instant_sql(_moved_instant(instant, days))


class MoveTime(Plain):
    """A time of day some thousandths of a second on; midnight is passed."""

    name = "+"
    category = Category.OPERATOR
    takes = (Takes("time", TIME), Takes("thousandths", NUMBER))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TIME)

    def value(self, moment: time, passed: Decimal) -> Value:
        return moments.time_of(moments.ms_of(moment) + moments.whole_days(passed))

    def sql(self, moment: ColumnElement[Any], passed: ColumnElement[Any]) -> ColumnElement[Any]:
        return moments.time_of_sql(moments.ms_of_sql(moment) + func.trunc(passed))


class DaysBefore(Plain):
    """The same with the number in front."""

    name = "+"
    category = Category.OPERATOR

    def __init__(self, form: Plain) -> None:
        self._form = form
        self.takes = tuple(reversed(form.takes))  # type: ignore[misc]  # one form, one order

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return self._form.result(shapes)

    def value(self, days: Decimal, moment: date) -> Value:
        return self._form.value(moment, days)

    def sql(self, days: ColumnElement[Any], moment: ColumnElement[Any]) -> ColumnElement[Any]:
        return self._form.sql(moment, days)

    def wrong(
        self, days: ColumnElement[Any], moment: ColumnElement[Any]
    ) -> ColumnElement[bool] | None:
        return self._form.wrong(moment, days)


class Add(Overloaded):
    """The sum of numbers; texts one behind the other; a date, date/time or time moved on."""

    name = "+"
    category = Category.OPERATOR
    forms = (
        AddNumbers(),
        MoveDay(),
        MoveInstant(),
        MoveTime(),
        DaysBefore(MoveDay()),
        DaysBefore(MoveInstant()),
        Join(),
    )
    examples = (("1 + 2", "3"), ("'a' + 'b'", "ab"), ("DATE(2026, 1, 31) + 1", "2026-02-01"))


def _moved_day(day: ColumnElement[Any], days: ColumnElement[Any]) -> ColumnElement[Any]:
    return moments.day_number_sql(day) + func.trunc(days)


def _moved_instant(instant: ColumnElement[Any], days: ColumnElement[Any]) -> ColumnElement[Any]:
    return moments.instant_number_sql(instant) + moments.thousandths_sql(days)
