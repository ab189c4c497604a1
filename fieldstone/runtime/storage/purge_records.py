"""Purging records: their rows, links, search texts, files and the values in the change log go.

What stays is that there was a record of this number, and who made, changed, deleted and purged it
when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fieldstone.ids import ObjectId, RecordId
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.values import Json, read_json, write_json
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.metering import meter
from fieldstone.runtime.privacy.bin_terms import BinTerms
from fieldstone.runtime.records import store
from fieldstone.runtime.records.delete import parted, unchanged
from fieldstone.runtime.records.side_statements import (
    LOG,
    RELEASE_ALL_UNIQUE,
    REMOVE_ALL_LINKS_OF,
    REMOVE_SEARCH,
)
from fieldstone.runtime.records.write import lock
from fieldstone.runtime.storage import purge_statements as statements
from fieldstone.runtime.storage.component_storage import find_component
from fieldstone.runtime.storage.job_steps import stop_if_told, work_in_background
from fieldstone.runtime.storage.moving import LEAVE_MARK, MOVE_MARK
from fieldstone.runtime.storage.released_files import files_in, release_files
from fieldstone.runtime.terms import Limit
from fieldstone.runtime.transactions import Transaction

BATCH: Final = 500
HOLDERS_AT_ONCE: Final = 5_000
"""Records whose references to what is purged are emptied at a time."""


@dataclass(frozen=True, slots=True)
class PurgeTarget:
    """An object whose records are purged, which may lie in the bin itself."""

    object_id: ObjectId
    heap: str


def target_of(tx: Transaction, stored: StoredComponent) -> PurgeTarget | None:
    """Give where an object's records are; None while they are on their way elsewhere."""
    if MOVE_MARK in stored.storage or LEAVE_MARK in stored.storage:
        return None
    heap = str(stored.storage.get("heap") or tx.tenant.leaf)
    return PurgeTarget(ObjectId(stored.id), heap)


async def purge_old_records(context: JobContext, terms: BinTerms) -> int:
    """Purge what was put in the bin long enough ago; how many records.

    A whole deletion is first marked, and cannot be restored from then on. What is marked and not
    purged yet, because its records are being moved, is left for the next time.
    """
    await _mark_roots(context, terms)
    return await _purge_marked(context)


async def purge_deletions(context: JobContext, roots: Sequence[int]) -> int:
    """Purge some deletions at once, but for those that hold something under legal hold."""
    async with context.write() as tx:
        rows = await tx.rows(statements.MARK_FREE_ROOTS, tenant=tx.tenant.id, ids=list(roots))
        ids = sorted({row["root_id"] for row in rows})
        await tx.run(statements.DROP_NOTES, tenant=tx.tenant.id, ids=ids)
    return await _purge_marked(context)


async def _purge_marked(context: JobContext) -> int:
    purged, root, record = 0, 0, 0
    while True:
        stop_if_told(context)
        async with context.write() as tx:
            await work_in_background(tx)
            rows = await tx.rows(
                statements.TO_PURGE, tenant=tx.tenant.id, root=root, record=record, most=BATCH
            )
            if not rows:
                return purged
            purged += await _purge_batch(tx, rows)
            await context.checkpoint(tx, {**context.job.progress, "done": purged})
            root, record = rows[-1]["root_id"], rows[-1]["record_id"]


async def _mark_roots(context: JobContext, terms: BinTerms) -> None:
    while True:
        async with context.write() as tx:
            rows = await tx.rows(
                statements.OLD_ROOTS, tenant=tx.tenant.id, **terms.arguments(), most=BATCH
            )
            ids = [row["root_id"] for row in rows]
            if not ids:
                return
            await tx.run(statements.MARK_ROOTS, tenant=tx.tenant.id, ids=ids)
            await tx.run(statements.DROP_NOTES, tenant=tx.tenant.id, ids=ids)


async def _purge_batch(tx: Transaction, rows: Sequence[Any]) -> int:
    by_object: dict[int, dict[int, int]] = defaultdict(dict)
    for row in rows:
        by_object[row["object_id"]][row["record_id"]] = row["root_id"]
    purged = 0
    for object_id, roots in by_object.items():
        stored = await find_component(tx, object_id)
        target = None if stored is None else target_of(tx, stored)
        if stored is not None and target is None:
            continue
        gone = set(roots) if target is None else await _purge_of(tx, target, sorted(roots))
        pairs = [(roots[number], number) for number in sorted(gone)]
        await tx.run(
            statements.OUT_OF_BIN,
            tenant=tx.tenant.id,
            root_id=[root for root, _ in pairs],
            record_id=[number for _, number in pairs],
        )
        purged += len(gone)
    return purged


