"""Which records are locked, as writes ask it: a locked record changes by those alone who may lock.

Whoever locks a record holds its row meanwhile, and whoever writes it asks here once they hold it:
so no write slips through while a lock is being made.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import ARRAY, BigInteger, Integer, func, select

from fieldstone.errors import Forbidden
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.lock_tables import RECORD_LOCK
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

LOCK_HINT: Final = "Have it unlocked by somebody who may."
_LOCKED: Final = prepare(
    select(RECORD_LOCK.c.record_id).where(
        RECORD_LOCK.c.tenant_id == parameter("tenant", Integer()),
        RECORD_LOCK.c.record_id == func.any(parameter("ids", ARRAY(BigInteger))),
        RECORD_LOCK.c.ended_at.is_(None),
    )
)


class LockedRecord(Forbidden):
    """A record that is locked, and that only those change who may lock records of its object."""

    code = "record.locked"


async def locked_among(tx: Transaction, ids: Iterable[int]) -> set[RecordId]:
    """Give those of these records that are locked, for whomever."""
    wanted = sorted(set(ids))
    rows = await tx.rows(_LOCKED, tenant=tx.tenant.id, ids=wanted) if wanted else []
    return {RecordId(row["record_id"]) for row in rows}


async def closed_among(tx: Transaction, obj: ObjectDef, ids: Iterable[int]) -> set[RecordId]:
    """Give those of an object's records that are locked for the viewer."""
    return set() if tx.rights.may_lock(obj.id) else await locked_among(tx, ids)


def lock_message(obj: ObjectDef, record_id: RecordId) -> str:
    """Say that a record is locked."""
    return f"{obj.label} {format_id(obj.prefix, record_id)} is locked."


async def check_unlocked(tx: Transaction, obj: ObjectDef, ids: Iterable[int]) -> None:
    """Raise LockedRecord if one of an object's records is locked for the viewer.

    Of one that the viewer does not see they are told no more than that it is there.
    """
    locked = await closed_among(tx, obj, ids)
    if not locked:
        return
    told = await seen_of(tx, obj, locked) if tx.rights.may_read_object(obj.id) else set()
    if told:
        raise LockedRecord(lock_message(obj, min(told)), hint=LOCK_HINT)
    raise LockedRecord(
        "A record that you may not see would change with it, and is locked.",
        hint="Ask somebody who may see all of it.",
    )
