"""Clearing up after a conversion that came to nothing: what was written under new keys goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fieldstone.ids import ObjectId
from fieldstone.metadata.binned import owner_of
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.moved_values import RESERVED
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.storage import heap_moves
from fieldstone.runtime.storage.component_storage import find_component, put_marker
from fieldstone.runtime.storage.job_steps import (
    alone,
    end_with,
    result_of,
    stop_if_told,
    work_in_background,
)
from fieldstone.runtime.storage.moving import without
from fieldstone.runtime.storage.purge_statements import remove_key
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.transactions import Transaction

LAST_KEY: Final = "last_key"


async def run_give_up(context: JobContext, rules: StorageRules) -> JsonObject:
    """Do the job of kind metadata.give_up_conversion: arguments {"field": id}.

    Or {"fields": ids, "of": job} of a conversion that ended without doing so itself.
    """
    ended = result_of(context)
    if ended is not None:
        return ended
    said: Any = context.job.arguments
    await give_up(context, [int(one) for one in said.get("fields", [said.get("field")])], rules)
    async with alone(context) as tx:
        return await end_with(context, tx, {})


async def give_up(context: JobContext, fields: Iterable[int], rules: StorageRules) -> None:
    """Take away what a job has written under new keys, and its marks on the fields."""
    for number in fields:
        async with context.write() as tx:
            stored = await _mine(tx, context, number)
            owner = None if stored is None else owner_of(await load_components(tx), stored)
            obj = None if owner is None else tx.catalog.by_id.get(ObjectId(owner.id))
        if stored is None:
            continue
        mark = stored.storage[RESERVED]
        assert isinstance(mark, Mapping)
        if obj is not None:
            await _remove(context, obj.heap, obj.id, mark, rules)
        async with alone(context) as tx:
            await _unmark(tx, context, number, owner)


async def _remove(
    context: JobContext, heap: str, object_id: int, mark: Mapping[str, Json], rules: StorageRules
) -> None:
    slot = str(mark["slot"]) if "slot" in mark else None
    after = 0
    while True:
        stop_if_told(context)
        async with context.write() as tx:
            await work_in_background(tx)
            where = (heap, tx.tenant.id, object_id)
            batch: Any = await tx.row(heap_moves.bounds(*where), after=after, most=rules.batch)
            if batch["last"] is None:
                return
            held = heap_moves.ids_in_range(*where)
            ids = [row["id"] for row in await tx.rows(held, after=after, up_to=batch["last"])]
            await tx.run(remove_key(*where, slot), ids=ids, key=str(mark["key"]))
            await context.checkpoint(tx, context.job.progress)
            after = batch["last"]


async def _unmark(
    tx: Transaction, context: JobContext, number: int, owner: StoredComponent | None
) -> None:
    """Take the mark away; its key is never given to another field."""
    stored = await _mine(tx, context, number)
    if stored is None:
        return
    mark = stored.storage[RESERVED]
    assert isinstance(mark, Mapping)
    await put_marker(tx, stored.id, without(stored.storage, RESERVED))
    there = None if owner is None else await find_component(tx, owner.id)
    if there is not None:
        last = max(_number(there.storage.get(LAST_KEY, 0)), int(str(mark["key"])[1:], 36))
        await put_marker(tx, there.id, {**there.storage, LAST_KEY: last})


async def _mine(tx: Transaction, context: JobContext, number: int) -> StoredComponent | None:
    """Give a field's component as long as it bears this job's mark."""
    stored = await find_component(tx, number)
    mark = None if stored is None else stored.storage.get(RESERVED)
    mine = (context.job.id, context.job.arguments.get("of"))
    if not isinstance(mark, Mapping) or mark.get("job") not in mine:
        return None
    return stored


def _number(value: Json) -> int:
    assert isinstance(value, int)
    return value
