"""Where PostgreSQL must know the values of a query to judge how many rows it gives."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, ColumnElement, bindparam, func

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
    misjudged = any(_is_misjudged(ref, plan) for ref in operands(plan.rows.where))
    return misjudged and (bool(plan.order_by) or len(joins) > 1)


def values_known() -> ColumnElement[bool]:
    """Give a condition that always holds, and that a plan without values has to pay for."""
    return func.values_known(bindparam(_KNOWN, value=True, type_=Boolean()), type_=Boolean())


def _is_misjudged(ref: Ref, plan: Plan) -> bool:
    if not isinstance(ref, FieldRef) or not uses_slot(ref) or ref.field.slot is None:
        return False
    heap = plan.rows.sources[ref.source].object.heap
    return ref.field.type.slot is SlotKind.TEXT and not heap.startswith(OWN_HEAP_PREFIX)
