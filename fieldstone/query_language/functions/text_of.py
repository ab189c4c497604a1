"""TEXT: a value as text, as other programs read it: no separators, dates from year to day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import SQL_TYPES
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import (
    BOOLEAN,
    DATE,
    DATETIME,
    NUMBER,
    TEXT,
    TIME,
    Category,
    Overloaded,
    Plain,
    Takes,
)


def written(number: Decimal) -> str:
    """Give a number with as many places as it needs, and without an exponent."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def written_sql(number: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the same in SQL."""
    return cast(func.trim_scale(number), Text)


class _TextOf(Plain):
    name = "TEXT"
    category = Category.TEXT

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)


class TextOfNumber(_TextOf):
    """A number with as many places as it needs; a percentage as a share of one."""

    takes = (Takes("value", NUMBER),)

    def value(self, number: Decimal) -> Value:
        return written(number)

    def sql(self, number: ColumnElement[Any]) -> ColumnElement[Any]:
        return written_sql(number)


class TextOfDate(_TextOf):
    """A date as 2026-01-31."""

    takes = (Takes("value", DATE),)

    def value(self, day: date) -> Value:
        return day.isoformat()

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.to_char(cast(day, SQL_TYPES[Kind.DATETIME]), constant("YYYY-MM-DD"))


class TextOfInstant(_TextOf):
    """An instant as 2026-01-31 12:30:45Z, in UTC and without fractions of a second."""

    takes = (Takes("value", DATETIME),)

    def value(self, instant: datetime) -> Value:
        return instant.isoformat(" ", "seconds") + "Z"

    def sql(self, instant: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.to_char(instant, constant('YYYY-MM-DD HH24:MI:SS"Z"'))


class TextOfTime(_TextOf):
    """A time of day as 12:30:45.000."""

    takes = (Takes("value", TIME),)

    def value(self, moment: time) -> Value:
        return moment.isoformat("milliseconds")

    def sql(self, moment: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.to_char(moment, constant("HH24:MI:SS.MS"))


class TextOfText(_TextOf):
    """The value of a picklist as its text."""

    takes = (Takes("value", TEXT),)

    def value(self, text: str) -> Value:
        return text

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return text


class TextOfBoolean(_TextOf):
    """The words true and false."""

    takes = (Takes("value", BOOLEAN),)

    def value(self, holds: bool) -> Value:  # noqa: FBT001  # a value of a formula, not a flag
        return "true" if holds else "false"

    def sql(self, holds: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(holds, Text)


class TextOf(Overloaded):
    """A value as text: 1250.5, 2026-01-31, 2026-01-31 12:30:45Z; a percentage as a share of one."""

    name = "TEXT"
    category = Category.TEXT
    forms = (
        TextOfText(),
        TextOfNumber(),
        TextOfDate(),
        TextOfInstant(),
        TextOfTime(),
        TextOfBoolean(),
    )
    takes = (Takes("value", NUMBER | DATE | DATETIME | TIME | TEXT | BOOLEAN),)
    examples = (("TEXT(1250.50)", "1250.5"), ("TEXT(1 > 2)", "false"))
