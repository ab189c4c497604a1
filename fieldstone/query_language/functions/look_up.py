"""VLOOKUP: a field of the record of another object that has a value in its name or unique field.

It is no function like others, for its value comes from records that nothing points to: check.py
binds its fields, both evaluators ask whatever reads the records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.query_language.formula.typed import (
    Compiled,
    FormulaFunction,
    Misused,
    Shape,
    Thunk,
    Typed,
)
from fieldstone.query_language.functions.function import NUMBER, TEXT, as_kind

NAME: Final = "VLOOKUP"
KEYS: Final = TEXT | NUMBER
UNGIVEN: Final = frozenset({Kind.CHOICES, Kind.PLACE, Kind.NOTHING})
"""Kinds of many parts, which no look-up gives."""


@dataclass(frozen=True, slots=True)
class LookedUpField:
    """Which field of which object is looked up, and by which other field of it."""

    object: ObjectDef = field(compare=False)  # which the fields tell
    key: Field
    result: Field


@dataclass(frozen=True, slots=True)
class Sought:
    """What a look-up reads: whatever of gives for a key, which is a value, or a value in SQL."""

    of: object
    key: object


@dataclass(frozen=True, slots=True)
class LookUp:
    """VLOOKUP with its fields. of: whatever gives what stands beside a key."""

    of: object
    key_kind: Kind
    value_shape: Shape
    name: ClassVar[str] = NAME
    is_steady: ClassVar[bool] = False
    reads_constants: ClassVar[bool] = False

    def choose(self, arguments: Sequence[Typed]) -> FormulaFunction:
        """Give itself."""
        return self

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        """Give the value that is looked for, NULL as the blank of its kind."""
        return [as_kind(argument, self.key_kind) for argument in arguments]

    def shape(self, arguments: Sequence[Typed]) -> Shape:
        """Give what is known of the field's values. Raises Misused for a value of another kind."""
        wanted = NUMBER if self.key_kind.is_number else TEXT
        for argument in arguments:
            kind = argument.shape.kind
            if kind not in wanted and kind is not Kind.NOTHING:
                raise Misused(f"looks for a {kind} among values that are a {self.key_kind}.")
        return self.value_shape

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        """Never called: evaluate.py reads what is sought."""
        raise AssertionError(self)

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        """Never called: compile.py reads what is sought."""
        raise AssertionError(self)
