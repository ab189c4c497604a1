"""The operator &: texts one behind the other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import TEXT, Category, Plain, Takes


class Join(Plain):
    """Texts one behind the other; what is blank adds nothing."""

    name = "&"
    category = Category.OPERATOR
    takes = (Takes("left", TEXT), Takes("right", TEXT, repeats=True))
    examples = (("'a' & 'b' & 'c'", "abc"), ("'a' & NULL", "a"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, *texts: str) -> Value:
        return "".join(texts)

    def sql(self, *texts: ColumnElement[Any]) -> ColumnElement[Any]:
        return reduce(lambda left, right: left.concat(right), texts)
