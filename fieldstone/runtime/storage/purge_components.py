"""Purging objects and fields that were deleted: their records or values, then the component itself.

Work that was begun is marked, so that a half-purged object or field cannot be restored; who goes on
after a crash finds what is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from fieldstone.ids import ObjectId
from fieldstone.metadata.binned import owner_of
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.conversions import earlier_in
from fieldstone.metadata.kinds.territory import TerritoryKind
from fieldstone.metadata.moved_values import is_remainder
from fieldstone.metadata.storage import SLOT_KEYS
from fieldstone.metadata.values import Json
from fieldstone.runtime.access.assigning import forget_territory
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.personal_views import forget_views
from fieldstone.runtime.privacy.held import objects_held
from fieldstone.runtime.records import store
from fieldstone.runtime.records.delete import unchanged
from fieldstone.runtime.records.draft import StoredRecord
from fieldstone.runtime.records.side_statements import REMOVE_LINKS
from fieldstone.runtime.storage import heap_moves
from fieldstone.runtime.storage import purge_statements as statements
from fieldstone.runtime.storage.component_storage import (
    find_component,
    put_marker,
    remove_component,
)
from fieldstone.runtime.storage.job_steps import alone, stop_if_told, work_in_background
from fieldstone.runtime.storage.own_heaps import drop_own_heap, is_own_heap
from fieldstone.runtime.storage.purge_records import (
    BATCH,
    PurgeTarget,
    purge_rows,
    target_of,
    values_of,
)
from fieldstone.runtime.storage.released_files import files_in, release_files
from fieldstone.runtime.storage.usage import forget_fields
from fieldstone.runtime.transactions import Transaction

PURGING: Final = "purging"


async def purge_old_components(context: JobContext, before: datetime) -> int:
    """Purge the components that were deleted before an instant; how many."""
    purged = 0
    for kind in ("object", "field", ""):
        for stored in await _due(context, before, kind):
            stop_if_told(context)
            if kind == "object":
                purged += await _purge_object(context, stored)
            elif kind == "field":
                purged += await _purge_field(context, stored)
            else:
                purged += await _purge_other(context, stored)
    return purged


async def _due(context: JobContext, before: datetime, kind: str) -> list[StoredComponent]:
    async with context.write() as tx:
        rows = await load_components(tx)
        held = await objects_held(tx)
    return [
        row
        for row in rows
        if row.deleted_at is not None
        and row.deleted_at < before
        and (not kind or row.component.kind == kind)
        and not _is_of_held(rows, row, held)
    ]


def _is_of_held(rows: list[StoredComponent], row: StoredComponent, held: set[ObjectId]) -> bool:
    """Tell whether records under legal hold would lose values along with a component."""
    owner = owner_of(rows, row) if row.component.kind == "field" else row
    return owner is not None and owner.id in held


async def _purge_other(context: JobContext, stored: StoredComponent) -> int:
    if stored.component.kind in ("object", "field"):
        return 0  # it is being moved, and left for the next time
    async with alone(context) as tx:
        removed = await _removed(tx, [stored.id])
        if removed and stored.component.kind == TerritoryKind.name:
            await forget_territory(tx, stored.id)
        return removed


async def _removed(tx: Transaction, ids: Iterable[int]) -> int:
    removed = 0
    for number in ids:
        stored = await find_component(tx, number)
        if stored is not None and stored.deleted_at is not None:
            await remove_component(tx, stored)
            removed += 1
    return removed


async def _begin(tx: Transaction, component_id: int) -> StoredComponent | None:
    """Mark a component that still lies in the bin as lost."""
    stored = await find_component(tx, component_id)
    if stored is None or stored.deleted_at is None:
        return None
    await put_marker(tx, stored.id, {**stored.storage, PURGING: True})
    return stored


async def _purge_object(context: JobContext, stored: StoredComponent) -> int:
    async with alone(context) as tx:
        target = target_of(tx, stored)
        if target is None or await _begin(tx, stored.id) is None:
            return 0
        fields = _fields_of(await load_components(tx), stored)
        for field in fields:
            await _begin(tx, field.id)
    await _purge_all_rows(context, target)
    numbers = [field.id for field in fields]
    async with alone(context) as tx:
        if is_own_heap(target.heap):
            await drop_own_heap(tx, target.object_id)
        for statement in (statements.OBJECT_OUT_OF_BIN, statements.DROP_IMPORTED):
            await tx.run(statement, tenant=tx.tenant.id, object=target.object_id)
        await forget_views(tx, target.object_id)
        await _forget_fields(tx, target.object_id, numbers)
        return await _removed(tx, [*numbers, stored.id])


async def _purge_all_rows(context: JobContext, target: PurgeTarget) -> None:
    after = 0
    while True:
        stop_if_told(context)
        async with context.write() as tx:
            await work_in_background(tx)
            statement = statements.next_rows(target.heap, tx.tenant.id, target.object_id)
            rows = await tx.rows(statement, after=after, most=BATCH)
            if not rows:
                return
            await purge_rows(tx, target, rows)
            await context.checkpoint(tx, context.job.progress)
            after = rows[-1]["id"]


def _fields_of(rows: list[StoredComponent], owner: StoredComponent) -> list[StoredComponent]:
    """Give the fields that went with a deleted object or before it."""
    return [
        row
        for row in rows
        if row.component.kind == "field"
        and row.deleted_at is not None
        and (found := owner_of(rows, row)) is not None
        and found.id == owner.id
    ]


async def _forget_fields(tx: Transaction, object_id: int, fields: list[int]) -> None:
    for statement in (statements.FIELDS_OUT_OF_BIN, statements.DROP_COUNTERS):
        await tx.run(statement, tenant=tx.tenant.id, fields=fields)
    await tx.run(statements.DROP_UNIQUE, tenant=tx.tenant.id, object=object_id, fields=fields)
    await forget_fields(tx, object_id, fields)


async def _purge_field(context: JobContext, stored: StoredComponent) -> int:
    async with alone(context) as tx:
        owner = owner_of(await load_components(tx), stored)
        target = None if owner is None else target_of(tx, owner)
        if owner is not None and (target is None or PURGING in owner.storage):
            return 0
        if await _begin(tx, stored.id) is None:
            return 0
    if target is not None:
        await _remove_values(context, target, stored)
    async with alone(context) as tx:
        if owner is not None:
            await _forget_fields(tx, owner.id, [stored.id])
            await _remember_key(tx, owner.id, stored)
        return await _removed(tx, [stored.id])


async def _remember_key(tx: Transaction, object_id: int, field: StoredComponent) -> None:
    """Keep the field's key from being given to another field of the object."""
    owner = await find_component(tx, object_id)
    assert owner is not None
    last = owner.storage.get("last_key", 0)
    assert isinstance(last, int)
    number = max(last, int(str(field.storage["key"])[1:], 36))
    await put_marker(tx, object_id, {**owner.storage, "last_key": number})


