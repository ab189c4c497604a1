"""AND, OR and NOT, as functions and as signs.

What fails beside a value that decides the matter does not matter: AND(false, 1 / 0 = 1) is false,
in whichever order they stand, for PostgreSQL may take them in any.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, not_, or_

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.typed import Compiled, Failed, Shape, Thunk
from fieldstone.query_language.functions.function import (
    BOOLEAN,
    Category,
    Function,
    Takes,
)


class Connective(Function):
    """Several conditions in one.

    deciding: the value of one that decides the matter.
    """

    category = Category.LOGIC
    takes = (Takes("condition", BOOLEAN, repeats=True),)

    def __init__(self, name: str, *, deciding: bool, examples: tuple[tuple[str, str], ...]) -> None:
        self.name = name  # type: ignore[misc]  # one class for four names
        self.examples = examples  # type: ignore[misc]
        self._deciding = deciding

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.BOOLEAN)

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        failed: Failed | None = None
        for argument in arguments:
            try:
                if argument() is self._deciding:
                    return self._deciding
            except Failed as failure:
                failed = failure
        if failed is not None:
            raise failed
        return not self._deciding

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        values = [argument.value for argument in arguments]
        found: ColumnElement[bool] = or_(*values) if self._deciding else and_(*values)
        failing = any(argument.fails is not None for argument in arguments)
        # A condition is null where it fails, and so is what follows from none of the others.
        return Compiled(shape, found, found.is_(None) if failing else None)


_ALL = (("AND(1 < 2, 2 < 3)", "true"), ("AND(1 < 2, 3 < 2)", "false"))
_SOME = (("OR(1 > 2, 2 < 3)", "true"), ("OR(1 > 2, 3 < 2)", "false"))
AND = Connective("AND", deciding=False, examples=_ALL)
OR = Connective("OR", deciding=True, examples=_SOME)
AND_SIGN = Connective("&&", deciding=False, examples=(("1 < 2 && 2 < 3", "true"),))
OR_SIGN = Connective("||", deciding=True, examples=(("1 > 2 || 2 < 3", "true"),))


class Not(Function):
    """Whether a condition does not hold."""

    category = Category.LOGIC
    takes = (Takes("condition", BOOLEAN),)

    def __init__(self, name: str, example: str) -> None:
        self.name = name  # type: ignore[misc]  # a function and a sign
        self.examples = ((example, "true"),)  # type: ignore[misc]

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.BOOLEAN)

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        return not arguments[0]()

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        (condition,) = arguments
        return Compiled(shape, not_(condition.value), condition.fails)


NOT = Not("NOT", "NOT(1 > 2)")
NOT_SIGN = Not("!", "!(1 > 2)")
