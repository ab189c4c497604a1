"""What every function and operator answers. A new one is a module and a line in the registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, case, func, not_

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.once import once
from fieldstone.query_language.formula.sql_values import any_of, blank_of, blank_sql
from fieldstone.query_language.formula.typed import (
    Compiled,
    Constant,
    Misused,
    Shape,
    Thunk,
    Typed,
)

ANY: Final = frozenset(Kind)
NUMBER: Final = frozenset({Kind.NUMBER, Kind.CURRENCY, Kind.PERCENT})
TEXT: Final = frozenset({Kind.TEXT, Kind.CHOICE, Kind.ID})
BOOLEAN: Final = frozenset({Kind.BOOLEAN})
DATE: Final = frozenset({Kind.DATE})
DATETIME: Final = frozenset({Kind.DATETIME})
TIME: Final = frozenset({Kind.TIME})
DATES: Final = DATE | DATETIME
PLACE: Final = frozenset({Kind.PLACE})


class Category(StrEnum):
    """Under which heading of the reference a function stands."""

    OPERATOR = "Operators"
    LOGIC = "Logic"
    TEXT = "Text"
    MATH = "Numbers"
    DATE = "Dates and times"
    RECORD = "Records"


@dataclass(frozen=True, slots=True)
class Takes:
    """A parameter: its name in the signature, the kinds it takes, and whether it may be left out.

    repeats: whether the last one may stand any number of times.
    """

    name: str
    kinds: frozenset[Kind]
    optional: bool = False
    repeats: bool = False


class Function(ABC):
    """One function of formulas; the first line of its docstring says what it gives.

    name: in capitals, or the sign of an operator. takes: its parameters in order. examples: pairs
    of a formula without fields and its value, as text; they stand in the reference and are tested.
    is_steady: whether it may be worked out once, where its arguments are constants.
    reads_constants: whether its form or its shape hangs on the value of such an argument.
    """

    name: ClassVar[str]
    category: ClassVar[Category]
    takes: ClassVar[tuple[Takes, ...]] = ()
    examples: ClassVar[tuple[tuple[str, str], ...]] = ()
    is_steady: ClassVar[bool] = True
    reads_constants: ClassVar[bool] = False

    def choose(self, arguments: Sequence[Typed]) -> Function:
        """Give the form of it that takes arguments of these kinds. Raises Misused."""
        return self

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        """Give the arguments as it takes them: NULL as the blank of a kind. Raises nothing."""
        return [
            as_kind(argument, _first_kind(self.takes, place))
            for place, argument in enumerate(arguments)
        ]

    def shape(self, arguments: Sequence[Typed]) -> Shape:
        """Give what is known of its value. Raises Misused."""
        check_arguments(self.takes, arguments)
        return self.result([argument.shape for argument in arguments])

    @abstractmethod
    def result(self, shapes: Sequence[Shape]) -> Shape:
        """Give what is known of its value, of arguments whose kinds it takes. Raises Misused."""

    @abstractmethod
    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        """Give its value. Raises Failed."""

    @abstractmethod
    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        """Give its SQL."""


class Plain(Function):
    """A function whose value follows from those of its arguments, all of them.

    It has no value (an empty text, false) where one of its arguments has none, and it fails where
    one of them fails. Its three methods take what `takes` says, in order. repeats: whether its SQL
    names an argument more than once.
    """

    repeats: ClassVar[bool] = False

    # *_: Any, **__: Any lets a subclass name its own parameters; nothing is passed by keyword.
    @abstractmethod
    def value(self, *_: Any, **__: Any) -> Value:
        """Give the value of arguments that are all there. Raises Failed."""

    @abstractmethod
    def sql(self, *_: Any, **__: Any) -> ColumnElement[Any]:
        """Give the same in SQL, null where an argument is null; asked only where wrong is false."""

    def wrong(self, *_: Any, **__: Any) -> ColumnElement[bool] | None:
        """Give the test for arguments on which it fails by itself; None if there are none."""
        return None

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        values = [argument() for argument in arguments]
        if any(value is None for value in values):
            return blank_of(shape.kind)
        return self.value(*values)

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        parts = [argument.value for argument in arguments]
        wrong = self.wrong(*parts)
        if wrong is not None:
            found = once(parts, self._guarded)
            wrong = func.coalesce(wrong, constant_false())
        else:
            found = once(parts, self.sql) if self.repeats else self.sql(*parts)
        fails = any_of([wrong, *(argument.fails for argument in arguments)])
        if shape.kind.is_never_null and any(not one.kind.is_never_null for one in arguments):
            found = unless_failed(fails, func.coalesce(found, blank_sql(shape.kind)))
        return Compiled(shape, found, fails)

    def _guarded(self, *parts: ColumnElement[Any]) -> ColumnElement[Any]:
        wrong = self.wrong(*parts)
        assert wrong is not None
        # Null where an argument is null: then it has no value rather than a wrong one.
        return case((not_(wrong), self.sql(*parts)))


class Overloaded(Function):
    """A function that does different things to arguments of different kinds.

    forms: what it may be, the first that takes the arguments.
    """

    forms: ClassVar[tuple[Function, ...]]

    def choose(self, arguments: Sequence[Typed]) -> Function:
        for form in self.forms:
            try:
                check_arguments(form.takes, arguments)
            except Misused:
                continue
            return form
        kinds = " and ".join(_a(argument.shape.kind) for argument in arguments)
        raise Misused(f"cannot be put to {kinds}.", hint=_hint(arguments))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        raise AssertionError("a form has been chosen")

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        raise AssertionError("a form has been chosen")

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        raise AssertionError("a form has been chosen")


def _hint(arguments: Sequence[Typed]) -> str | None:
    kinds = [argument.shape.kind for argument in arguments]
    if any(kind.is_text for kind in kinds) and not all(kind.is_text for kind in kinds):
        return "TEXT makes a text of a value, VALUE a number and DATEVALUE a date of a text."
    return None


def constant_false() -> ColumnElement[bool]:
    """Give false."""
    return blank_sql(Kind.BOOLEAN)


def unless_failed(
    fails: ColumnElement[bool] | None, value: ColumnElement[Any]
) -> ColumnElement[Any]:
    """Give a value that is null where its arguments fail, although it would not be by itself."""
    return value if fails is None else case((not_(fails), value))


def check_arguments(takes: Sequence[Takes], arguments: Sequence[Typed]) -> None:
    """Refuse a wrong number of arguments, or kinds that are not taken. Raises Misused."""
    fewest = sum(not one.optional for one in takes)
    endless = bool(takes) and takes[-1].repeats
    if len(arguments) < fewest or (len(arguments) > len(takes) and not endless):
        raise Misused(_counted(fewest, None if endless else len(takes), len(arguments)))
    for place, argument in enumerate(arguments):
        one = takes[min(place, len(takes) - 1)]
        kind = argument.shape.kind
        if kind not in one.kinds and kind is not Kind.NOTHING:
            wanted = " or ".join(sorted({str(kind) for kind in _told(one.kinds)}))
            raise Misused(f"{one.name} is {_a(kind)}, and must be {wanted}.", place=place)


_USUAL: Final = (Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME)


def _first_kind(takes: Sequence[Takes], place: int) -> Kind:
    """Give the kind that NULL has as an argument."""
    if not takes:
        return Kind.NOTHING
    kinds = takes[min(place, len(takes) - 1)].kinds
    return next((kind for kind in (*_USUAL, *Kind) if kind in kinds), Kind.NOTHING)


def _told(kinds: frozenset[Kind]) -> frozenset[Kind]:
    """Give the kinds that an error names: one for those that are taken alike."""
    if kinds >= NUMBER:
        kinds = (kinds - NUMBER) | {Kind.NUMBER}
    return (kinds - TEXT) | {Kind.TEXT} if kinds >= TEXT else kinds


def _a(kind: Kind) -> str:
    return f"an {kind}" if kind is Kind.ID else f"a {kind}"


def _counted(fewest: int, most: int | None, found: int) -> str:
    if most is None:
        wanted = f"at least {fewest}"
    elif fewest == most:
        wanted = str(fewest)
    else:
        wanted = f"{fewest} to {most}"
    plural = "" if wanted == "1" else "s"
    return f"takes {wanted} argument{plural} and has {found}."


def as_kind(argument: Typed, kind: Kind) -> Typed:
    """Give an argument as a function takes it: NULL becomes the blank of the kind."""
    if argument.shape.kind is not Kind.NOTHING:
        return argument
    return Constant(blank_of(kind), Shape(kind))
