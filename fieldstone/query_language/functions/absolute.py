"""ABS: a number without its sign."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import NUMBER, Category, Plain, Takes


class Absolute(Plain):
    """The number without its sign."""

    name = "ABS"
    category = Category.MATH
    takes = (Takes("number", NUMBER),)
    examples = (("ABS(-2.5)", "2.5"), ("ABS(2.5)", "2.5"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return shapes[0]

    def value(self, one: Decimal) -> Value:
        return abs(one)

    def sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.abs(one)
