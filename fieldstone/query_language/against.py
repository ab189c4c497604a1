"""Comparisons of two expressions: field against field, or against what is worked out from fields.

Two fields of one type are compared as they are stored, all else as values of formulas: a percent
is then a share of one. Case does not count, and of an instant that a day is compared with, the
viewer's day does.
"""

from __future__ import annotations

from typing import Protocol

from fieldstone.metadata.calculation import Kind
from fieldstone.query_language.errors import TypeMismatch, UnknownField
from fieldstone.query_language.functions.equal import are_alike
from fieldstone.query_language.operands import in_one_form
from fieldstone.query_language.plan import Against, AggregateRef, FieldRef, Ref
from fieldstone.query_language.syntax import (
    AggregateFunction,
    Call,
    Comparison,
    Operand,
    Operator,
    Path,
)

_ENDS = (AggregateFunction.MIN, AggregateFunction.MAX)
_EQUALITIES = (Operator.EQUAL, Operator.NOT_EQUAL)
_UNCOMPARED = frozenset({Kind.CHOICES, Kind.PLACE})


class Names(Protocol):
    """What a comparison asks of the query it stands in."""

    def bind(self, operand: Operand) -> Ref:
        """Give what an operand means."""
        ...

    def calculated(self, operand: Operand) -> FieldRef:
        """Give what an operand means as a calculated value. Raises TypeMismatch."""
        ...


def resolve_against(comparison: Comparison, right: Operand, names: Names) -> Against:
    """Give the plan of a comparison of two expressions. Raises UnknownField, TypeMismatch."""
    written = [comparison.left, right]
    refs = [names.bind(comparison.left), _bound_right(right, names)]
    kinds = [_kind_of(ref) for ref in refs]
    if None not in kinds and set(kinds) == {Kind.DATE, Kind.DATETIME}:
        place = kinds.index(Kind.DATETIME)
        written[place] = _viewers_day(written[place])
        refs[place] = names.calculated(written[place])
        kinds[place] = Kind.DATE
    _check_kinds(comparison, kinds)
    left, other = _in_one_form(refs, kinds, written, names)
    return Against(left, comparison.operator, other)


def _bound_right(right: Operand, names: Names) -> Ref:
    try:
        return names.bind(right)
    except UnknownField as error:
        if not isinstance(right, Path) or len(right.names) > 1:
            raise
        problem = error.problem
        quoted = f"Text stands in single quotes: '{right.text[:80]}'."
        hint = quoted if problem.hint is None else f"{problem.hint} {quoted}"
        raise UnknownField(problem.message, at=problem.at, hint=hint) from None


def _viewers_day(operand: Operand) -> Operand:
    """Give the day of an instant as the viewer's clocks show it."""
    local = Call("CONVERTTIMEZONE", (operand,), operand.span)
    return Call("DAY_ONLY", (local,), operand.span)


def _kind_of(ref: Ref) -> Kind | None:
    """Give the kind of an operand's values; None for those of which formulas know nothing."""
    if isinstance(ref, AggregateRef):
        if ref.argument is None or ref.function not in _ENDS:
            return Kind.NUMBER
        return _kind_of(ref.argument)
    calculation = ref.field.type.calculation
    return None if calculation is None else calculation.kind


def _check_kinds(comparison: Comparison, kinds: list[Kind | None]) -> None:
    left, right = kinds
    if left is None or right is None or {left, right} & _UNCOMPARED or not are_alike(left, right):
        known = [str(kind or "value of many parts") for kind in kinds]
        raise TypeMismatch(
            f"A {known[0]} is not compared with a {known[1]}.",
            at=comparison.span,
            hint="TEXT, VALUE and DATEVALUE make one kind of another.",
        )
    if left is Kind.BOOLEAN and comparison.operator not in _EQUALITIES:
        raise TypeMismatch("True and false have no order.", at=comparison.span, hint="Use =.")


def _in_one_form(
    refs: list[Ref], kinds: list[Kind | None], written: list[Operand], names: Names
) -> tuple[Ref, Ref]:
    """Give both operands in forms of SQL that can be compared."""
    left, right = refs
    if any(isinstance(ref, AggregateRef) for ref in refs):
        if all(kind is not None and kind.is_number for kind in kinds):
            return left, right
        return names.calculated(written[0]), names.calculated(written[1])
    assert isinstance(left, FieldRef)
    assert isinstance(right, FieldRef)
    if _are_stored_alike(left, right):
        return in_one_form(left, right)
    return names.calculated(written[0]), names.calculated(written[1])


def _are_stored_alike(left: FieldRef, right: FieldRef) -> bool:
    if left.computed is not None or right.computed is not None:
        return False
    one, other = left.field.type, right.field.type
    both_refer = bool(left.field.references) and bool(right.field.references)
    return one.slot is not None and (one is other or (both_refer and one.slot is other.slot))
