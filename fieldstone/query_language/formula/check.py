"""A formula's syntax tree to a typed expression: names bound, kinds inferred and checked.

Entry point: `check(expression, scope)`. Raises UnknownName, UnknownFunction, WrongArguments or
FormulaTooLarge, each at its place in the text. What has the same value for every record becomes a
constant, so that PostgreSQL, which works such parts out beforehand, meets no error in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from fieldstone.errors import Span
from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.names import suggestion
from fieldstone.query_language.formula.elsewhere import refuse_elsewhere
from fieldstone.query_language.formula.errors import (
    BadFormula,
    FormulaTooLarge,
    UnknownFunction,
    WrongArguments,
)
from fieldstone.query_language.formula.evaluate import evaluate
from fieldstone.query_language.formula.sizes import shape_of_number
from fieldstone.query_language.formula.typed import (
    Apply,
    Constant,
    Failed,
    Failure,
    FormulaFunction,
    Misused,
    Shape,
    Typed,
)
from fieldstone.query_language.functions.look_up import NAME as VLOOKUP
from fieldstone.query_language.functions.look_up import LookUp
from fieldstone.query_language.syntax import (
    Boolean,
    Call,
    DateTimeValue,
    DateValue,
    Expression,
    Null,
    Number,
    Operation,
    Path,
    Sign,
    Text,
)

MAX_NODES: Final = 5_000
_NEGATIVE: Final = "NEGATIVE"
"""The sign in front of a number among the functions; nobody can call it by this name."""


class Scope(Protocol):
    """What the names of a formula mean where it stands."""

    @property
    def functions(self) -> Mapping[str, FormulaFunction]:
        """The functions that may be called, by name."""
        ...

    def read(self, path: Path) -> Typed:
        """Give what a dotted name means. Raises UnknownName."""
        ...

    def special(self, name: str, arguments: Sequence[Typed], at: Span) -> Typed | None:
        """Give what a function means that only some formulas have; None for all others."""
        ...

    def look_up(self, result: Path, key: Path, at: Span) -> LookUp:
        """Give VLOOKUP of two fields. Raises UnknownName, WrongArguments."""
        ...


def check(expression: Expression, scope: Scope) -> Typed:
    """Give the typed form of an expression."""
    return _Check(scope).typed(expression)


class _Check:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._nodes = 0

    def typed(self, expression: Expression) -> Typed:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise FormulaTooLarge(f"The formula has more than {MAX_NODES} parts.")
        match expression:
            case Path():
                return self._scope.read(expression)
            case Call(name, arguments, span) if name.upper() == VLOOKUP:
                return self._looked_up(arguments, span)
            case Call(name, arguments, span):
                refuse_elsewhere(name, span)
                known = [self.typed(part) for part in arguments]
                special = self._scope.special(name.upper(), known, span)
                if special is not None:
                    return special
                function = self._function(name, span)
                return applied(function, known, span, name.upper(), arguments)
            case Operation(sign, operands, span):
                function = self._scope.functions[_name_of(sign, operands)]
                known = [self.typed(part) for part in operands]
                return applied(function, known, span, f"{sign}", operands)
            case _:
                return constant(expression)

    def _looked_up(self, arguments: Sequence[Expression], at: Span) -> Typed:
        match arguments:
            case [Path() as result, Path() as key, value]:
                function = self._scope.look_up(result, key, at)
                return applied(function, [self.typed(value)], at, VLOOKUP, [value])
            case _:
                raise WrongArguments(
                    f"{VLOOKUP} takes a field to give, a field to look in, and a value.",
                    at=at,
                    hint="Write VLOOKUP($ObjectType.Region.Fields.manager, "
                    "$ObjectType.Region.Fields.name, state).",
                )

    def _function(self, name: str, at: Span) -> FormulaFunction:
        wanted = name.upper()
        found = None if wanted == _NEGATIVE else self._scope.functions.get(wanted)
        if found is None:
            known = (one for one in self._scope.functions if one[0].isalpha() and one != _NEGATIVE)
            hint = suggestion(wanted, known)
            raise UnknownFunction(f"There is no function {name[:80]}.", at=at, hint=hint)
        return found


def applied(
    function: FormulaFunction,
    found: Sequence[Typed],
    at: Span,
    name: str,
    parts: Sequence[Expression] = (),
) -> Typed:
    """Give a function of arguments, whose places in the text are those of parts, if there are any.

    Raises WrongArguments.
    """
    try:
        function = function.choose(found)
        arguments = tuple(function.adapt(found))
        shape = function.shape(arguments)
    except Misused as wrong:
        if wrong.place is not None and parts:
            at = parts[wrong.place].span
        raise WrongArguments(f"{name}: {wrong.message}", at=at, hint=wrong.hint) from None
    if shape.kind is Kind.NOTHING:
        return Constant(None, shape)  # a choice between NULL and NULL, which fits any kind
    return folded(Apply(function, arguments, shape))


def folded(found: Apply) -> Typed:
    """Give a constant in place of what has the same value for every record."""
    if not found.function.is_steady or not all(
        isinstance(argument, Constant | Failure) for argument in found.arguments
    ):
        return found
    try:
        value = evaluate(found, _nothing)
    except Failed as failure:
        return Failure(str(failure), found.shape)
    return Constant(value, found.shape)


def _nothing(source: object) -> Value:
    raise AssertionError(source)


def _name_of(sign: Sign, operands: Sequence[Expression]) -> str:
    return _NEGATIVE if sign is Sign.SUBTRACT and len(operands) == 1 else sign.value


def constant(expression: Expression) -> Constant:
    """Give the value that a literal is in a formula. Raises BadFormula for one that is none."""
    match expression:
        case Text():
            return Constant(expression.value, Shape(Kind.TEXT))
        case Number(value):
            return Constant(value, shape_of_number(value))
        case Boolean(value):
            return Constant(value, Shape(Kind.BOOLEAN))
        case Null():
            return Constant(None, Shape(Kind.NOTHING))
        case DateValue(value):
            return Constant(value, Shape(Kind.DATE))
        case DateTimeValue(value):
            return Constant(value.replace(tzinfo=None), Shape(Kind.DATETIME))
        case _:
            raise BadFormula("This cannot stand in a formula.", at=expression.span)
