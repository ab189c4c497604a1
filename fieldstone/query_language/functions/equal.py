"""The operators = and <>: whether two values are the same. No value is the same as no value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import ColumnElement

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.sql_values import any_of
from fieldstone.query_language.formula.typed import Compiled, Misused, Shape, Thunk, Typed
from fieldstone.query_language.functions.function import (
    ANY,
    Category,
    Function,
    Takes,
    as_kind,
    unless_failed,
)

_UNCOMPARED = frozenset({Kind.CHOICES, Kind.PLACE})


def check_alike(shapes: Sequence[Shape]) -> None:
    """Refuse values of kinds that are never the same. Raises Misused."""
    first = shapes[0].kind
    for place, shape in enumerate(shapes):
        if shape.kind in _UNCOMPARED:
            raise Misused(f"cannot compare a {shape.kind}.", place=place, hint="Use INCLUDES.")
        if not are_alike(first, shape.kind):
            raise Misused(
                f"cannot compare a {first} with a {shape.kind}.",
                hint="TEXT, VALUE, DATEVALUE and DATETIMEVALUE make one kind of another.",
            )


def are_alike(left: Kind, right: Kind) -> bool:
    """Tell whether values of two kinds can be the same."""
    if Kind.NOTHING in (left, right) or left is right:
        return True
    return (left.is_number and right.is_number) or (left.is_text and right.is_text)


def alike(arguments: Sequence[Typed]) -> list[Typed]:
    """Give arguments of which NULL has become the blank of the others' kind."""
    kinds = [argument.shape.kind for argument in arguments]
    kind = next((kind for kind in kinds if kind is not Kind.NOTHING), Kind.TEXT)
    return [as_kind(argument, kind) for argument in arguments]


class Equal(Function):
    """Whether two values are the same; of texts, case counts."""

    name = "="
    category = Category.OPERATOR
    takes = (Takes("left", ANY), Takes("right", ANY))
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        ("1 + 1 = 2", "true"),
        ("'a' = 'A'", "false"),
        ("NULL = ''", "true"),
    )

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        return alike(arguments)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        check_alike(shapes)
        return Shape(Kind.BOOLEAN)

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        left, right = (argument() for argument in arguments)
        return left == right

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        left, right = arguments
        found: ColumnElement[bool]
        if left.kind.is_never_null:
            # Null where one of them fails, as it should be.
            found = left.value == right.value
        else:
            same = left.value.is_not_distinct_from(right.value)
            found = unless_failed(any_of([left.fails, right.fails]), same)
        return Compiled(shape, found, any_of([left.fails, right.fails]))


class NotEqual(Equal):
    """Whether two values are not the same; of texts, case counts."""

    name = "<>"
    examples = (("1 <> 2", "true"), ("'a' != 'a'", "false"))

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        return not super().evaluate(arguments, shape)

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        found = super().compile(arguments, shape)
        return Compiled(shape, ~found.value, found.fails)
