"""MAX and MIN: the greatest and the smallest of several numbers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.sizes import widest
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import NUMBER, Category, Plain, Takes


class Greatest(Plain):
    """The greatest of several numbers; no value if one of them has none."""

    name = "MAX"
    category = Category.MATH
    takes = (Takes("number", NUMBER), Takes("more", NUMBER, optional=True, repeats=True))
    examples = (("MAX(1, 3, 2)", "3"), ("MAX(-1.5)", "-1.5"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return widest(shapes)

    def value(self, *numbers: Decimal) -> Value:
        return max(numbers)

    def sql(self, *numbers: ColumnElement[Any]) -> ColumnElement[Any]:
        # PostgreSQL passes over null. In its order nothing comes after NaN, which no value is.
        nothing = number_sql("NaN")
        found = func.greatest(*(func.coalesce(one, nothing) for one in numbers))
        return func.nullif(found, nothing, type_=numbers[0].type)


class Smallest(Plain):
    """The smallest of several numbers; no value if one of them has none."""

    name = "MIN"
    category = Category.MATH
    takes = (Takes("number", NUMBER), Takes("more", NUMBER, optional=True, repeats=True))
    examples = (("MIN(2, 1, 3)", "1"), ("MIN(-1.5)", "-1.5"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return widest(shapes)

    def value(self, *numbers: Decimal) -> Value:
        return min(numbers)

    def sql(self, *numbers: ColumnElement[Any]) -> ColumnElement[Any]:
        nothing = number_sql("-Infinity")
        found = func.least(*(func.coalesce(one, nothing) for one in numbers))
        return func.nullif(found, nothing, type_=numbers[0].type)
