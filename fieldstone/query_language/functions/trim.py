"""TRIM: a text without the blanks around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import TEXT, Category, Plain, Takes

BLANKS: Final = " \t\n\r\f\v"
"""What counts as blank: spaces, tabs and line breaks."""


class Trim(Plain):
    """A text without the spaces, tabs and line breaks before and behind it."""

    name = "TRIM"
    category = Category.TEXT
    takes = (Takes("text", TEXT),)
    examples = (("TRIM('  a b ') & '.'", "a b."),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, text: str) -> Value:
        return text.strip(BLANKS)

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.btrim(text, constant(BLANKS))
