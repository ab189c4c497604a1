"""Writes checked records: rows, slots, links, search text and the change log, set by set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import NoneType
from typing import Any, Final, TypeVar

from fieldstone.ids import parse_id
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.field_types.file import File
from fieldstone.metadata.values import Json, fold, read_json, write_json
from fieldstone.runtime.records.draft import Data, Draft, StoredRecord
from fieldstone.runtime.records.heap_statements import insert_rows, update_rows
from fieldstone.runtime.records.side_statements import (
    ADD_LINKS,
    ADD_SEARCH,
    LOG,
    PUT_SEARCH,
    REMOVE_LINKS,
    REMOVE_SEARCH,
)
from fieldstone.runtime.statements import Prepared
from fieldstone.runtime.transactions import Transaction

_SAMPLE: Final = 64
_SIMPLE: Final = (str, int, Decimal, NoneType)
T = TypeVar("T")
Logged = Mapping[str, Json] | None
"""Values by field key as the log tells them; None for none."""


def stored_record(row: Any) -> StoredRecord:
    """Read a record out of a row of its heap."""
    data = read_json(row["data"])
    assert isinstance(data, dict)
    if row["data_long"] is not None:
        long = read_json(row["data_long"])
        assert isinstance(long, dict)
        data.update(long)
    return StoredRecord(
        id=row["id"],
        version=row["version"],
        owner_id=row["owner_id"],
        data=data,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        deleted_at=row["deleted_at"],
    )


async def insert(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Write new records. They were checked; ids and unique values are theirs already."""
    await _write_rows(tx, obj, drafts, insert_rows, cause=write_json(tx.cause))
    await add_links(tx, obj, drafts, [f for f in obj.own_fields if is_linked(f)])
    await put_search(tx, obj, drafts, ADD_SEARCH)


