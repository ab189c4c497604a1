"""Filling a slot that was lent late, and emptying one that was taken back, batch by batch.

No version of a record rises and nothing enters the change log: what the records hold is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Integer, bindparam, func, select, update
from sqlalchemy.sql.expression import null

from fieldstone.ids import FieldId
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.tables import heap
from fieldstone.metadata.values import Json, JsonObject, read_json
from fieldstone.runtime.job_runs import JobCancelled, JobContext
from fieldstone.runtime.records.heap_statements import inline, of_object
from fieldstone.runtime.records.store import slot_value
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare
from fieldstone.runtime.storage import heap_moves
from fieldstone.runtime.storage.component_storage import find_component, put_marker, put_storage
from fieldstone.runtime.storage.errors import Overtaken
from fieldstone.runtime.storage.job_steps import (
    alone,
    end_with,
    result_of,
    stop_if_told,
    work_in_background,
)
from fieldstone.runtime.storage.moving import job_in, without
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.storage.slots import (
    EMPTYING,
    FILLING,
    JOB,
    start_emptying,
    start_filling,
)
from fieldstone.runtime.transactions import Transaction

_CACHED: Final = 256
_AFTER: Final = parameter("after", BigInteger())
_MOST: Final = parameter("most", Integer())


@lru_cache(maxsize=_CACHED)
def _values(heap_name: str, tenant_id: int, object_id: int, key: str) -> Prepared:
    """The next rows after an id, each with the JSON of one value, locked until the end."""
    table = heap(heap_name)
    return prepare(
        select(table.c.id, table.c.data[inline(key)].label("value"))
        .where(of_object(table, tenant_id, object_id), table.c.id > _AFTER)
        .order_by(table.c.id)
        .limit(_MOST)
        .with_for_update()
    )


@lru_cache(maxsize=_CACHED)
def _put(heap_name: str, tenant_id: int, object_id: int, slot: str) -> Prepared:
    """Fill a slot: arrays id and slot. Rows that have the value are left alone."""
    table = heap(heap_name)
    x = incoming(table, "id", slot)
    return prepare(
        update(table)
        .where(
            of_object(table, tenant_id, object_id),
            table.c.id == x.c.id,
            table.c[slot].is_distinct_from(x.c[slot]),
        )
        .values({slot: x.c[slot]})
    )


@lru_cache(maxsize=_CACHED)
def _filled(heap_name: str, tenant_id: int, object_id: int, slot: str) -> Prepared:
    """The ids in a range of rows whose slot has a value, locked in their order."""
    table = heap(heap_name)
    return prepare(
        select(table.c.id)
        .where(
            of_object(table, tenant_id, object_id),
            table.c.id > _AFTER,
            table.c.id <= parameter("up_to", BigInteger()),
            table.c[slot].is_not(None),
        )
        .order_by(table.c.id)
        .with_for_update()
    )


@lru_cache(maxsize=_CACHED)
def _clear(heap_name: str, tenant_id: int, object_id: int, slot: str) -> Prepared:
    """Empty a slot of the rows of these ids."""
    table = heap(heap_name)
    ids = bindparam("ids", type_=ARRAY(BigInteger), required=False)
    return prepare(
        update(table)
        .where(of_object(table, tenant_id, object_id), table.c.id == func.any(ids))
        .values({slot: null()})
    )


async def clear_slot(
    context: JobContext, heap_name: str, object_id: int, slot: str, rules: StorageRules
) -> None:
    """Empty a slot that nothing reads or writes of all rows of an object."""
    after = 0
    while True:
        stop_if_told(context)
        async with context.write() as tx:
            await work_in_background(tx)
            bounds = heap_moves.bounds(heap_name, tx.tenant.id, object_id)
            batch: Any = await tx.row(bounds, after=after, most=rules.batch)
            if batch["last"] is None:
                return
            filled = _filled(heap_name, tx.tenant.id, object_id, slot)
            rows = await tx.rows(filled, after=after, up_to=batch["last"])
            clear = _clear(heap_name, tx.tenant.id, object_id, slot)
            await tx.run(clear, ids=[row["id"] for row in rows])
            await context.checkpoint(tx, context.job.progress)
            after = batch["last"]


async def run_fill(context: JobContext, rules: StorageRules) -> JsonObject:
    """Do the job of kind storage.fill_slot: arguments {"field": id}."""
    ended = result_of(context)
    if ended is not None:
        return ended
    try:
        await _fill_all(context, rules)
    except JobCancelled:
        with suppress(Overtaken):
            await _give_up_filling(context)
        raise
    async with alone(context) as tx:
        stored = await _mine(tx, context, FILLING)
        slot = stored.storage[FILLING]
        storage = {**without(stored.storage, FILLING, JOB), "slot": slot}
        await put_storage(tx, stored, storage, "slot_filled")
        return await end_with(context, tx, {"slot": slot, "records": _done(context)})


async def _fill_all(context: JobContext, rules: StorageRules) -> None:
    while True:
        context.go_on()
        async with context.write() as tx:
            await work_in_background(tx)
            await _mine(tx, context, FILLING)
            obj, field = _bound(tx.catalog, _field_id(context))
            number = await _fill_batch(tx, context, obj, field, rules)
        if not number:
            return


async def _fill_batch(
    tx: Transaction, context: JobContext, obj: ObjectDef, field: Field, rules: StorageRules
) -> int:
    assert field.filling is not None
    at = context.job.progress.get("checkpoint")
    after = at["after"] if isinstance(at, Mapping) else 0
    read = _values(obj.heap, tx.tenant.id, obj.id, field.key)
    rows = await tx.rows(read, after=after, most=rules.batch)
    if rows:
        values = [_slot_value(field, row["value"]) for row in rows]
        put = _put(obj.heap, tx.tenant.id, obj.id, field.filling)
        await tx.run(put, id=[row["id"] for row in rows], **{field.filling: values})
        told: dict[str, Json] = {"done": _done(context) + len(rows)}
        await context.checkpoint(tx, {**told, "checkpoint": {"after": rows[-1]["id"]}})
    return len(rows)


def _slot_value(field: Field, text: str | None) -> Any:
    return slot_value(field, None if text is None else read_json(text))


async def _give_up_filling(context: JobContext) -> None:
    """Have a slot emptied again that was lent in vain; no query has used it."""
    async with alone(context) as tx:
        stored = await _mine(tx, context, FILLING)
        await start_emptying(tx, stored, {"field": stored.id}, 0.0)


async def run_empty(context: JobContext, rules: StorageRules) -> JsonObject:
    """Do the job of kind storage.empty_slot: arguments {"field": id, "lend_to": id or nothing}."""
    ended = result_of(context)
    if ended is not None:
        return ended
    async with alone(context) as tx:
        stored = await _mine(tx, context, FILLING, EMPTYING)
        slot = str(stored.storage.get(FILLING) or stored.storage[EMPTYING])
        if FILLING in stored.storage:
            storage = {**without(stored.storage, FILLING), EMPTYING: slot}
            await put_storage(tx, stored, storage, "slot_unused")
        obj, _ = _bound(tx.catalog, FieldId(stored.id))
    await clear_slot(context, obj.heap, obj.id, slot, rules)
    async with alone(context) as tx:
        stored = await _mine(tx, context, EMPTYING)
        await put_marker(tx, stored.id, without(stored.storage, EMPTYING, JOB))
        lent = await _lend_on(tx, context, slot)
        return await end_with(context, tx, {"slot": slot, "job": lent})


async def _lend_on(tx: Transaction, context: JobContext, slot: str) -> int | None:
    """Lend the slot that has just come back to the field that waits for it."""
    wanted = context.job.arguments.get("lend_to")
    if not isinstance(wanted, int):
        return None
    stored = await find_component(tx, wanted)
    if stored is None or stored.deleted_at or {"slot", JOB} & set(stored.storage):
        return None
    return await start_filling(tx, stored, slot)


async def _mine(tx: Transaction, context: JobContext, *states: str) -> StoredComponent:
    """Give the field's component as long as this job is to see to its slot. Raises Overtaken."""
    stored = await find_component(tx, _field_id(context))
    mark = None if stored is None else stored.storage.get(JOB)
    if stored is None or stored.deleted_at or mark is None or job_in(mark) != context.job.id:
        raise Overtaken("The field was deleted, or another job sees to its slot.")
    if not any(state in stored.storage for state in states):
        raise Overtaken("The slot is not what the job expects.")
    return stored


def _field_id(context: JobContext) -> FieldId:
    number = context.job.arguments["field"]
    assert isinstance(number, int)
    return FieldId(number)


def _done(context: JobContext) -> int:
    done = context.job.progress.get("done", 0)
    assert isinstance(done, int)
    return done


def _bound(catalog: Catalog, field_id: FieldId) -> tuple[ObjectDef, Field]:
    """Give a field and its object by the field's number. Raises Overtaken."""
    for obj in catalog.objects:
        for field in obj.own_fields:
            if field.id == field_id:
                return obj, field
    raise Overtaken("The field or its object was deleted.")