async def _remove_values(context: JobContext, target: PurgeTarget, field: StoredComponent) -> None:
    """Take a field's values from all records of the object and from their history."""
    after = 0
    while True:
        stop_if_told(context)
        async with context.write() as tx:
            await work_in_background(tx)
            where = (target.heap, tx.tenant.id, target.object_id)
            batch: Any = await tx.row(heap_moves.bounds(*where), after=after, most=BATCH)
            if batch["last"] is None:
                return
            rows = await tx.rows(statements.rows_in_range(*where), after=after, up_to=batch["last"])
            await remove_from_rows(tx, target, field, rows, keeps_log=is_remainder(field))
            await context.checkpoint(tx, context.job.progress)
            after = batch["last"]


async def remove_from_rows(
    tx: Transaction,
    target: PurgeTarget,
    field: StoredComponent,
    rows: list[Any],
    *,
    keeps_log: bool = False,
) -> None:
    """Take the values of a deleted field from records, given as locked rows, and their history.

    keeps_log: whether the history goes on telling them, as that of a field which is still there.
    """
    key = str(field.storage["key"])
    slot = next((str(field.storage[name]) for name in SLOT_KEYS if name in field.storage), None)
    ids = [row["id"] for row in rows]
    values = {row["id"]: dict(values_of(row)) for row in rows}
    await release_files(tx, files_in(one.get(key) for one in values.values()))
    where = (target.heap, tx.tenant.id, target.object_id)
    await tx.run(statements.remove_key(*where, slot), ids=ids, key=key)
    for told in () if keeps_log else (key, *(one.key for one in earlier_in(field.storage))):
        await tx.run(statements.REDACT_KEY, tenant=tx.tenant.id, ids=ids, key=told)
    await tx.run(REMOVE_LINKS, tenant=tx.tenant.id, field_id=[field.id] * len(ids), source_id=ids)
    obj = tx.catalog.by_id.get(ObjectId(target.object_id))
    if obj is not None:
        await _find_by_the_rest(tx, obj, key, rows, values)


async def _find_by_the_rest(
    tx: Transaction,
    obj: ObjectDef,
    key: str,
    rows: list[Any],
    values: dict[int, dict[str, Json]],
) -> None:
    """Write the search texts of live records anew, without the value that is gone."""
    drafts = []
    for row in rows:
        if row["deleted_at"] is None and values[row["id"]].pop(key, None) is not None:
            record = StoredRecord(row["id"], row["version"], None, values[row["id"]])
            drafts.append(unchanged(record))
    await store.put_search(tx, obj, drafts)
