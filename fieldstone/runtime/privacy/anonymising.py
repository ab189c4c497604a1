"""Making records anonymous: what tells who somebody is goes, from the record and from its history.

The record stays, with all that can still be counted: its place among others, its amounts and dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.field_types.registry import get_field_type
from fieldstone.metadata.field_types.text import Text
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.moved_values import REMAINDER_OF
from fieldstone.metadata.personal import is_personal, personal_fields
from fieldstone.metadata.values import fold
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.records import store
from fieldstone.runtime.records.checks import is_unique
from fieldstone.runtime.records.delete import unchanged
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.records.side_statements import RELEASE_UNIQUE
from fieldstone.runtime.records.write import lock
from fieldstone.runtime.storage.purge_components import remove_from_rows
from fieldstone.runtime.storage.purge_records import PurgeTarget
from fieldstone.runtime.storage.purge_statements import REDACT_KEY, any_rows
from fieldstone.runtime.storage.released_files import files_in, release_files
from fieldstone.runtime.transactions import Transaction

ERASED: Final = "[erased]"
"""Stands in the place of a name, so that a record can still be pointed at."""


async def anonymise(tx: Transaction, obj: ObjectDef, ids: Sequence[RecordId]) -> int:
    """Take the personal values from records, live or in the bin; from how many there were any."""
    fields = personal_fields(obj)
    if ids:
        await _empty_deleted(tx, obj, ids)
    if not fields or not ids:
        return 0
    there = await lock(tx, obj, ids) | await lock(tx, obj, ids, deleted=True)
    drafts = [unchanged(record) for record in there.values()]
    emptied = [draft for draft in drafts if _empty(draft, obj, fields)]
    await forget_values(tx, fields, list(there))
    await rewrite(tx, obj, emptied)
    # What the rewriting itself told the log goes as well.
    await forget_values(tx, fields, [draft.id for draft in emptied])
    return len(emptied)


async def _empty_deleted(tx: Transaction, obj: ObjectDef, ids: Sequence[RecordId]) -> None:
    """Take the values of personal fields that lie in the bin, from where they could come back."""
    fields = [one for one in await load_components(tx) if _is_deleted_personal(obj, one)]
    if not fields:
        return
    rows = await tx.rows(any_rows(obj.heap, tx.tenant.id, obj.id), ids=list(ids))
    found = [row["id"] for row in rows]
    for field in fields:
        await remove_from_rows(tx, PurgeTarget(obj.id, obj.heap), field, rows)
        numbers = [field.id] * len(found)
        await tx.run(RELEASE_UNIQUE, tenant=tx.tenant.id, field_id=numbers, record_id=found)


def _is_deleted_personal(obj: ObjectDef, row: StoredComponent) -> bool:
    if row.component.kind != "field" or row.deleted_at is None or "key" not in row.storage:
        return False
    if fold(split_name(row.component.name)[0]) != fold(obj.name):
        return False
    # A field of an earlier object of this name may have had a key that another one has now.
    if any(field.key == row.storage["key"] for field in obj.own_fields):
        return False
    if any(field.id == row.storage.get(REMAINDER_OF) for field in personal_fields(obj)):
        return True
    body, said = row.component.body, row.component.body.get("personal")
    type_name = get_field_type(str(body.get("type"))).name
    return is_personal(obj, type_name, said=said if isinstance(said, bool) else None)


def _empty(draft: Draft, obj: ObjectDef, fields: Sequence[Field]) -> bool:
    """Empty the personal fields of a record; whether that changes anything."""
    for field in fields:
        named = field is obj.title and isinstance(field.type, Text) and not is_unique(field)
        draft.put(field, ERASED if named and draft.value(field) is not None else None)
    return bool(draft.changed_keys())


async def rewrite(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Write changed records, live or in the bin, let go of their files and of unique values."""
    if not drafts:
        return
    gone = [(field, one) for one in drafts for field in obj.own_fields if one.changes(field)]
    befores = [(field, one.id, one.before.data.get(field.key)) for field, one in gone if one.before]
    await release_files(tx, files_in(value for _, _, value in befores))
    unique = [(field.id, number) for field, number, _ in befores if is_unique(field)]
    if unique:
        await tx.run(
            RELEASE_UNIQUE,
            tenant=tx.tenant.id,
            field_id=[field_id for field_id, _ in unique],
            record_id=[number for _, number in unique],
        )
    await store.update(tx, obj, drafts)


async def forget_values(tx: Transaction, fields: Sequence[Field], ids: Sequence[int]) -> int:
    """Take the values of some fields of records from the change log; from how many entries."""
    count = 0
    keys = [key for one in fields for key in (one.key, *(old.key for old in one.earlier))]
    for key in keys if ids else ():
        count += await tx.run(REDACT_KEY, tenant=tx.tenant.id, ids=list(ids), key=key)
    return count
