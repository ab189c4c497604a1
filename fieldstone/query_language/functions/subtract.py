"""The operator -: numbers, days, instants and times taken from each other, and the sign of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.sizes import QUOTIENT_PLACES, kind_of_numbers, number
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions import moments
from fieldstone.query_language.functions.add import MoveDay, MoveInstant, MoveTime
from fieldstone.query_language.functions.divide import quotient, quotient_sql
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

_MOST_DAYS = 10


class SubtractNumbers(Plain):
    """The difference of two numbers."""

    name = "-"
    category = Category.OPERATOR
    takes = (Takes("left", NUMBER), Takes("right", NUMBER))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        left, right = shapes
        digits, places = max(left.digits, right.digits) + 1, max(left.places, right.places)
        return number(digits, places, kind_of_numbers(shapes))

    def value(self, left: Decimal, right: Decimal) -> Value:
        return left - right

    def sql(self, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
        return left - right


class MoveBack(Plain):
    """A day, an instant or a time some way back, as the operator + moves it on."""

    name = "-"
    category = Category.OPERATOR

    def __init__(self, form: Plain) -> None:
        self._form = form
        self.takes = form.takes  # type: ignore[misc]  # one class for three kinds of moments

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return self._form.result(shapes)

    def value(self, moment: date | time, way: Decimal) -> Value:
        return self._form.value(moment, -way)

    def sql(self, moment: ColumnElement[Any], way: ColumnElement[Any]) -> ColumnElement[Any]:
        return self._form.sql(moment, -way)

    def wrong(
        self, moment: ColumnElement[Any], way: ColumnElement[Any]
    ) -> ColumnElement[bool] | None:
        return self._form.wrong(moment, -way)


class DaysBetween(Plain):
    """The days from the second day to the first."""

    name = "-"
    category = Category.OPERATOR
    takes = (Takes("left", DATE), Takes("right", DATE))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.NUMBER, _MOST_DAYS)

    def value(self, left: date, right: date) -> Value:
        return Decimal(moments.day_number(left) - moments.day_number(right))

    def sql(self, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
        return moments.day_number_sql(left) - moments.day_number_sql(right)


class InstantsBetween(Plain):
    """The days from the second instant to the first, with the part of a day."""

    name = "-"
    category = Category.OPERATOR
    takes = (Takes("left", DATETIME), Takes("right", DATETIME))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.NUMBER, _MOST_DAYS, QUOTIENT_PLACES)

    def value(self, left: datetime, right: datetime) -> Value:
        passed = moments.instant_number(left) - moments.instant_number(right)
        return quotient(Decimal(passed), Decimal(moments.DAY_MS))

    def sql(self, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
        passed = moments.instant_number_sql(left) - moments.instant_number_sql(right)
        return quotient_sql(passed, number_sql(moments.DAY_MS))


class TimesBetween(Plain):
    """The thousandths of a second from the second time to the next first, within a day."""

    name = "-"
    category = Category.OPERATOR
    takes = (Takes("left", TIME), Takes("right", TIME))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.NUMBER, _MOST_DAYS)

    def value(self, left: time, right: time) -> Value:
        return Decimal((moments.ms_of(left) - moments.ms_of(right)) % moments.DAY_MS)

    def sql(self, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
        day = number_sql(moments.DAY_MS)
        return func.mod(moments.ms_of_sql(left) - moments.ms_of_sql(right) + day, day)


class Subtract(Overloaded):
    """The difference of numbers, of dates in days, of times in thousandths of a second."""

    name = "-"
    category = Category.OPERATOR
    forms = (
        SubtractNumbers(),
        DaysBetween(),
        InstantsBetween(),
        TimesBetween(),
        MoveBack(MoveDay()),
        MoveBack(MoveInstant()),
        MoveBack(MoveTime()),
    )
    examples = (("5 - 7", "-2"), ("DATE(2026, 3, 1) - DATE(2026, 2, 1)", "28"))


class Negative(Plain):
    """The number with the other sign."""

    name = "NEGATIVE"
    category = Category.OPERATOR
    takes = (Takes("number", NUMBER),)
    examples = (("-(2 + 3)", "-5"),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return shapes[0]

    def value(self, one: Decimal) -> Value:
        return -one

    def sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        return -one
