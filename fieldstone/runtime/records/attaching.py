"""Attach rules at work: a reference fills itself where two records agree on a value.

Whichever of the two arrives first: a new or changed source looks for its target, and a new or
changed target collects the sources that wait for it. Where both arrive at the same moment, in two
transactions that cannot see each other, one waits for the other: sources hold their values shared
and targets hold theirs alone, until they are committed.

A rule is the administrator's: it looks and writes as the system does, whatever the viewer whose
record sets it off may read or change. The viewer is told nothing of what it did elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from sqlalchemy import ARRAY, Integer, func, select

from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.catalog import AttachRule, ObjectDef
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.records.heap_statements import find_by_slot, find_unset
from fieldstone.runtime.records.store import slot_value
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_AT_ONCE: Final = 2_000
_BUCKETS: Final = 64
_KEYS: Final = func.unnest(parameter("keys", ARRAY(Integer))).column_valued("key")
_HOLD_SHARED: Final = prepare(
    select(func.pg_advisory_xact_lock_shared(parameter("space", Integer()), _KEYS))
)
_HOLD_ALONE: Final = prepare(
    select(func.pg_advisory_xact_lock(parameter("space", Integer()), _KEYS))
)


async def attach_sources(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Fill the references of new and changed records from records that are there already."""
    for rule in tx.catalog.attach_rules:
        if rule.object_id == obj.id:
            await _attach(tx, rule, drafts)


async def _attach(tx: Transaction, rule: AttachRule, drafts: Sequence[Draft]) -> None:
    target, slot = tx.catalog.by_id[rule.target_id], rule.target_field.slot
    waiting = [d for d in drafts if _waits(rule, d)]
    values = sorted({slot_value(rule.source, d.value(rule.source)) for d in waiting})
    if not values or slot is None:
        return
    await _hold(tx, rule, values, _HOLD_SHARED)
    rows = await tx.rows(find_by_slot(target.heap, tx.tenant.id, target.id, slot), values=values)
    found = {row["value"]: row["id"] for row in rows}
    for draft in waiting:
        match = found.get(slot_value(rule.source, draft.value(rule.source)))
        if match is not None:
            draft.put(rule.field, format_id(target.prefix, match))


async def _hold(
    tx: Transaction, rule: AttachRule, values: Iterable[object], lock: Prepared
) -> None:
    """Hold values of a rule, by bucket and in order, so that no two wait for each other."""
    buckets = {crc32(f"{rule.name} {value}".encode()) % _BUCKETS for value in values}
    first = crc32(rule.name.encode()) % 2**24 * _BUCKETS
    # The space below zero is the attach rules': locks of catalogs have a positive one.
    keys = [first + bucket for bucket in sorted(buckets)]
    await tx.rows(lock, space=-tx.tenant.id, keys=keys)


def _waits(rule: AttachRule, draft: Draft) -> bool:
    """Tell whether a record has a source value that is new, and no reference of its own choice."""
    source = draft.value(rule.source)
    old = draft.before.data.get(rule.source.key) if draft.before else None
    return (
        source is not None
        and source != old
        and draft.value(rule.field) is None
        and rule.field not in draft.given
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """Records that one rule attaches to others, which arrived after them.

    targets: the reference to each of the others, by its value as it stands in the source's slot.
    pairs: the id of each waiting record and the reference it is to hold. more: whether others
    wait behind the last of them.
    """

    rule: AttachRule
    targets: Mapping[object, str]
    pairs: tuple[tuple[RecordId, str], ...]
    more: bool


async def waiting_for(
    tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]
) -> AsyncIterator[Waiting]:
    """Yield, for each rule that ends at an object, the records to attach to the written ones.

    No more of them than one request attaches; the rest is left to a job.
    """
    for rule in tx.catalog.attach_rules:
        if rule.target_id == obj.id:
            fresh = _fresh(rule, obj, drafts)
            if fresh:
                await _hold(tx, rule, list(fresh), _HOLD_ALONE)
                yield await collect(tx, rule, fresh)


def _fresh(rule: AttachRule, obj: ObjectDef, drafts: Sequence[Draft]) -> dict[object, str]:
    """Give the references to those of the written records whose value is new."""
    fresh: dict[object, str] = {}
    for draft in drafts:
        value = draft.value(rule.target_field)
        old = draft.before.data.get(rule.target_field.key) if draft.before else None
        if value is not None and value != old:
            fresh.setdefault(slot_value(rule.target_field, value), format_id(obj.prefix, draft.id))
    return fresh


async def collect(
    tx: Transaction, rule: AttachRule, targets: Mapping[object, str], after: int = 0
) -> Waiting:
    """Give the records behind an id that wait for these values, as many as are attached at once."""
    source, slot = tx.catalog.by_id[rule.object_id], rule.source.slot
    if not targets or slot is None:
        return Waiting(rule, targets, (), more=False)
    rows = await tx.rows(
        find_unset(source.heap, tx.tenant.id, source.id, slot, rule.field.key),
        values=list(targets),
        after=after,
        most=MOST_AT_ONCE + 1,
    )
    pairs = [(RecordId(row["id"]), targets[row["value"]]) for row in rows[:MOST_AT_ONCE]]
    return Waiting(rule, targets, tuple(pairs), more=len(rows) > MOST_AT_ONCE)


def still_waits(waiting: Waiting, draft: Draft) -> bool:
    """Tell whether a record waits for what it was collected for, now that it is locked."""
    if draft.before is None or draft.before.data.get(waiting.rule.field.key) is not None:
        return False
    source = slot_value(waiting.rule.source, draft.before.data.get(waiting.rule.source.key))
    return waiting.targets.get(source) == draft.given[waiting.rule.field]
