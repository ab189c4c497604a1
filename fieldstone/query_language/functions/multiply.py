"""The operator *: the product of two numbers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.sizes import kind_of_numbers, number
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import NUMBER, Category, Plain, Takes


class Multiply(Plain):
    """The product of two numbers, exact."""

    name = "*"
    category = Category.OPERATOR
    takes = (Takes("left", NUMBER), Takes("right", NUMBER))
    examples = (("12 * 99.99", "1199.88"),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        left, right = shapes
        digits, places = left.digits + right.digits, left.places + right.places
        return number(digits, places, kind_of_numbers(shapes))

    def value(self, left: Decimal, right: Decimal) -> Value:
        return left * right

    def sql(self, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
        return left * right