async def update(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Write changed records, which the transaction has locked."""
    await _write_rows(tx, obj, drafts, update_rows)
    stored = [(draft, draft.before) for draft in drafts if draft.before is not None]
    versions = [(draft.id, before.version + 1) for draft, before in stored]
    entries = [_log_entry(draft, before) for draft, before in stored]
    await write_log(tx, obj, "update", versions, entries)
    linked = [f for f in obj.own_fields if is_linked(f)]
    moved = [(d, [f for f in linked if d.changes(f)]) for d in drafts]
    gone = [(f.id, d.id) for d, fields in moved for f in fields]
    if gone:
        await tx.run(
            REMOVE_LINKS,
            tenant=tx.tenant.id,
            field_id=[field_id for field_id, _ in gone],
            source_id=[source for _, source in gone],
        )
        for field in linked:
            await add_links(tx, obj, [d for d, fields in moved if field in fields], [field])
    searched = [f for f in obj.own_fields if f.searchable]
    await put_search(tx, obj, [d for d in drafts if any(d.changes(f) for f in searched)])


def is_linked(field: Field) -> bool:
    """Tell whether the table link says where a field points: to records, or to a file."""
    return field.is_reference or isinstance(field.type, File)


async def _write_rows(
    tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft], build: Any, **scalars: str
) -> None:
    slotted = [f for f in obj.own_fields if f.written_slot is not None]
    slots = tuple(str(f.written_slot) for f in slotted)
    long_keys = frozenset(f.key for f in obj.own_fields if f.type.long)
    split = [split_long(draft.data, long_keys) for draft in drafts]
    await tx.run(
        build(obj.heap, tx.tenant.id, obj.id, slots),
        id=[draft.id for draft in drafts],
        owner_id=[draft.owner_id for draft in drafts],
        data=[write_json(short) for short, _ in split],
        data_long=[write_json(long) if long else None for _, long in split],
        now=tx.now,
        actor=tx.viewer.user_id,
        **{str(f.written_slot): _column(f, drafts, f.type.slot_value) for f in slotted},
        **scalars,
    )


def _column(field: Field, drafts: Sequence[Draft], work: Callable[[Any, Any], T]) -> list[T | None]:
    """Give what is worked out of each record's value of a field, once where values repeat."""
    key, options, decode = field.key, field.options, field.type.decode
    values: list[Any] = [draft.data.get(key) for draft in drafts]
    if not _repeat(values):
        return [None if value is None else work(decode(value), options) for value in values]
    found = {value: work(decode(value), options) for value in set(values) if value is not None}
    return [found.get(value) for value in values]


def _repeat(values: Sequence[Any]) -> bool:
    """Tell by the first values of a column whether it holds the same few texts or numbers."""
    some = values[:_SAMPLE]
    if len(some) < _SAMPLE or not all(isinstance(value, _SIMPLE) for value in values):
        return False
    return len(set(some)) * 2 < _SAMPLE


def split_long(data: Data, long_keys: frozenset[str]) -> tuple[Data, Data]:
    """Part the values that lie in data_long from the others."""
    if not long_keys:
        return data, {}
    return (
        {key: value for key, value in data.items() if key not in long_keys},
        {key: value for key, value in data.items() if key in long_keys},
    )


def slot_value(field: Field, value: Json) -> Any:
    """Give what a stored value puts into its field's slot; None where it has none."""
    if value is None:
        return None
    return field.type.slot_value(field.type.decode(value), field.options)


def _log_entry(draft: Draft, stored: StoredRecord) -> tuple[Data, Data]:
    """Give before and after of a change: only the keys that changed; owner as itself."""
    keys = draft.changed_keys()
    before: Data = {key: stored.data.get(key) for key in keys}
    after: Data = {key: draft.data.get(key) for key in keys}
    if stored.owner_id != draft.owner_id:
        before["owner"], after["owner"] = stored.owner_id, draft.owner_id
    return before, after


async def write_log(
    tx: Transaction,
    obj: ObjectDef,
    operation: str,
    records: Sequence[tuple[int, int]],
    entries: Sequence[tuple[Logged, Logged]],
) -> None:
    """Add entries to the change log: one for each record's id and version, before and after."""
    await tx.run(
        LOG,
        tenant=tx.tenant.id,
        now=tx.now,
        actor=tx.viewer.user_id,
        cause=write_json(tx.cause),
        object_id=[obj.id] * len(records),
        record_id=[record_id for record_id, _ in records],
        version=[version for _, version in records],
        operation=[operation] * len(records),
        before=[_logged_text(before) for before, _ in entries],
        after=[_logged_text(after) for _, after in entries],
    )


def _logged_text(said: Logged) -> str | None:
    return None if said is None else write_json(said)


async def add_links(
    tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft], fields: Sequence[Field]
) -> None:
    """Write down every reference that these fields of these records hold."""
    found = [
        (target, field.id, draft.id)
        for draft in drafts
        for field in fields
        for target in targets_in(draft.value(field))
    ]
    if found:
        await tx.run(
            ADD_LINKS,
            tenant=tx.tenant.id,
            target_id=[target for target, _, _ in found],
            field_id=[field_id for _, field_id, _ in found],
            source_id=[source for _, _, source in found],
            source_object_id=[obj.id] * len(found),
        )


def targets_in(value: Json) -> list[int]:
    """Give the ids that a stored reference, a list of them, or a file points to."""
    if isinstance(value, dict):
        return [parse_id(str(value["id"]))[1]]
    if isinstance(value, str):
        return [parse_id(value)[1]]
    if isinstance(value, list | tuple):
        return [parse_id(str(part))[1] for part in value]
    return []


async def put_search(
    tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft], statement: Prepared = PUT_SEARCH
) -> None:
    """Bring the search text of records up to date. statement: ADD_SEARCH where none has any yet."""
    fields = [f for f in obj.own_fields if f.searchable]
    if not fields or not drafts:
        return
    numbers = [draft.id for draft in drafts]
    texts = dict(zip(numbers, search_texts(fields, drafts), strict=True))
    filled = {key: text for key, text in texts.items() if text}
    emptied = [key for key, text in texts.items() if not text]
    if filled:
        await tx.run(
            statement,
            tenant=tx.tenant.id,
            id=list(filled),
            object_id=[obj.id] * len(filled),
            txt=list(filled.values()),
        )
    if emptied:
        await tx.run(REMOVE_SEARCH, tenant=tx.tenant.id, ids=emptied)


def search_texts(fields: Sequence[Field], drafts: Sequence[Draft]) -> list[str]:
    """Give the folded texts by which records are found, each with its name first."""
    columns = [_column(field, drafts, field.type.search_text) for field in fields]
    return [fold(" ".join(filter(None, row))) for row in zip(*columns, strict=True)]
