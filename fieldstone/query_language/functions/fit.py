"""The last step of a formula field that is a number: it is rounded as the field says."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import any_of, number_sql
from fieldstone.query_language.formula.typed import Compiled, Failed, Shape
from fieldstone.query_language.functions.function import (
    NUMBER,
    Category,
    Plain,
    Takes,
    constant_false,
)
from fieldstone.query_language.functions.guarded import within


class Fit(Plain):
    """A number with the places of a field; one of more digits than the field has fails.

    It cannot be called: a formula field ends with it.
    """

    name = "FIT"
    category = Category.MATH
    takes = (Takes("number", NUMBER),)

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._end = Decimal(10) ** shape.digits

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return self._shape

    def value(self, number: Decimal) -> Value:
        found = number.quantize(Decimal(1).scaleb(-self._shape.places), ROUND_HALF_UP)
        if abs(found) >= self._end:
            raise Failed("The number has more digits than its field.")
        return found

    def sql(self, number: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.round(number, constant(self._shape.places))

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        (one,) = arguments
        end, rounded = number_sql(str(self._end)), self.sql(one.value)
        # Every formula field ends here: the number stands in its value once.
        found = within(rounded, number_sql(str(-self._end)), end)
        wrong = func.coalesce(func.abs(rounded) >= end, constant_false())
        return Compiled(shape, found, any_of([wrong, one.fails]))
