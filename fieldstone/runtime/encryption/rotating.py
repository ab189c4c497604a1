"""Changing the key: values sealed with another key than the current one are sealed anew.

A job goes through the records, those in the bin too. Nothing is entered in the log, for no value
changes: what the log holds stays as it was sealed, so that its seals hold, and keeps its key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import BigInteger, Text, func, select, update

from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.encryption import likeness_of
from fieldstone.metadata.tables import CHANGE, heap
from fieldstone.metadata.values import Json, write_json
from fieldstone.runtime.encryption.keyring import Keyring
from fieldstone.runtime.encryption.opening import keyring_of
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.jobs import Job, enqueue, find_last_job
from fieldstone.runtime.records import store
from fieldstone.runtime.records.draft import Data, StoredRecord
from fieldstone.runtime.records.heap_statements import inline, of_object
from fieldstone.runtime.records.side_statements import CLAIM_UNIQUE, RELEASE_UNIQUE
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare
from fieldstone.runtime.storage.overview import check_storage
from fieldstone.runtime.transactions import Transaction

ROTATE: Final = "encryption.rotate"
"""The kind of the job."""

BATCH: Final = 500
_AFTER: Final = parameter("after", BigInteger())
_KEPT: Final = 1_024
_INSTANTS: Final = ("created_at", "updated_at", "deleted_at")


@dataclass(frozen=True, slots=True)
class FieldKeys:
    """How many values of an encrypted field there are under each key.

    records: in records, those in the bin too. log: in the change log.
    """

    object: ObjectDef
    field: Field
    records: Mapping[str, int]
    log: Mapping[str, int]


async def start_rotation(tx: Transaction) -> int:
    """Have a job seal with the current key what is sealed with others; its number.

    Raises Forbidden.
    """
    check_storage(tx)
    return await enqueue(tx, ROTATE, {})


async def last_rotation(tx: Transaction) -> Job | None:
    """Give the job that sealed anew last, or does so now; None if there was none of late."""
    return await find_last_job(tx, ROTATE)


async def encryption_status(tx: Transaction) -> list[FieldKeys]:
    """Count the values of each encrypted field by their keys. Raises Forbidden, QueryTimeout."""
    check_storage(tx)
    return [
        FieldKeys(
            obj,
            field,
            await _counted(tx, _keys_in_records(obj, field, tx)),
            await _counted(tx, _keys_in_log(obj, field, tx)),
        )
        for obj, fields in encrypted_objects(tx.catalog)
        for field in fields
    ]


def encrypted_objects(catalog: Catalog) -> Iterator[tuple[ObjectDef, list[Field]]]:
    """Yield the objects that have encrypted fields, with these, in order of id."""
    for obj in sorted(catalog.objects, key=lambda one: one.id):
        fields = [field for field in obj.own_fields if field.encryption is not None]
        if fields:
            yield obj, fields


async def run_rotation(context: JobContext) -> Mapping[str, Json]:
    """Do the job of kind encryption.rotate: batch after batch, each with its checkpoint."""
    while True:
        context.go_on()
        async with context.write() as tx:
            if not await _rotate_batch(tx, context):
                return {"sealed_anew": _number(context.job.progress.get("done"))}


async def _rotate_batch(tx: Transaction, context: JobContext) -> bool:
    """Go through the next records; whether there were any."""
    at = context.job.progress.get("checkpoint")
    place = at if isinstance(at, Mapping) else {}
    number, after = _number(place.get("object")), _number(place.get("after"))
    for obj, fields in encrypted_objects(tx.catalog):
        if obj.id < number:
            continue
        rows = await tx.rows(
            _page(obj.heap, tx.tenant.id, obj.id), after=after if obj.id == number else 0
        )
        if rows:
            changed = await _seal_anew(tx, obj, fields, [store.stored_record(row) for row in rows])
            done = _number(context.job.progress.get("done")) + changed
            told: dict[str, Json] = {"done": done, "words": f"Sealed {done:,} records anew."}
            checkpoint: dict[str, Json] = {"object": obj.id, "after": rows[-1]["id"]}
            await context.checkpoint(tx, {**told, "checkpoint": checkpoint})
            return True
    return False


async def _seal_anew(
    tx: Transaction, obj: ObjectDef, fields: Sequence[Field], records: Sequence[StoredRecord]
) -> int:
    """Seal with the current key what of some locked records is not; how many had such values."""
    keyring = keyring_of(tx)
    old = [(one, _old_fields(keyring, one, fields)) for one in records]
    old = [(one, stale) for one, stale in old if stale]
    for record, stale in old:
        for field in stale:
            value = keyring.open(field, record.id, str(record.data[field.key]))
            record.data[field.key] = keyring.seal(field, record.id, value)
    if old:
        await _put(tx, obj, fields, [record for record, _ in old])
        await _claim(tx, obj, [(one, stale) for one, stale in old if one.deleted_at is None])
    return len(old)


def _old_fields(keyring: Keyring, record: StoredRecord, fields: Sequence[Field]) -> list[Field]:
    held = [(field, record.data.get(field.key)) for field in fields]
    return [one for one, token in held if token is not None and not keyring.is_current(str(token))]


async def _put(
    tx: Transaction, obj: ObjectDef, fields: Sequence[Field], records: Sequence[StoredRecord]
) -> None:
    slotted = [field for field in fields if field.written_slot is not None]
    long_keys = frozenset(field.key for field in obj.own_fields if field.type.long)
    split = [store.split_long(record.data, long_keys) for record in records]
    await tx.run(
        _write(obj.heap, tx.tenant.id, obj.id, tuple(str(one.written_slot) for one in slotted)),
        id=[record.id for record in records],
        data=[write_json(short) for short, _ in split],
        data_long=[write_json(long) if long else None for _, long in split],
        **{str(one.written_slot): [_slot(one, r.data) for r in records] for one in slotted},
    )


def _slot(field: Field, data: Data) -> str | None:
    token = data.get(field.key)
    return None if token is None else likeness_of(str(token)) or None


async def _claim(
    tx: Transaction, obj: ObjectDef, records: Sequence[tuple[StoredRecord, list[Field]]]
) -> None:
    """Hold unique values under every key there is, so that nobody else takes them meanwhile."""
    unique = [(r, f) for r, some in records for f in some if f.unique or f.external_id]
    if not unique:
        return
    keyring = keyring_of(tx)
    claims = [
        (record, field, likeness)
        for record, field in unique
        for likeness in keyring.likenesses(
            field, keyring.open(field, record.id, str(record.data[field.key]))
        )
    ]
    await tx.run(
        RELEASE_UNIQUE,
        tenant=tx.tenant.id,
        field_id=[field.id for _, field in unique],
        record_id=[record.id for record, _ in unique],
    )
    await tx.rows(
        CLAIM_UNIQUE,
        tenant=tx.tenant.id,
        object_id=[obj.id] * len(claims),
        field_id=[field.id for _, field, _ in claims],
        value=[likeness for _, _, likeness in claims],
        record_id=[record.id for record, _, _ in claims],
    )


async def _counted(tx: Transaction, statement: Prepared) -> dict[str, int]:
    rows = await tx.rows(statement)
    return {row["key"]: row["count"] for row in rows}


def _keys_in_records(obj: ObjectDef, field: Field, tx: Transaction) -> Prepared:
    table = heap(obj.heap)
    column = table.c.data_long if field.type.long else table.c.data
    token = column[inline(field.key)].astext
    key = func.split_part(token, inline("."), inline(2))
    found = select(key.label("key"), func.count().label("count")).where(
        of_object(table, tx.tenant.id, obj.id), token.is_not(None)
    )
    return prepare(found.group_by(key))


def _keys_in_log(obj: ObjectDef, field: Field, tx: Transaction) -> Prepared:
    said = CHANGE.c.after[inline(field.key)].astext
    token = func.coalesce(said, CHANGE.c.before[inline(field.key)].astext, type_=Text())
    key = func.split_part(token, inline("."), inline(2))
    found = select(key.label("key"), func.count().label("count")).where(
        CHANGE.c.tenant_id == inline(tx.tenant.id),
        CHANGE.c.object_id == inline(obj.id),
        token.is_not(None),
    )
    return prepare(found.group_by(key))


@lru_cache(maxsize=_KEPT)
def _page(heap_name: str, tenant_id: int, object_id: int) -> Prepared:
    """The next rows of an object, live or in the bin, locked until the transaction ends."""
    table = heap(heap_name)
    columns = ("id", "version", "owner_id", "data", "data_long", *_INSTANTS)
    return prepare(
        select(*(table.c[name] for name in columns))
        .where(of_object(table, tenant_id, object_id), table.c.id > _AFTER)
        .order_by(table.c.id)
        .limit(BATCH)
        .with_for_update()
    )


@lru_cache(maxsize=_KEPT)
def _write(heap_name: str, tenant_id: int, object_id: int, slots: tuple[str, ...]) -> Prepared:
    """Values of records in another form: their version stays."""
    table = heap(heap_name)
    columns = ("data", "data_long", *slots)
    x = incoming(table, "id", *columns)
    return prepare(
        update(table)
        .where(of_object(table, tenant_id, object_id), table.c.id == x.c.id)
        .values({name: x.c[name] for name in columns})
    )


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0
