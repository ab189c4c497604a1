"""ISPICKVAL, INCLUDES and PICKLISTCOUNT: what has been picked from a list."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Numeric, cast, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.sizes import number
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import TEXT, Category, Plain, Takes


class IsPicked(Plain):
    """Whether a picklist has a value; case counts, and a blank text stands for none."""

    name = "ISPICKVAL"
    category = Category.TEXT
    takes = (Takes("field", TEXT), Takes("value", TEXT))
    examples = (("ISPICKVAL(NULL, '')", "true"), ("ISPICKVAL('Open', 'open')", "false"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.BOOLEAN)

    def value(self, picked: str, wanted: str) -> Value:
        return picked == wanted

    def sql(self, picked: ColumnElement[Any], wanted: ColumnElement[Any]) -> ColumnElement[Any]:
        return picked == wanted


class Includes(Plain):
    """Whether a value is among those that have been picked from a multi-select picklist."""

    name = "INCLUDES"
    category = Category.TEXT
    takes = (Takes("field", frozenset({Kind.CHOICES})), Takes("value", TEXT))
    examples = (("INCLUDES(NULL, 'a')", "false"),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.BOOLEAN)

    def value(self, picked: tuple[str, ...], wanted: str) -> Value:
        return wanted in picked

    def sql(self, picked: ColumnElement[Any], wanted: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.jsonb_exists(picked, wanted)


class PicklistCount(Plain):
    """How many values have been picked from a multi-select picklist; none is 0."""

    name = "PICKLISTCOUNT"
    category = Category.TEXT
    takes = (Takes("field", frozenset({Kind.CHOICES})),)
    examples = (("PICKLISTCOUNT(NULL)", "0"),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(10, 0)

    def value(self, picked: tuple[str, ...]) -> Value:
        return Decimal(len(picked))

    def sql(self, picked: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(func.jsonb_array_length(picked), Numeric)
