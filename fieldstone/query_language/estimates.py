"""What is known of how PostgreSQL will find the rows of a plan."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, bindparam, func, or_

from fieldstone.metadata.record_access import Breadth
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.tables import OWN_HEAP_PREFIX
from fieldstone.query_language.joined_sources import operands
from fieldstone.query_language.operands import uses_slot
from fieldstone.query_language.plan import FieldRef, Plan, Ref

_KNOWN: Final = "values_known"


def needs_values(plan: Plan, joins: frozenset[int]) -> bool:
    """Tell whether a plan without the values would misjudge a condition, and that would matter.

    joins: the places of the sources that are joined. In a shared heap a text slot holds the values
    of all objects: one of a few stages looks like one of many thousand names. It matters where an
    order or another table offers another way.
    """
    guard = plan.rows.sources[0].guard
    unknown = guard is not None and guard.is_own and guard.breadth is Breadth.UNKNOWN
    if unknown and plan.rows.as_of is None:
        return bool(plan.order_by)  # somebody may own a few of the records, or most of them
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
