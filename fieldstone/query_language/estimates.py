"""What is known of how PostgreSQL will find the rows of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, bindparam, func, or_

from fieldstone.ids import FieldId
from fieldstone.metadata.record_access import Breadth
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.tables import OWN_HEAP_PREFIX
from fieldstone.query_language.joined_sources import operands
from fieldstone.query_language.operands import uses_slot
from fieldstone.query_language.plan import FieldRef, Plan, Ref, Rows
from fieldstone.query_language.used_fields import equal_fields

_KNOWN: Final = "values_known"


def needs_values(plan: Plan, joins: frozenset[int]) -> bool:
    """Tell whether a plan without the values would misjudge a condition, and that would matter.

    joins: the places of the sources that are joined. In a shared heap a text slot holds the values
    of all objects: one of a few stages looks like one of many thousand names. It matters where an
    order or another table offers another way.
    """
    guard = plan.rows.sources[0].guard
    if guard is not None and plan.rows.as_of is None:
        if guard.is_own and guard.breadth is Breadth.UNKNOWN:
            return bool(plan.order_by)  # somebody may own a few of the records, or most of them
        if guard.breadth is Breadth.FEW and not all(
            criterion_in_order(plan, one) for one in guard.criteria
        ):
            return True  # what rules open may be few as well, and found by an index
    misjudged = any(_is_misjudged(ref, plan) for ref in operands(plan.rows.where))
    return misjudged and (bool(plan.order_by) or len(joins) > 1)


def reads_by_index(plan: Plan) -> bool:
    """Tell whether all that a plan compares and sorts by has an index."""
    compared = (*operands(plan.rows.where), *(key.left for key in plan.order_by))
    return (
        not plan.grouped
        and plan.rows.as_of is None
        and plan.rows.top is None
        and all(isinstance(ref, FieldRef) and uses_slot(ref) and not ref.others for ref in compared)
    )


def finds_ids_first(plan: Plan) -> bool:
    """Tell whether a page is found by what indexes hold, and its rows are read afterwards.

    Nothing else is then looked at of those that are passed over, or sorted and left out. A
    condition of a sharing rule looks at the rows.
    """
    guard, rows = plan.rows.sources[0].guard, plan.rows
    if guard is None or plan.grouped or rows.as_of is not None or rows.top is not None:
        return False
    if guard.criteria:
        return guard.breadth is Breadth.FEW
    return guard.breadth not in (Breadth.UNKNOWN, Breadth.MANY)


def finds_by_owner(plan: Plan) -> bool:
    """Tell whether a page whose ids are found first is put together of pages of each owner."""
    guard = plan.rows.sources[0].guard
    breadth = Breadth.UNKNOWN if guard is None else guard.breadth
    return breadth is Breadth.FEW or (breadth is Breadth.OWNERS and owners_in_order(plan))


def owners_in_order(plan: Plan) -> bool:
    """Tell whether an index holds the records of each owner in the order of a plan."""
    owner = next(field.id for field in plan.object.fields if field.column == "owner_id")
    if not plan.order_by:
        return True
    first = plan.order_by[0].left
    in_own_order = isinstance(first, FieldRef) and not first.source and first.field.column == "id"
    return in_own_order or any(owner in before for before in _before_order(plan, {owner}))


def criterion_in_order(plan: Plan, criterion: Rows) -> bool:
    """Tell whether an index holds the records of which a rule asks in the order of a plan."""
    equal = set(equal_fields(criterion))
    return any(not equal.isdisjoint(before) for before in _before_order(plan, equal))


def _before_order(plan: Plan, equal: Set[FieldId]) -> Iterator[Set[FieldId]]:
    """Yield what stands in an index before the order of a plan, if each of it has one value.

    equal: the fields that have, beside those of the plan's own conditions.
    """
    first = plan.order_by[0].left if plan.order_by else None
    if not isinstance(first, FieldRef) or first.source != 0 or first.computed is not None:
        return
    given = equal | set(equal_fields(plan.rows))
    for index in plan.object.indexes:
        before = set(takewhile(lambda field: field != first.field.id, index.fields))
        if len(before) < len(index.fields) and before <= given:
            yield before


def values_known(of_row: ColumnElement[Any]) -> ColumnElement[bool]:
    """Give a condition that always holds, and that a plan without values has to pay for.

    of_row: a column that is never null: PostgreSQL takes what looks at no row to be free.
    """
    known = func.values_known(bindparam(_KNOWN, value=True, type_=Boolean()), type_=Boolean())
    return or_(known, of_row.is_(None))


def _is_misjudged(ref: Ref, plan: Plan) -> bool:
    if not isinstance(ref, FieldRef) or not uses_slot(ref) or ref.field.slot is None:
        return False
    heap = plan.rows.sources[ref.source].object.heap
    return ref.field.type.slot is SlotKind.TEXT and not heap.startswith(OWN_HEAP_PREFIX)
