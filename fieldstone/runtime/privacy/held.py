"""What is under legal hold, as conditions of statements that would remove something.

A hold covers the records that it names and, where it says so, those that point to them: now, or
until a deletion emptied the reference, which the recycle bin remembers.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Integer, exists, func, or_, select
from sqlalchemy import column as column_of

from fieldstone.ids import ObjectId
from fieldstone.metadata.privacy_tables import HELD_RECORD
from fieldstone.metadata.tables import BIN, LINK
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

_TENANT: Final = parameter("tenant", Integer())


def is_held(record_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Build the condition that a record is under hold. The statement has the parameter tenant."""
    held, link, note, whole = HELD_RECORD.alias(), LINK.alias(), BIN.alias(), BIN.alias()
    now = (held.c.tenant_id == _TENANT, held.c.ended_at.is_(None))
    named = exists().where(*now, held.c.record_id == record_id)
    pointing = exists().where(
        *now,
        held.c.along,
        link.c.tenant_id == _TENANT,
        link.c.source_id == record_id,
        link.c.target_id == held.c.record_id,
    )
    pointed = exists().where(
        *now,
        held.c.along,
        note.c.tenant_id == _TENANT,
        note.c.record_id == record_id,
        note.c.field_id > 0,
        whole.c.tenant_id == _TENANT,
        whole.c.root_id == note.c.root_id,
        whole.c.record_id == held.c.record_id,
        whole.c.field_id == 0,
    )
    return or_(named, pointing, pointed)


_IDS: Final = (
    func.unnest(parameter("ids", ARRAY(BigInteger)))
    .table_valued(column_of("id", BigInteger))
    .render_derived()
)
_AMONG: Final = prepare(select(_IDS.c.id).where(is_held(_IDS.c.id)))
_OPEN: Final = (HELD_RECORD.c.tenant_id == _TENANT, HELD_RECORD.c.ended_at.is_(None))
_OBJECTS: Final = prepare(
    select(HELD_RECORD.c.object_id.label("id"))
    .where(*_OPEN)
    .union(
        select(LINK.c.source_object_id).where(
            *_OPEN,
            HELD_RECORD.c.along,
            LINK.c.tenant_id == _TENANT,
            LINK.c.target_id == HELD_RECORD.c.record_id,
        )
    )
)


async def held_among(tx: Transaction, ids: list[int]) -> set[int]:
    """Give those of these records that are under hold."""
    rows = await tx.rows(_AMONG, tenant=tx.tenant.id, ids=ids) if ids else []
    return {row["id"] for row in rows}


async def objects_held(tx: Transaction) -> set[ObjectId]:
    """Give the objects of which some record is under hold."""
    return {ObjectId(row["id"]) for row in await tx.rows(_OBJECTS, tenant=tx.tenant.id)}