async def _purge_of(tx: Transaction, target: PurgeTarget, ids: list[int]) -> set[int]:
    """Purge those of these records that lie in the bin, and give them and those long gone."""
    where = (target.heap, tx.tenant.id, target.object_id)
    there = {row["id"] for row in await tx.rows(statements.stored_ids(*where), ids=ids)}
    rows = await tx.rows(statements.deleted_rows(*where), ids=ids)
    await purge_rows(tx, target, rows)
    return (set(ids) - there) | {row["id"] for row in rows}


async def purge_rows(tx: Transaction, target: PurgeTarget, rows: Sequence[Any]) -> None:
    """Remove records, given as their locked rows, and everything that hangs on them."""
    if not rows:
        return
    ids = [row["id"] for row in rows]
    await release_files(
        tx, (number for row in rows for number in files_in(values_of(row).values()))
    )
    await _cut_links(tx, ids)
    where = (target.heap, tx.tenant.id, target.object_id)
    await tx.run(statements.remove_rows(*where), ids=ids)
    for statement in (
        REMOVE_ALL_LINKS_OF,
        statements.REMOVE_LINKS_TO,
        RELEASE_ALL_UNIQUE,
        REMOVE_SEARCH,
        statements.REMOVE_SHARES,
        statements.REMOVE_LOCKS,
        statements.REDACT,
    ):
        await tx.run(statement, tenant=tx.tenant.id, ids=ids)
    await _log(tx, target, rows)
    await meter(tx, Limit.RECORDS, -sum(row["deleted_at"] is None for row in rows))


def values_of(row: Any) -> Mapping[str, Json]:
    """Give the values of a row by key, the long ones included."""
    values: dict[str, Json] = {}
    for text in (row["data"], row["data_long"]):
        part = read_json(text) if text is not None else {}
        assert isinstance(part, dict)
        values.update(part)
    return values


async def _cut_links(tx: Transaction, ids: list[int]) -> None:
    """Empty the references that other records, live or in the bin, still have to these."""
    gone = {RecordId(number) for number in ids}
    object_id, holder = 0, 0
    while True:
        rows = await tx.rows(
            statements.HOLDERS,
            tenant=tx.tenant.id,
            ids=ids,
            object=object_id,
            after=holder,
            most=HOLDERS_AT_ONCE,
        )
        by_object: dict[ObjectId, dict[RecordId, list[int]]] = defaultdict(dict)
        for row in rows:
            of_object = by_object[ObjectId(row["source_object_id"])]
            of_object[RecordId(row["source_id"])] = row["field_ids"]
        for number, holders in by_object.items():
            source = tx.catalog.by_id.get(number)
            if source is not None:
                await _cut(tx, source, holders, gone)
        if len(rows) < HOLDERS_AT_ONCE:
            return
        object_id, holder = rows[-1]["source_object_id"], rows[-1]["source_id"]


async def _cut(
    tx: Transaction,
    source: ObjectDef,
    holders: Mapping[RecordId, Sequence[int]],
    gone: set[RecordId],
) -> None:
    """Empty references to gone records. holders: the records with the numbers of their fields."""
    fields = {int(one.id): one for one in source.own_fields}
    for deleted in (False, True):
        records = await lock(tx, source, list(holders), deleted=deleted)
        drafts = [unchanged(record) for record in records.values()]
        for draft in drafts:
            for field in (fields[one] for one in holders[draft.id] if one in fields):
                draft.put(field, parted(draft.value(field), gone)[0])
        changed = [draft for draft in drafts if draft.changed_keys()]
        if changed:
            await store.update(tx, source, changed)


async def _log(tx: Transaction, target: PurgeTarget, rows: Sequence[Any]) -> None:
    count = len(rows)
    await tx.run(
        LOG,
        tenant=tx.tenant.id,
        now=tx.now,
        actor=tx.viewer.user_id,
        cause=write_json(tx.cause),
        object_id=[target.object_id] * count,
        record_id=[row["id"] for row in rows],
        version=[row["version"] + 1 for row in rows],
        operation=["purge"] * count,
        before=[None] * count,
        after=[None] * count,
    )
