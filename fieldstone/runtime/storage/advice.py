"""Advice on slots and indexes: loaded from how objects were asked for, and as callers see it."""

from __future__ import annotations

from collections.abc import Mapping

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, fold
from fieldstone.query_language.index_advice import AdviceKind
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.storage.advice_rules import Advice, Days, ObjectFacts, advise_on
from fieldstone.runtime.storage.advice_words import cost_of, effect_of, reason_of
from fieldstone.runtime.storage.moving import INDEX_MARK, MOVE_MARK
from fieldstone.runtime.storage.overview import load_row_counts
from fieldstone.runtime.storage.slots import JOB, fields_bound, slots_taken
from fieldstone.runtime.storage.usage import Asked, load_first_day, load_use
from fieldstone.runtime.transactions import Transaction


async def load_days(tx: Transaction) -> Days:
    """Load of which days it is known how objects were asked for."""
    return Days(tx.now.date(), await load_first_day(tx))


async def load_advice(tx: Transaction, days: Days) -> list[Advice]:
    """Work out what would serve the queries of the last thirty days, what saves most first."""
    asked: dict[int, list[Asked]] = {}
    for one in await load_use(tx):
        asked.setdefault(one.use.object_id, []).append(one)
    objects = [obj for obj in tx.catalog.objects if obj.id in asked or obj.indexes]
    stored = await load_components(tx)
    counts = await load_row_counts(tx, objects)
    found: list[Advice] = []
    for obj in objects:
        rows = counts.get(obj.id, (0, False))[0]
        facts = _facts(tx, obj, rows, tuple(asked.get(obj.id, ())), stored)
        found.extend(advise_on(facts, days))
    return sorted(found, key=lambda one: (-one.demand.saves_ms, -one.demand.weight, one.id))


def _facts(
    tx: Transaction,
    obj: ObjectDef,
    rows: int,
    asked: tuple[Asked, ...],
    stored: list[StoredComponent],
) -> ObjectFacts:
    taken, bound = frozenset(slots_taken(stored, obj.name)), frozenset(fields_bound(tx.catalog))
    return ObjectFacts(obj, rows, taken, bound, asked, busy=is_busy(obj, stored))


def is_busy(obj: ObjectDef, stored: list[StoredComponent]) -> bool:
    """Tell whether a job is at work on how an object is stored."""
    for row in stored:
        if row.id == obj.id and {MOVE_MARK, INDEX_MARK} & set(row.storage):
            return True
        if row.component.kind == "field" and JOB in row.storage:
            owner = split_name(row.component.name)[0]
            if fold(owner) == fold(obj.name):
                return True
    return False


def show_advice(advice: Advice, days: Days) -> Mapping[str, Json]:
    """Give advice as callers see it."""
    demand = advice.demand
    slot = advice.fields[-1].type.slot if advice.kind is AdviceKind.SLOT else None
    return {
        "id": advice.id,
        "kind": advice.kind.value,
        "object": advice.obj.name,
        "fields": [field.name for field in advice.fields],
        "reason": reason_of(advice, days),
        "effect": effect_of(advice),
        "cost": cost_of(advice),
        "times": demand.times,
        "filtered": demand.filtered,
        "sorted": demand.sorted,
        "week": demand.week,
        "spent_ms": round(demand.spent_ms),
        "saves_ms": round(demand.saves_ms),
        "cost_bytes": advice.cost_bytes,
        "slot_kind": _kind_name(slot),
        "gives_way": _giver(advice),
        "obstacle": advice.obstacle,
        "at_work": advice.busy,
        "strong": advice.strong,
    }


def _giver(advice: Advice) -> Mapping[str, Json] | None:
    if advice.gives_way is None:
        return None
    field, demand = advice.gives_way
    return {"field": field.name, "filtered": demand.filtered, "sorted": demand.sorted}


def _kind_name(kind: SlotKind | None) -> str | None:
    return None if kind is None else kind.name.lower()
