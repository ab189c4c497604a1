"""The operator /: the quotient of two numbers, to 24 places."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sizes import QUOTIENT_PLACES, kind_of_numbers, number
from fieldstone.query_language.formula.sql_values import any_of, number_sql
from fieldstone.query_language.formula.typed import Compiled, Failed, Shape
from fieldstone.query_language.functions.function import (
    NUMBER,
    Category,
    Plain,
    Takes,
    constant_false,
)

_UNIT: Final = Decimal(1).scaleb(-QUOTIENT_PLACES)
_SPARE: Final = 10
"""PostgreSQL divides to as many places as the dividend has; so many more are cut off again."""


def quotient(left: Decimal, right: Decimal) -> Decimal:
    """Give a quotient; half of the last place is rounded away from zero."""
    digits = max(left.adjusted() - right.adjusted(), 0) + QUOTIENT_PLACES + _SPARE
    return Context(prec=digits).divide(left, right).quantize(_UNIT, ROUND_HALF_UP)


def quotient_sql(left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the same in SQL, null where right is zero."""
    places = number_sql(f"0.{'0' * (QUOTIENT_PLACES + _SPARE)}")
    return func.round(
        (left + places) / func.nullif(right, number_sql(0)), constant(QUOTIENT_PLACES)
    )


class Divide(Plain):
    """The quotient of two numbers, to 24 places; a division by zero fails."""

    name = "/"
    category = Category.OPERATOR
    takes = (Takes("left", NUMBER), Takes("right", NUMBER))
    examples = (("7 / 2", "3.5"), ("IFERROR(1 / 0, -1)", "-1"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        left, right = shapes
        return number(left.digits + right.places + 1, QUOTIENT_PLACES, kind_of_numbers(shapes))

    def value(self, left: Decimal, right: Decimal) -> Value:
        if not right:
            raise Failed("A number was divided by zero.")
        return quotient(left, right)

    def sql(self, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
        return quotient_sql(left, right)

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        # Null where it fails without a test, so that chains of divisions do not grow.
        left, right = arguments
        by_zero = func.coalesce(
            (right.value == number_sql(0)) & left.value.is_not(None), constant_false()
        )
        fails = any_of([by_zero, left.fails, right.fails])
        return Compiled(shape, self.sql(left.value, right.value), fails)
