"""After a conversion: the texts by which search finds records are written anew, in batches.

Search takes them for candidates only, which the values themselves decide, so it finds nothing that
is not there; what it does not find yet, it does in a moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldstone.ids import ObjectId, RecordId
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.records import store
from fieldstone.runtime.records.delete import unchanged
from fieldstone.runtime.records.write import lock
from fieldstone.runtime.storage import heap_moves
from fieldstone.runtime.storage.job_steps import (
    alone,
    end_with,
    result_of,
    stop_if_told,
    work_in_background,
)
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.transactions import Transaction


async def find_again(context: JobContext, rules: StorageRules) -> JsonObject:
    """Write the search texts of the objects that the checkpoint names; the result of the job."""
    while (ended := result_of(context)) is None:
        stop_if_told(context)
        at: Any = context.job.progress["checkpoint"]
        if not at["objects"]:
            async with alone(context) as tx:
                return await end_with(context, tx, at["then"])
        async with context.write() as tx:
            await work_in_background(tx)
            await _batch(context, tx, at, rules)
    return ended


async def _batch(
    context: JobContext, tx: Transaction, at: Mapping[str, Any], rules: StorageRules
) -> None:
    """Write the texts of the next records of the first object, or go on to the next one."""
    first, *others = at["objects"]
    obj = tx.catalog.by_id.get(ObjectId(first))
    last = None if obj is None else await _write_texts(tx, obj, at.get("after", 0), rules)
    if last is None:
        progress: dict[str, Json] = {**at, "objects": others, "after": 0}
    else:
        progress = {**at, "after": last}
    await context.checkpoint(tx, {**context.job.progress, "checkpoint": progress})


async def _write_texts(
    tx: Transaction, obj: ObjectDef, after: int, rules: StorageRules
) -> int | None:
    """Write the texts of the next records; the last one's id, None behind the last of all."""
    where = (obj.heap, tx.tenant.id, obj.id)
    batch: Any = await tx.row(heap_moves.bounds(*where), after=after, most=rules.batch)
    if batch["last"] is None:
        return None
    ids = heap_moves.ids_in_range(*where)
    rows = await tx.rows(ids, after=after, up_to=batch["last"])
    there = await lock(tx, obj, [RecordId(row["id"]) for row in rows])
    await store.put_search(tx, obj, [unchanged(record) for record in there.values()])
    return int(batch["last"])
