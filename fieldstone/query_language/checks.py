"""What goes with what in a query: clauses, aggregates and sort keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from fieldstone.errors import Span
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.field_type import Operator as TypeOperator
from fieldstone.metadata.slots import SlotKind
from fieldstone.query_language.errors import NotSupported, TypeMismatch
from fieldstone.query_language.operands import slot_is_exact, told_apart, uses_slot
from fieldstone.query_language.plan import (
    AggregateRef,
    Every,
    FieldRef,
    Holds,
    OneOf,
    Pattern,
    PlanCondition,
    Ref,
    SortKey,
    Test,
    Within,
)
from fieldstone.query_language.scopes import check_scope
from fieldstone.query_language.syntax import (
    AccessMode,
    AggregateFunction,
    NullsPlace,
    Operator,
    Order,
    Query,
)

_SUMS: Final = (AggregateFunction.SUM, AggregateFunction.AVG)
_ENDS: Final = (AggregateFunction.MIN, AggregateFunction.MAX)
_COUNTS: Final = (
    AggregateFunction.COUNT,
    AggregateFunction.COUNT_DISTINCT,
    AggregateFunction.GROUPING,
)
_ALWAYS_THERE: Final = frozenset({"id", "created_at", "updated_at", "version"})


def check_clauses(query: Query) -> None:
    """Refuse the clauses that are read and not answered. Raises NotSupported."""
    check_scope(query)
    for clause in query.with_clauses:
        if not isinstance(clause, AccessMode):
            raise NotSupported("This WITH clause is not answered.", at=clause.span)


def check_comparable(field: Field, at: Span, done: str) -> None:
    """Refuse a field whose values cannot be told apart or ordered. Raises TypeMismatch."""
    operators = field.type.operators
    if field.encryption is not None:
        hint = "It can be compared with null"
        equal = " and with equal values." if TypeOperator.EQUAL in operators else " alone."
        message = f"{field.label} is encrypted and cannot be {done}."
        raise TypeMismatch(message, at=at, hint=hint + equal)
    if TypeOperator.EQUAL not in operators or TypeOperator.INCLUDES in operators:
        raise TypeMismatch(
            f"{field.label} is a field of the type {field.type.label}, which cannot be {done}.",
            at=at,
        )


def check_same_values(left: Field, right: Field, at: Span) -> None:
    """Refuse to look for the values of a field among those of another type. Raises TypeMismatch."""
    kind = left.type.slot
    both_refer = kind is right.type.slot is SlotKind.REFERENCE
    if kind is None or not (left.type is right.type or both_refer):
        raise TypeMismatch(
            f"{left.label} is a {left.type.label} and {right.label} a {right.type.label}: "
            "they cannot be compared.",
            at=at,
            hint="Name two fields of one type, or two references.",
        )


def check_aggregate(function: AggregateFunction, field: Field, at: Span) -> None:
    """Refuse the sum of what is no number, and the like. Raises TypeMismatch."""
    operators = field.type.operators
    fits = True
    if function in _SUMS:
        fits = field.type.slot is SlotKind.NUMBER
    elif function in _ENDS:
        fits = TypeOperator.LESS in operators
    elif function is AggregateFunction.COUNT_DISTINCT:
        fits = TypeOperator.EQUAL in operators
    if not fits:
        raise TypeMismatch(
            f"{field.label} is a field of the type {field.type.label}, which has no {function}.",
            at=at,
        )


def aggregated(function: AggregateFunction, ref: FieldRef) -> FieldRef:
    """Give a field as an aggregate takes it.

    Long texts and numbers of many digits are told apart and summed by their JSON, and of dates the
    first and the last are shown, which the JSON says as callers see it.
    """
    is_date = function in _ENDS and ref.field.type.slot is SlotKind.TIME
    if is_date and ref.field.column is None:
        return replace(ref, exact=True)
    return told_apart(ref)


def in_group(field: Field, name: str) -> bool:
    """Tell whether a field belongs to FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""
    custom = field.package is None and not field.is_system
    return name == "ALL" or custom == (name == "CUSTOM")


def sort_keys(order: Order, left: Ref, where: PlanCondition | None) -> tuple[SortKey, ...]:
    """Give the sort keys of an order; rows without a value come first unless it says otherwise.

    Behind a slot that is too short for the digits of a number the number itself decides.
    """
    if isinstance(left, FieldRef):
        check_comparable(left.field, order.expression.span, "sorted")
    key = SortKey(
        left,
        order.descending,
        nulls_first=order.nulls is not NullsPlace.LAST,
        nullable=_is_nullable(left, where),
    )
    if isinstance(left, AggregateRef) or not uses_slot(left) or slot_is_exact(left):
        return (key,)
    return key, replace(key, left=replace(left, exact=True))


def _is_nullable(left: Ref, where: PlanCondition | None) -> bool:
    if isinstance(left, AggregateRef):
        return left.function not in _COUNTS
    if left.source == 0 and left.field.column in _ALWAYS_THERE:
        return False
    return left not in list(_valued(where))


def _valued(condition: PlanCondition | None) -> Iterator[FieldRef]:
    """Yield the fields that have a value wherever a condition holds."""
    match condition:
        case Every(tests):
            for test in tests:
                yield from _valued(test)
        case Test(FieldRef() as left, operator) if operator is not Operator.NOT_EQUAL:
            yield replace(left, exact=False)
        case OneOf(FieldRef() as left) | Within(FieldRef() as left) | Pattern(FieldRef() as left):
            yield replace(left, exact=False)
        case Holds(left):
            yield left
        case _:
            return
