"""UNIXTIMESTAMP and FROMUNIXTIME: instants as seconds since 1970 began in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Numeric, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.sql_values import number_sql
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

_MOST_DIGITS = 12
_DAY_S = 86_400


class SecondsOfInstant(Plain):
    """The whole seconds from 1970 to an instant."""

    name = "UNIXTIMESTAMP"
    category = Category.DATE
    takes = (Takes("date_time", DATETIME),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.NUMBER, _MOST_DIGITS)

    def value(self, instant: datetime) -> Value:
        return Decimal(int(Decimal(moments.instant_number(instant)) / 1000))

    def sql(self, instant: ColumnElement[Any]) -> ColumnElement[Any]:
        number = moments.instant_number_sql(instant)
        return func.div(number, number_sql(1000), type_=Numeric())


class SecondsOfDay(Plain):
    """The seconds from 1970 to the beginning of a day in UTC."""

    name = "UNIXTIMESTAMP"
    category = Category.DATE
    takes = (Takes("date", DATE),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.NUMBER, _MOST_DIGITS)

    def value(self, day: date) -> Value:
        return Decimal(moments.day_number(day) * _DAY_S)

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return moments.day_number_sql(day) * number_sql(_DAY_S)


class SecondsOfTime(Plain):
    """The whole seconds from midnight to a time."""

    name = "UNIXTIMESTAMP"
    category = Category.DATE
    takes = (Takes("time", TIME),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.NUMBER, _MOST_DIGITS)

    def value(self, moment: time) -> Value:
        return Decimal(moments.ms_of(moment) // 1000)

    def sql(self, moment: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.div(moments.ms_of_sql(moment), number_sql(1000), type_=Numeric())


class UnixTimestamp(Overloaded):
    """The whole seconds from the beginning of 1970 in UTC; of a time, those since midnight."""

    name = "UNIXTIMESTAMP"
    category = Category.DATE
    forms = (SecondsOfInstant(), SecondsOfDay(), SecondsOfTime())
    examples = (("UNIXTIMESTAMP(DATE(2026, 1, 31))", "1769817600"),)


class FromUnixTime(Plain):
    """The instant so many seconds after 1970 began in UTC, to the thousandth of a second."""

    name = "FROMUNIXTIME"
    category = Category.DATE
    takes = (Takes("seconds", NUMBER),)
    examples = (("FROMUNIXTIME(1769869800)", "2026-01-31 14:30:00"),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.DATETIME)

    def value(self, seconds: Decimal) -> Value:
        return moments.instant_of(int(seconds * 1000))

    def sql(self, seconds: ColumnElement[Any]) -> ColumnElement[Any]:
        return moments.instant_of_sql(_thousandths(seconds))

    def wrong(self, seconds: ColumnElement[Any]) -> ColumnElement[bool]:
        return moments.no_instant_sql(_thousandths(seconds))


def _thousandths(seconds: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.trunc(seconds * number_sql(1000), type_=Numeric())
