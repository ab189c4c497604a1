"""ISPICKVAL and INCLUDES: what has been picked from a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Kind, Value
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
