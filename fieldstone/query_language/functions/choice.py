"""What functions have in common that give one of several values: IF, IFS, CASE, BLANKVALUE."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_

from fieldstone.metadata.calculation import Kind
from fieldstone.query_language.formula.sizes import widest
from fieldstone.query_language.formula.typed import Misused, Shape, Typed
from fieldstone.query_language.functions.function import as_kind


def shape_of_choice(shapes: Sequence[Shape]) -> Shape:
    """Give the shape of what is one of several values, which is NULL's where all of them are.

    Raises Misused for kinds that differ.
    """
    kinds = {shape.kind for shape in shapes if shape.kind is not Kind.NOTHING}
    if not kinds:
        return Shape(Kind.NOTHING)
    if len(kinds) == 1 and not next(iter(kinds)).is_number:
        return Shape(kinds.pop())
    if all(kind.is_number for kind in kinds):
        return widest(shapes)
    if all(kind.is_text for kind in kinds):
        return Shape(Kind.TEXT)
    told = " and ".join(sorted(f"a {kind}" for kind in kinds))
    raise Misused(
        f"may give {told}; all of its results must be of one kind.",
        hint="TEXT makes a text of any value.",
    )


def as_results(arguments: Sequence[Typed]) -> list[Typed]:
    """Give results of which NULL has become the blank of the others' kind, if they have any."""
    kinds = [argument.shape.kind for argument in arguments]
    kind = next((kind for kind in kinds if kind is not Kind.NOTHING), None)
    if kind is None:
        return list(arguments)
    return [as_kind(argument, kind) for argument in arguments]


def where(
    condition: ColumnElement[bool], fails: ColumnElement[bool] | None
) -> ColumnElement[bool] | None:
    """Give the test that a part fails where it is taken; None if it cannot."""
    return None if fails is None else and_(condition, fails)
