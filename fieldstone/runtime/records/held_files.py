"""Which files a viewer may read: their own, those of records that they may read, or all of them.

A record that holds a file has a row in link as it has for a reference, so that "who holds this
file" is one look, however large the objects are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fieldstone.ids import ObjectId, RecordId
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.field_types.file import File
from fieldstone.metadata.rights import SetupArea
from fieldstone.runtime.records.heap_statements import load_rows
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.records.side_statements import LINKS_TO
from fieldstone.runtime.records.store import stored_record, targets_in
from fieldstone.runtime.transactions import Transaction

_MOST_HOLDERS: Final = 1_000


async def readable_files(tx: Transaction, uploaded_by: Mapping[int, int | None]) -> set[int]:
    """Give those of these files that the viewer may read. uploaded_by: who uploaded each."""
    if tx.rights.may_set_up(SetupArea.STORAGE):
        return set(uploaded_by)
    me = tx.viewer.user_id
    own = {number for number, who in uploaded_by.items() if who is not None and who == me}
    others = sorted(uploaded_by.keys() - own)
    return own | await _held_readably(tx, others) if others else own


async def _held_readably(tx: Transaction, numbers: Sequence[int]) -> set[int]:
    """Give those files that a field holds which the viewer may read, of a record that is there."""
    links = await tx.rows(LINKS_TO, tenant=tx.tenant.id, ids=numbers, most=_MOST_HOLDERS)
    holders: dict[ObjectId, set[RecordId]] = {}
    for link in links:
        object_id = ObjectId(link["source_object_id"])
        holders.setdefault(object_id, set()).add(RecordId(link["source_id"]))
    found: set[int] = set()
    for object_id, ids in holders.items():
        obj = tx.catalog.by_id.get(object_id)
        if obj is not None and tx.rights.may_read_object(obj.id):
            found |= await _held_by(tx, obj, sorted(await seen_of(tx, obj, ids)))
    return found.intersection(numbers)


async def _held_by(tx: Transaction, obj: ObjectDef, ids: Sequence[RecordId]) -> set[int]:
    fields = [
        f for f in obj.own_fields if isinstance(f.type, File) and tx.rights.may_read_field(f.id)
    ]
    rows = await tx.rows(load_rows(obj.heap, tx.tenant.id, obj.id), ids=ids)
    records = [stored_record(row).data for row in rows]
    return {n for data in records for f in fields for n in targets_in(data.get(f.key))}
