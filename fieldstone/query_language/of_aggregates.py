"""Expressions over aggregates, such as SUM(value) / COUNT(id): the value of a group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from fieldstone.errors import Span
from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.query_language.constants import names_constant, parts_of
from fieldstone.query_language.errors import BadQuery, TypeMismatch, UnknownFunction
from fieldstone.query_language.expressions import Constants, made_field, made_ref
from fieldstone.query_language.formula import errors as formula_errors
from fieldstone.query_language.formula.check import applied, check
from fieldstone.query_language.formula.object_fields import no_look_up
from fieldstone.query_language.formula.record_scope import FieldPath, shape_of
from fieldstone.query_language.formula.typed import (
    Apply,
    FormulaFunction,
    MomentValue,
    Read,
    Shape,
    Typed,
)
from fieldstone.query_language.functions.currencyrate import CurrencyRate
from fieldstone.query_language.functions.look_up import LookUp
from fieldstone.query_language.functions.registry import FUNCTIONS
from fieldstone.query_language.plan import AggregateRef, FieldRef, Parameter
from fieldstone.query_language.shaping import shaped
from fieldstone.query_language.syntax import (
    Aggregate,
    AggregateFunction,
    Call,
    Expression,
    Operation,
    Path,
)

_COUNTED: Final = Shape(Kind.NUMBER, 19)
_ENDS: Final = (AggregateFunction.MIN, AggregateFunction.MAX)
_ROWS_DIGITS: Final = 19
_QUOTIENT_PLACES: Final = 40
_PLACE: Final = "$aggregate"


@dataclass(frozen=True, slots=True)
class Parts:
    """What gives the aggregates of an expression, the constants that were lifted, and rates.

    outside: gives what a name with a dollar means. moment: gives the parameter that takes what is
    known of moment and viewer.
    """

    aggregate: Callable[[Aggregate], AggregateRef]
    constant: Constants
    rates: Callable[[], Mapping[str, Decimal]]
    outside: Callable[[Path], Typed]
    moment: Callable[[object], Parameter]


def has_aggregates(written: Expression) -> bool:
    """Tell whether an expression is made of aggregates."""
    return any(isinstance(part, Aggregate) for part in parts_of(written))


def of_aggregates(
    written: Aggregate | Call | Operation, number: int, obj: ObjectDef, parts: Parts
) -> FieldRef:
    """Give the value of an expression over aggregates, as a field made for it.

    number: unique among the fields made for a query. Raises BadQuery, TypeMismatch and
    UnknownFunction.
    """
    found: list[AggregateRef] = []
    try:
        typed = check(_without_aggregates(written, found, parts), _Scope(tuple(found), parts))
    except formula_errors.UnknownFunction as error:
        problem = error.problem
        raise UnknownFunction(problem.message, at=problem.at, hint=problem.hint) from None
    except (
        formula_errors.BadFormula,
        formula_errors.WrongArguments,
        formula_errors.FormulaTooLarge,
    ) as error:
        problem = error.problem
        raise TypeMismatch(problem.message, at=problem.at, hint=problem.hint) from None
    field = made_field(number, f"expression {number}", typed.shape, obj)
    return made_ref(0, field, _at_the_moment(typed, parts))


def _at_the_moment(typed: Typed, parts: Parts) -> Typed:
    """Give an expression with parameters for what is known of moment and viewer."""
    match typed:
        case Read(MomentValue() as source):
            return Read(parts.moment(source), typed.shape)
        case Apply(_, arguments):
            return replace(typed, arguments=tuple(_at_the_moment(one, parts) for one in arguments))
        case _:
            return typed


def aggregates_in(expression: Typed | None) -> list[AggregateRef]:
    """Give the aggregates that a calculated value reads."""
    match expression:
        case Read(AggregateRef() as ref):
            return [ref]
        case None:
            return []
        case _:
            parts: tuple[Typed, ...] = getattr(expression, "arguments", ())
            return [ref for part in parts for ref in aggregates_in(part)]


@dataclass(frozen=True, slots=True)
class _Scope:
    """Names that stand for aggregates and constants, and no others."""

    refs: tuple[AggregateRef, ...]
    parts: Parts

    @property
    def functions(self) -> Mapping[str, FormulaFunction]:
        """All functions."""
        return FUNCTIONS

    def read(self, path: Path) -> Typed:
        """Give the aggregate that a name stands for. Raises BadQuery."""
        if names_constant(path):
            return self.parts.constant(path)
        if path.names[0] != _PLACE and path.names[0].startswith("$"):
            return self.parts.outside(path)
        if path.names[0] != _PLACE:
            raise BadQuery(
                f"{path.text[:80]} stands beside an aggregate, where only aggregates do.",
                at=path.span,
                hint=f"Write MIN({path.text[:80]}).",
            )
        ref = self.refs[int(path.names[1])]
        return Read(ref, _shape_of(ref))

    def look_up(self, result: Path, key: Path, at: Span) -> LookUp:
        """Refuse VLOOKUP. Raises WrongArguments."""
        raise no_look_up(at)

    def special(self, name: str, arguments: Sequence[Typed], at: Span) -> Typed | None:
        """Give what CURRENCYRATE, FORMAT and its like mean. Raises WrongArguments."""
        if name == CurrencyRate.name:
            return applied(CurrencyRate(self.parts.rates()), arguments, at, name)
        return shaped(name, arguments, at)


def _without_aggregates(written: Expression, found: list[AggregateRef], known: Parts) -> Expression:
    match written:
        case Aggregate():
            found.append(known.aggregate(written))
            return Path((_PLACE, str(len(found) - 1)), written.span)
        case Call(_, parts):
            inner = tuple(_without_aggregates(part, found, known) for part in parts)
            return replace(written, arguments=inner)
        case Operation(_, parts):
            inner = tuple(_without_aggregates(part, found, known) for part in parts)
            return replace(written, operands=inner)
        case _:
            return written


def _shape_of(ref: AggregateRef) -> Shape:
    argument = ref.argument
    sums = (AggregateFunction.SUM, AggregateFunction.AVG)
    if argument is None or ref.function not in (*sums, *_ENDS):
        return _COUNTED
    if argument.computed is not None:
        shape = argument.computed.shape
    else:
        shape = shape_of(FieldPath((), argument.field))
    if ref.function in _ENDS or not shape.kind.is_number:
        return shape
    places = _QUOTIENT_PLACES if ref.function is AggregateFunction.AVG else 0
    return Shape(shape.kind, shape.digits + _ROWS_DIGITS, max(shape.places, places))
