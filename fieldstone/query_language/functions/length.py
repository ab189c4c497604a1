"""LEN: how many characters a text has."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Numeric, cast, func

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.sizes import number
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import TEXT, Category, Plain, Takes


class Length(Plain):
    """How many characters a text has; none has 0."""

    name = "LEN"
    category = Category.TEXT
    takes = (Takes("text", TEXT),)
    examples = (("LEN('Straße')", "6"), ("LEN('')", "0"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(10, 0)

    def value(self, text: str) -> Value:
        return Decimal(len(text))

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(func.char_length(text), Numeric)
