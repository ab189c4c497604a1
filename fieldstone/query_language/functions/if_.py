"""IF and IFS: the value behind the first condition that holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, false, func, true

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.sql_values import any_of
from fieldstone.query_language.formula.typed import Compiled, Misused, Shape, Thunk, Typed
from fieldstone.query_language.functions.choice import as_results, shape_of_choice
from fieldstone.query_language.functions.function import ANY, BOOLEAN, Category, Function, Takes


class If(Function):
    """The second value if the condition holds, the third if it does not."""

    name = "IF"
    category = Category.LOGIC
    takes = (Takes("condition", BOOLEAN), Takes("then", ANY), Takes("else", ANY))
    examples = (("IF(1 > 2, 'greater', 'smaller')", "smaller"),)

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        return [*super().adapt(arguments[:1]), *as_results(arguments[1:])]

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return shape_of_choice(shapes[1:])

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        condition, then, otherwise = arguments
        return then() if condition() else otherwise()

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        condition, then, otherwise = arguments
        found = _chosen(condition.value, then.value, otherwise.value)
        fails = None
        if then.fails is not None or otherwise.fails is not None:
            fails = _chosen(
                condition.value,
                false() if then.fails is None else then.fails,
                false() if otherwise.fails is None else otherwise.fails,
            )
        if condition.fails is not None:
            fails = any_of([condition.fails, fails])
            assert fails is not None
            fails = func.coalesce(fails, true())
        return Compiled(shape, found, fails)


class Ifs(If):
    """The value behind the first condition that holds, and the last one if none does."""

    name = "IFS"
    takes = (Takes("condition", ANY), Takes("value", ANY), Takes("more", ANY, repeats=True))
    examples = (("IFS(1 > 2, 'a', 2 > 1, 'b', 'c')", "b"),)

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        if len(arguments) % 2 == 0 or len(arguments) < 3:
            return arguments
        conditions = list(arguments[:-1:2])
        values = as_results([*arguments[1::2], arguments[-1]])
        pairs = zip(conditions, values, strict=False)
        return [*(part for pair in pairs for part in pair), values[-1]]

    def result(self, shapes: Sequence[Shape]) -> Shape:
        if len(shapes) % 2 == 0:
            raise Misused("takes pairs of a condition and a value, and one value more.")
        for place, shape in enumerate(shapes[:-1]):
            if place % 2 == 0 and shape.kind is not Kind.BOOLEAN:
                raise Misused(f"condition is a {shape.kind}, and must be boolean.", place=place)
        return shape_of_choice([*shapes[1::2], shapes[-1]])

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        for condition, value in zip(arguments[:-1:2], arguments[1::2], strict=True):
            if condition():
                return value()
        return arguments[-1]()

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        found = arguments[-1]
        for place in range(len(arguments) - 3, -1, -2):
            parts = [arguments[place], arguments[place + 1], found]
            found = super().compile(parts, shape)
        return found


def _chosen(
    condition: ColumnElement[Any], then: ColumnElement[Any], otherwise: ColumnElement[Any]
) -> ColumnElement[Any]:
    """Give one of two values; null where the condition is, which stands in the SQL once."""
    return case({true(): then, false(): otherwise}, value=condition)
