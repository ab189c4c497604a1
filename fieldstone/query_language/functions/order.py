"""The operators < <= > >=: which of two values comes first; false where one is missing."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.sql_values import any_of
from fieldstone.query_language.formula.typed import Compiled, Misused, Shape, Thunk, Typed
from fieldstone.query_language.functions.equal import alike, check_alike
from fieldstone.query_language.functions.function import (
    ANY,
    Category,
    Function,
    Takes,
    constant_false,
    unless_failed,
)


class Compare(Function):
    """Whether the left value stands to the right one as the sign says; false without a value.

    Texts are in the order of their code points: capitals come before small letters.
    """

    category = Category.OPERATOR
    takes = (Takes("left", ANY), Takes("right", ANY))

    def __init__(self, name: str, test: Callable[[Any, Any], Any], example: str) -> None:
        self.name = name  # type: ignore[misc]  # one class for four signs
        self.examples = ((example, "true"),)  # type: ignore[misc]
        self._test = test

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        return alike(arguments)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        check_alike(shapes)
        if shapes[0].kind is Kind.BOOLEAN:
            raise Misused("cannot order true and false.", hint="Use =.")
        return Shape(Kind.BOOLEAN)

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        left, right = (argument() for argument in arguments)
        return left is not None and right is not None and bool(self._test(left, right))

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        left, right = arguments
        fails = any_of([left.fails, right.fails])
        if left.kind.is_text:
            found: ColumnElement[bool] = self._test(left.value.collate("C"), right.value)
        else:
            known = func.coalesce(self._test(left.value, right.value), constant_false())
            found = unless_failed(fails, known)
        return Compiled(shape, found, fails)


LESS = Compare("<", operator.lt, "1 < 2")
LESS_OR_EQUAL = Compare("<=", operator.le, "2 <= 2")
GREATER = Compare(">", operator.gt, "DATE(2026, 2, 1) > DATE(2026, 1, 31)")
GREATER_OR_EQUAL = Compare(">=", operator.ge, "'b' >= 'a'")
