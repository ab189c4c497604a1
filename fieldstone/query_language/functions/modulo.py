"""MOD: what remains of a division."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.sizes import kind_of_numbers, number
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Failed, Shape
from fieldstone.query_language.functions.function import NUMBER, Category, Takes
from fieldstone.query_language.functions.guarded import Guarded


class Modulo(Guarded):
    """What remains of a number divided by another, with the sign of the first; none by zero."""

    name = "MOD"
    category = Category.MATH
    takes = (Takes("number", NUMBER), Takes("divisor", NUMBER))
    examples = (("MOD(7, 3)", "1"), ("MOD(-7, 3)", "-1"), ("MOD(5.5, 2)", "1.5"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        one, divisor = shapes
        digits, places = min(one.digits, divisor.digits), max(one.places, divisor.places)
        return number(digits, places, kind_of_numbers(shapes))

    def value(self, one: Decimal, divisor: Decimal) -> Value:
        if not divisor:
            raise Failed("A number was divided by zero.")
        return one % divisor + 0

    def sql(self, one: ColumnElement[Any], divisor: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.mod(one, func.nullif(divisor, number_sql(0)))
