"""Indexes that an own heap has beside those of its slots: wished for, made and dropped by jobs.

"index_job" on the object's storage tells which job is at work and on what; "indexes" what is there.
PostgreSQL alone decides when to use one, so no plan has to know of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldstone.errors import Forbidden
from fieldstone.metadata.catalog import Field, ObjectDef, ObjectIndex
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.moved_values import RESERVED
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.storage import INDEXES
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.query_language.index_advice import column_of, has_own_heap
from fieldstone.runtime.job_runs import JobCancelled, JobContext
from fieldstone.runtime.jobs import enqueue
from fieldstone.runtime.storage.advice_rules import MOST_INDEXES
from fieldstone.runtime.storage.component_storage import find_component, put_marker, put_storage
from fieldstone.runtime.storage.errors import (
    IndexFailed,
    IndexNotPossible,
    NoIndexer,
    Overtaken,
    StorageBusy,
)
from fieldstone.runtime.storage.index_orders import (
    Order,
    cancel_order,
    find_order,
    is_indexer_there,
    put_order,
    remove_order,
)
from fieldstone.runtime.storage.index_states import Doing, OrderState
from fieldstone.runtime.storage.job_steps import alone, end_with, result_of, stop_if_told
from fieldstone.runtime.storage.moving import (
    INDEX_MARK,
    MOVE_MARK,
    is_field_busy,
    job_in,
    without,
)
from fieldstone.runtime.transactions import Transaction

MAKE_INDEX: Final = "storage.make_index"
DROP_INDEX: Final = "storage.drop_index"
_LOOK_EVERY_S: Final = 0.5


async def request_index(tx: Transaction, obj: ObjectDef, fields: Sequence[Field]) -> int:
    """Have an index made of an object's own heap; the number of the job.

    tx must have been opened by Database.change_metadata.
    Raises Forbidden, IndexNotPossible, StorageBusy, NoIndexer.
    """
    names = ", ".join(field.name for field in fields)
    if not has_own_heap(obj):
        raise IndexNotPossible(
            f"{obj.plural_label} lie in a heap that other objects share.",
            hint=f"crm storage promote {obj.name} moves them to one of their own.",
        )
    columns = [column_of(field) for field in fields]
    if None in columns or len(set(columns)) < len(columns):
        raise IndexNotPossible(
            f"No index can hold {names}.", hint="Each field must have a slot, and stand there once."
        )
    wanted = tuple(field.id for field in fields)
    if any(index.fields == wanted for index in obj.indexes):
        raise IndexNotPossible(f"{obj.plural_label} have an index on {names} already.")
    if len(obj.indexes) >= MOST_INDEXES:
        raise IndexNotPossible(
            f"{obj.plural_label} have {MOST_INDEXES} more indexes already.",
            hint="Each costs every writer a little: drop one first.",
        )
    stored = await _checked(tx, obj)
    job = await enqueue(tx, MAKE_INDEX, {"object": obj.id})
    mark: dict[str, Json] = {"kind": MAKE_INDEX, "job": job, "name": f"a{job}"}
    mark |= {"fields": list(wanted), "columns": [str(column) for column in columns]}
    await put_marker(tx, stored.id, {**stored.storage, INDEX_MARK: mark})
    return job


async def request_drop(tx: Transaction, obj: ObjectDef, index: ObjectIndex) -> int:
    """Have an index dropped; the number of the job.

    tx must have been opened by Database.change_metadata. Raises Forbidden, StorageBusy, NoIndexer.
    """
    stored = await _checked(tx, obj)
    job = await enqueue(tx, DROP_INDEX, {"object": obj.id})
    mark: dict[str, Json] = {"kind": DROP_INDEX, "job": job, "name": index.name}
    mark |= {"fields": list(index.fields), "columns": ["id"]}
    await put_marker(tx, stored.id, {**stored.storage, INDEX_MARK: mark})
    return job


async def _checked(tx: Transaction, obj: ObjectDef) -> StoredComponent:
    if not tx.rights.may_set_up(SetupArea.STORAGE):
        raise Forbidden("You may not make indexes.")
    stored = await find_component(tx, obj.id)
    assert stored is not None
    is_converted = await is_field_busy(tx, stored, (RESERVED,))
    if is_converted or INDEX_MARK in stored.storage or MOVE_MARK in stored.storage:
        raise StorageBusy(
            f"A job is at work on the heap of {obj.plural_label}.", hint="Wait until it has ended."
        )
    if not await is_indexer_there(tx):
        raise NoIndexer(
            "Nobody is running who may make indexes.",
            hint="A server that crm serve started may, where FIELDSTONE_DATABASE_URL is the owner.",
        )
    return stored


async def run_make(context: JobContext) -> JsonObject:
    """Do the job of kind storage.make_index: arguments {"object": id}."""
    ended = result_of(context)
    if ended is not None:
        return ended
    work = await _begin(context, Doing.MAKE)
    order = await _wait(context, work)
    async with alone(context) as tx:
        stored = await _mine(tx, context)
        await remove_order(tx, work.object_id, work.name)
        if order.state is OrderState.DONE:
            found = stored.storage.get(INDEXES)
            known = dict(found) if isinstance(found, Mapping) else {}
            made: JsonObject = {"fields": work.fields, "made_on": tx.now.date().isoformat()}
            storage = {**without(stored.storage, INDEX_MARK), INDEXES: {**known, work.name: made}}
            await put_storage(tx, stored, storage, "make_index")
            return await end_with(context, tx, {"index": work.name})
        await put_marker(tx, stored.id, without(stored.storage, INDEX_MARK))
    if order.state is OrderState.CANCELLED:
        raise JobCancelled
    raise IndexFailed(f"The index could not be made: {order.problem}.")


async def run_drop(context: JobContext) -> JsonObject:
    """Do the job of kind storage.drop_index: arguments {"object": id}."""
    ended = result_of(context)
    if ended is not None:
        return ended
    work = await _begin(context, Doing.DROP)
    order = await _wait(context, work)
    async with alone(context) as tx:
        stored = await _mine(tx, context)
        await remove_order(tx, work.object_id, work.name)
        if order.state is not OrderState.DONE:
            await put_marker(tx, stored.id, without(stored.storage, INDEX_MARK))
        else:
            await put_storage(tx, stored, _dropped(stored, work.name), "drop_index")
            return await end_with(context, tx, {"index": work.name})
    raise IndexFailed(f"The index could not be dropped: {order.problem}.")


def _dropped(stored: StoredComponent, name: str) -> dict[str, Json]:
    found = stored.storage.get(INDEXES)
    left = without(found, name) if isinstance(found, Mapping) else {}
    storage = without(stored.storage, INDEX_MARK, INDEXES)
    return {**storage, INDEXES: left} if left else storage


@dataclass(frozen=True, slots=True)
class _Work:
    """What a job is at: which index of which object, and the fields in it."""

    object_id: int
    name: str
    fields: list[Json]
    doing: Doing


async def _begin(context: JobContext, doing: Doing) -> _Work:
    """Write the order, unless an earlier run did."""
    async with context.database.write_apart(context.tenant, context.viewer) as tx:
        stored = await _mine(tx, context)
        mark = stored.storage[INDEX_MARK]
        assert isinstance(mark, Mapping)
        fields, columns = mark["fields"], mark["columns"]
        assert isinstance(fields, list)
        assert isinstance(columns, list)
        work = _Work(stored.id, str(mark["name"]), fields, doing)
        await put_order(tx, work.object_id, work.name, [str(one) for one in columns], doing)
    return work


async def _wait(context: JobContext, work: _Work) -> Order:
    """Wait for the end of the order, and tell how far it is.

    Who is told to stop lets it go on, and asks again after the next start. Raises JobInterrupted.
    """
    told = False
    while True:
        stop_if_told(context)
        async with context.database.write_apart(context.tenant, context.viewer) as tx:
            order = await find_order(tx, work.object_id, work.name)
            if order is None:
                raise Overtaken("The order for the index is gone.")
            if not order.state.is_end:
                wanted = await _is_wanted(tx, context)
                if not told and not wanted and work.doing is Doing.MAKE:
                    await cancel_order(tx, work.object_id, work.name)
                    told = True
                await context.checkpoint(tx, {"done": order.done, "total": order.total})
        if order.state.is_end:
            return order
        await asyncio.sleep(_LOOK_EVERY_S)


async def _is_wanted(tx: Transaction, context: JobContext) -> bool:
    stored = await find_component(tx, _object_id(context))
    return not context.job.cancel_requested and stored is not None and stored.deleted_at is None


async def _mine(tx: Transaction, context: JobContext) -> StoredComponent:
    """Give the object's component as long as this job is to see to its index. Raises Overtaken."""
    stored = await find_component(tx, _object_id(context))
    mark = None if stored is None else stored.storage.get(INDEX_MARK)
    if stored is None or mark is None or job_in(mark) != context.job.id:
        raise Overtaken("The object is gone, or another job sees to its indexes.")
    return stored


def _object_id(context: JobContext) -> int:
    number = context.job.arguments["object"]
    assert isinstance(number, int)
    return number
