"""Which fields a plan filters and sorts by: those that an indexed slot would serve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from fieldstone.ids import FieldId
from fieldstone.query_language.operands import told_apart
from fieldstone.query_language.plan import (
    Against,
    Every,
    FieldRef,
    Holds,
    InRows,
    Negation,
    NullTest,
    OneOf,
    Pattern,
    Plan,
    PlanCondition,
    Ref,
    Some,
    SortKey,
    Test,
    Within,
)


@dataclass(frozen=True, slots=True)
class UsedFields:
    """The fields of a plan that have or could have a slot, each once."""

    filtered: frozenset[FieldId] = frozenset()
    sorted: frozenset[FieldId] = frozenset()


def used_fields(plan: Plan) -> UsedFields:
    """Give the fields that a plan and its subqueries filter by, and those that it sorts by.

    A slot serves nothing that is asked of the past.
    """
    if plan.rows.as_of is not None:
        return UsedFields()
    return UsedFields(
        filtered=frozenset(_served(_compared(plan.rows.where))),
        sorted=frozenset(_served(_sorted(plan.order_by))),
    )


def _served(refs: Iterator[Ref]) -> Iterator[FieldId]:
    for ref in refs:
        if isinstance(ref, FieldRef) and not ref.exact and _may_have_slot(ref):
            yield ref.field.id


def _may_have_slot(ref: FieldRef) -> bool:
    field = ref.field
    return not field.is_system and field.type.slot is not None and ref.computed is None


def _sorted(keys: tuple[SortKey, ...]) -> Iterator[Ref]:
    return (key.left for key in keys)


def _compared(condition: PlanCondition | None) -> Iterator[Ref]:
    match condition:
        case None:
            return
        case Test(left) | NullTest(left) | OneOf(left) | Within(left) | Pattern(left):
            yield left
        case Holds(left):
            yield left
        case Against():
            return  # no index tells which of two values is larger
        case InRows(left, right, rows):
            # What is compared by its JSON because the other has no slot would be served by one.
            inner = rows.as_of is None
            known = (left, right) if inner else (left,)
            yield from (told_apart(replace(ref, exact=False)) for ref in known)
            yield from _compared(rows.where if inner else None)
        case Every(tests) | Some(tests):
            for test in tests:
                yield from _compared(test)
        case Negation(test):
            yield from _compared(test)
        case _:
            assert_never(condition)
