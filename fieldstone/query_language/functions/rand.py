"""RAND: told apart from a misspelt name, and refused."""

from __future__ import annotations

from collections.abc import Sequence

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.typed import Compiled, Misused, Shape, Thunk
from fieldstone.query_language.functions.function import Category, Function


class Random(Function):
    """A random number, which no formula here gives: the same record has the same values for all."""

    name = "RAND"
    category = Category.MATH
    is_steady = False

    def result(self, shapes: Sequence[Shape]) -> Shape:
        raise Misused(
            "gives another number each time, and formulas give the same number to everybody.",
            hint="Keep the number in a field.",
        )

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        raise AssertionError("no formula holds it")

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        raise AssertionError("no formula holds it")
