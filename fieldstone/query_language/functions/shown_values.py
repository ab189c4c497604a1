"""Values as people read them: what toLabel and FORMAT give of a field in a query.

Each is made for the field that it stands with; formulas, which know no field here, cannot call
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, case, cast, func, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.date import show_date
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.values import write_json
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import (
    DATE,
    DATETIME,
    NUMBER,
    TEXT,
    TIME,
    Category,
    Plain,
    Takes,
)
from fieldstone.query_language.functions.of_moment import ZONE, OfMoment
from fieldstone.query_language.functions.zones import local, local_sql

_DAY = "Mon FMDD, YYYY"
_INSTANT = "Mon FMDD, YYYY, HH24:MI"


class _Shown(Plain):
    """What gives a text and cannot be called by name in a formula."""

    name = "FORMAT"
    category = Category.TEXT

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)


class Label(_Shown):
    """The label of a value of a picklist; a value that is offered no more is its own."""

    name = "TOLABEL"
    takes = (Takes("picklist", TEXT),)

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels

    def value(self, chosen: str) -> Value:
        return self._labels.get(chosen, chosen)

    def sql(self, chosen: ColumnElement[Any]) -> ColumnElement[Any]:
        # Labels were typed by a person, and so are bound.
        listed = cast(bindparam(None, write_json(self._labels), type_=Text(), unique=True), JSONB)
        return func.coalesce(type_coerce(listed.op("->>")(chosen), Text), chosen, type_=Text())

    repeats = True


class FormatNumber(_Shown):
    """A number in groups of three digits, with so many places and signs around it."""

    takes = (Takes("number", NUMBER),)
    repeats = True

    def __init__(
        self, digits: int, places: int, *, symbol: str = "", behind: str = "", factor: int = 1
    ) -> None:
        self._groups = digits // 3 + 1
        self._places = places
        self._symbol = symbol
        self._behind = behind
        self._factor = factor

    def value(self, number: Decimal) -> Value:
        unit = Decimal(1).scaleb(-self._places)
        found = (number * self._factor).quantize(unit, ROUND_HALF_UP)
        sign = "-" if found < 0 else ""
        return f"{sign}{self._symbol}{abs(found):,.{self._places}f}{self._behind}"

    def sql(self, number: ColumnElement[Any]) -> ColumnElement[Any]:
        found = func.round(number * number_sql(self._factor), constant(self._places))
        pattern = f"FM{'999,' * self._groups}990" + (
            "." + "0" * self._places if self._places else ""
        )
        sign = case((found < number_sql(0), constant("-")), else_=constant(""))
        digits = func.to_char(func.abs(found), constant(pattern))
        return sign.concat(constant(self._symbol)).concat(digits).concat(constant(self._behind))


class FormatDate(_Shown):
    """A day as a person reads it: Jan 31, 2026."""

    takes = (Takes("date", DATE),)

    def value(self, day: date) -> Value:
        return show_date(day)

    def sql(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.to_char(day, constant(_DAY))


class FormatInstant(OfMoment):
    """An instant as the viewer's clocks show it: Jan 31, 2026, 14:30."""

    name = "FORMAT"
    category = Category.TEXT
    takes = (Takes("datetime", DATETIME),)
    reads = ZONE

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, instant: datetime, zone: str) -> Value:
        found = local(instant, zone)
        return f"{show_date(found)}, {found:%H:%M}"

    def sql(self, instant: ColumnElement[Any], zone: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.to_char(local_sql(instant, zone), constant(_INSTANT))


class FormatTime(_Shown):
    """A time of the day without the seconds that are none: 14:30."""

    takes = (Takes("time", TIME),)

    def value(self, moment: time) -> Value:
        return moment.isoformat().removesuffix(":00")

    def sql(self, moment: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.regexp_replace(cast(moment, Text), constant(":00$"), constant(""))
