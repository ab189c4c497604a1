"""REVERSE: a text from its end to its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import TEXT, Category, Plain, Takes


class Reverse(Plain):
    """The characters of a text from the last to the first."""

    name = "REVERSE"
    category = Category.TEXT
    takes = (Takes("text", TEXT),)
    examples = (("REVERSE('abc')", "cba"),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, text: str) -> Value:
        return text[::-1]

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.reverse(text)
