"""Making records anonymous: what tells who somebody is goes, from the record and from its history.

The record stays, with all that can still be counted: its place among others, its amounts and dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.field_types.text import Text
from fieldstone.metadata.personal import personal_fields
from fieldstone.runtime.records import store
from fieldstone.runtime.records.checks import is_unique
from fieldstone.runtime.records.delete import unchanged
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.records.side_statements import RELEASE_UNIQUE
from fieldstone.runtime.records.write import lock
from fieldstone.runtime.storage.purge_statements import REDACT_KEY
from fieldstone.runtime.storage.released_files import files_in, release_files
from fieldstone.runtime.transactions import Transaction

ERASED: Final = "[erased]"
"""Stands in the place of a name, so that a record can still be pointed at."""


async def anonymise(tx: Transaction, obj: ObjectDef, ids: Sequence[RecordId]) -> int:
    """Take the personal values from records, live or in the bin; from how many there were any."""
    fields = personal_fields(obj)
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
    for field in fields if ids else ():
        count += await tx.run(REDACT_KEY, tenant=tx.tenant.id, ids=list(ids), key=field.key)
    return count
