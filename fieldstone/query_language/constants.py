"""Constants within expressions of a query: which of them a plan need not know.

A constant that is lifted has a name in the expression, which no text can give: `?` and its number
among the literals. What is the same for every record is worked out beforehand and is one constant,
such as DATE(2026, 1, 1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fieldstone.errors import FieldstoneError, Span
from fieldstone.metadata.calculation import Kind
from fieldstone.query_language.formula.check import check, constant
from fieldstone.query_language.formula.errors import UnknownName
from fieldstone.query_language.formula.object_fields import no_look_up
from fieldstone.query_language.formula.typed import Constant, FormulaFunction, Typed
from fieldstone.query_language.functions.look_up import LookUp
from fieldstone.query_language.functions.registry import FUNCTIONS
from fieldstone.query_language.syntax import (
    Aggregate,
    Bind,
    Call,
    Expression,
    Operation,
    Path,
    Value,
)

_SIGN: Final = "?"
_DOLLAR: Final = "$"
_LIFTED: Final = frozenset(
    {Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.PLACE}
)
"""Kinds of constants whose value changes no SQL; of truth there are but two."""


def name_of_constant(number: int) -> Path:
    """Give the name of a literal that was lifted. number: among the literals of the query."""
    return Path((_SIGN, str(number)))


def names_constant(path: Path) -> bool:
    """Tell whether a path is such a name."""
    return path.names[0] == _SIGN


def number_named(path: Path) -> int:
    """Give the number behind such a name."""
    return int(path.names[1])


def reads_constants(node: Call | Operation) -> bool:
    """Tell whether a function looks at the values of constants; one that is not known may."""
    if isinstance(node, Operation):
        return False
    function = FUNCTIONS.get(node.name.upper())
    return function is None or function.reads_constants


def is_constant(written: Expression) -> bool:
    """Tell whether an expression is the same for every record."""
    match written:
        case Call(name, arguments):
            function = FUNCTIONS.get(name.upper())
            steady = function is not None and function.is_steady
            return steady and bool(arguments) and all(is_constant(part) for part in arguments)
        case Operation(_, operands):
            return all(is_constant(part) for part in operands)
        case Path() | Aggregate():
            return False
        case _:
            return True


def names_no_record(written: Expression) -> bool:
    """Tell whether an expression is the same for every record because it asks none of them.

    It is made of constants, of what is known of moment and viewer, and of names with a dollar.
    """
    return not any(
        isinstance(part, Aggregate)
        or (isinstance(part, Path) and not part.names[0].startswith((_SIGN, _DOLLAR)))
        for part in parts_of(written)
    )


def constant_of(written: Expression) -> Constant | None:
    """Give the constant that an expression without names is; None for one that a plan must know.

    It then is none of a formula, fails, is blank, or of a kind of few values.
    """
    try:
        if isinstance(written, Call | Operation):
            found = check(written, _NO_NAMES)
        else:
            found = constant(written)
    except FieldstoneError:
        return None
    return found if isinstance(found, Constant) and may_be_lifted(found) else None


def may_be_lifted(constant: Constant) -> bool:
    """Tell whether SQL is the same for all constants of one shape."""
    return constant.value is not None and constant.shape.kind in _LIFTED


@dataclass(frozen=True, slots=True)
class _NoNames:
    """The scope of an expression that names nothing."""

    @property
    def functions(self) -> Mapping[str, FormulaFunction]:
        """All functions."""
        return FUNCTIONS

    def read(self, path: Path) -> Typed:
        """Refuse a name. Raises UnknownName."""
        raise UnknownName(f"There is no {path.text[:80]}.", at=path.span)

    def look_up(self, result: Path, key: Path, at: Span) -> LookUp:
        """Refuse VLOOKUP. Raises WrongArguments."""
        raise no_look_up(at)

    def special(self, name: str, arguments: Sequence[Typed], at: Span) -> Typed | None:
        """Give nothing: what has a special meaning is not worked out beforehand."""
        return None


_NO_NAMES: Final = _NoNames()


def with_values(written: Expression, values: Mapping[object, Value | Path]) -> Expression:
    """Give an expression with what stands for its parts. values: under the identity of each."""
    found = values.get(id(written))
    if found is not None:
        return found
    match written:
        case Call(_, arguments):
            return replace(
                written, arguments=tuple(with_values(part, values) for part in arguments)
            )
        case Operation(_, operands):
            return replace(written, operands=tuple(with_values(one, values) for one in operands))
        case _:
            return written


def binds_in(written: Expression) -> Iterator[Bind]:
    """Yield the binds of an expression."""
    return (part for part in parts_of(written) if isinstance(part, Bind))


def parts_of(written: Expression) -> Iterator[Expression]:
    """Yield an expression and all that it is made of."""
    yield written
    if isinstance(written, Call):
        for part in written.arguments:
            yield from parts_of(part)
    elif isinstance(written, Operation):
        for part in written.operands:
            yield from parts_of(part)
