"""IFERROR: a value, or another one if the first fails."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, case, not_

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.typed import Compiled, Failed, Shape, Thunk, Typed
from fieldstone.query_language.functions.choice import as_results, shape_of_choice
from fieldstone.query_language.functions.function import ANY, Category, Function, Takes


class IfError(Function):
    """The first value, or the second if the first fails, as a division by zero does."""

    name = "IFERROR"
    category = Category.LOGIC
    takes = (Takes("value", ANY), Takes("instead", ANY))
    examples = (("IFERROR(1 / 0, 0)", "0"), ("IFERROR(1 / 4, 0)", "0.25"))

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        return as_results(arguments)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return shape_of_choice(shapes)

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        try:
            return arguments[0]()
        except Failed:
            return arguments[1]()

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        value, instead = arguments
        if value.fails is None:
            return Compiled(shape, value.value)
        found = case((not_(value.fails), value.value), else_=instead.value)
        fails = None if instead.fails is None else and_(value.fails, instead.fails)
        return Compiled(shape, found, fails)
