"""Typed expressions: a formula whose names are bound and whose kinds are known.

Both evaluators work on these nodes: `evaluate.py` in memory, `compile.py` in SQL. An operator is a
function like any other. An expression may fail, as a division by zero does: evaluation then raises
Failed, and its SQL is null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from sqlalchemy import ColumnElement

from fieldstone.metadata.calculation import Kind, Value

Thunk: TypeAlias = Callable[[], Value]
"""Evaluates an argument when it is called; functions that choose call only what they choose."""


class MomentValue(StrEnum):
    """What expressions read of the moment in which they are asked, and of who asks."""

    NOW = "now"
    TODAY = "today"
    TIME = "time"
    ZONE = "zone"
    FISCAL_MONTH = "fiscal_month"
    USER = "user"
    ORGANIZATION = "organization"
    TENANT = "tenant"
    PROFILE = "profile"
    ROLE = "role"
    ROLE_LABEL = "role_label"


class Failed(Exception):
    """The outcome of an expression that has no value; its text says why."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a value beforehand.

    digits, places: of numbers, the most that stand before and after the point.
    """

    kind: Kind
    digits: int = 0
    places: int = 0


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same for every record."""

    value: Value
    shape: Shape


@dataclass(frozen=True, slots=True)
class Failure:
    """An expression that fails for every record, such as 1 / 0. why: a sentence."""

    why: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Read:
    """A value that comes from outside: a field, or what is known of viewer and moment.

    source: whatever gives and takes it, such as the path of a field.
    """

    source: object
    shape: Shape


@dataclass(frozen=True, slots=True)
class Apply:
    """A function and its arguments."""

    function: FormulaFunction
    arguments: tuple[Typed, ...]
    shape: Shape


Typed: TypeAlias = Constant | Failure | Read | Apply


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression in SQL, which never raises an error.

    value: null where the expression fails, and where it has no value. fails: true or false, never
    null; None if it cannot fail.
    """

    shape: Shape
    value: ColumnElement[Any]
    fails: ColumnElement[bool] | None = None

    @property
    def kind(self) -> Kind:
        """The kind of its value."""
        return self.shape.kind


class FormulaFunction(Protocol):
    """What check and both evaluators ask of a function; see functions/function.py."""

    @property
    def name(self) -> str:
        """Its name, in capitals, or its sign."""
        ...

    @property
    def is_steady(self) -> bool:
        """Whether equal arguments always give an equal value."""
        ...

    @property
    def reads_constants(self) -> bool:
        """Whether its form or shape hangs on the value of an argument that is a constant."""
        ...

    def choose(self, arguments: Sequence[Typed]) -> FormulaFunction:
        """Give the form of it that takes arguments of these kinds. Raises Misused."""
        ...

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        """Give the arguments as it takes them."""
        ...

    def shape(self, arguments: Sequence[Typed]) -> Shape:
        """Give what is known of its value. Raises Misused."""
        ...

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        """Give its value. Raises Failed."""
        ...

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        """Give its SQL."""
        ...


class Misused(Exception):
    """Arguments that a function does not take. place: which one; None for their number."""

    def __init__(self, message: str, *, place: int | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint
