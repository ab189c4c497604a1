"""Locking records, so that nobody changes what is being approved or is done with, and unlocking.

Whoever may change a record, and has the right to lock records of its object, locks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Integer, Text, insert, or_, select, update

from fieldstone.errors import Forbidden, InvalidInput, NotFound
from fieldstone.ids import ObjectId, RecordId, format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.lock_tables import RECORD_LOCK
from fieldstone.metadata.sharing import Level
from fieldstone.runtime.audit.events import Event, note_record_event
from fieldstone.runtime.records.heap_statements import load_rows
from fieldstone.runtime.records.levels import check_level, seen_of
from fieldstone.runtime.records.write import UnknownRecord, lock
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

LONGEST_REASON: Final = 500
MOST_EARLIER: Final = 20
_PORTION: Final = 1_000
_L: Final = RECORD_LOCK.c
_TENANT: Final = parameter("tenant", Integer())
_RECORD: Final = parameter("record", BigInteger())
_HELD: Final = (_L.tenant_id == _TENANT, _L.record_id == _RECORD, _L.ended_at.is_(None))
_REASON: Final = parameter("reason", Text())
_NOW: Final = parameter("now", DateTime(timezone=True))
_ACTOR: Final = parameter("actor", BigInteger())
_REPHRASE: Final = prepare(update(RECORD_LOCK).where(*_HELD).values(reason=_REASON))
_PUT: Final = prepare(
    insert(RECORD_LOCK).values(
        tenant_id=_TENANT,
        id=parameter("id", BigInteger()),
        record_id=_RECORD,
        object_id=parameter("object", Integer()),
        reason=_REASON,
        locked_at=_NOW,
        locked_by=_ACTOR,
    )
)
_END: Final = prepare(update(RECORD_LOCK).where(*_HELD).values(ended_at=_NOW, ended_by=_ACTOR))
_OF: Final = prepare(
    select(*_L)
    .where(_L.tenant_id == _TENANT, _L.record_id == _RECORD)
    .order_by(_L.ended_at.is_not(None), _L.id.desc())
    .limit(MOST_EARLIER + 1)
)
_OBJECT: Final = parameter("object", Integer())
_LIST: Final = prepare(
    select(*_L)
    .where(
        _L.tenant_id == _TENANT,
        or_(_OBJECT.is_(None), _L.object_id == _OBJECT),
        _L.id < parameter("before", BigInteger()),
        _L.ended_at.is_(None),
    )
    .order_by(_L.id.desc())
    .limit(_PORTION)
)


class MayNotLock(Forbidden):
    """Somebody who may not lock the records of an object, nor unlock them."""

    code = "record.may_not_lock"


class NotLocked(NotFound):
    """A record that is not locked."""

    code = "record.not_locked"


class BadReason(InvalidInput):
    """A reason that is too long."""

    code = "record.bad_reason"


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock of a record. by, ended_by: the users who locked and unlocked it.

    ended_at: None of one that holds.
    """

    id: int
    record_id: RecordId
    object_id: ObjectId
    reason: str
    at: datetime
    by: RecordId | None
    ended_at: datetime | None = None
    ended_by: RecordId | None = None


async def lock_record(tx: Transaction, obj: ObjectDef, record_id: RecordId, reason: str) -> Lock:
    """Lock a record, or say another reason for a lock that there is.

    Raises UnknownRecord, NotEditable, MayNotLock, BadReason.
    """
    if len(reason) > LONGEST_REASON:
        message = f"A reason has at most {LONGEST_REASON} characters."
        raise BadReason(message, at="/reason", hint="Shorten it.")
    await _hold(tx, obj, record_id)
    said = {"tenant": tx.tenant.id, "record": record_id, "reason": reason.strip()}
    if not await tx.run(_REPHRASE, **said):
        number = tx.minter.mint()
        known = {"now": tx.now, "actor": tx.viewer.user_id, "object": obj.id}
        await tx.run(_PUT, id=number, **said, **known)
    await note_record_event(tx, obj, record_id, Event.RECORD_LOCKED, reason=reason.strip())
    [held, *_] = await locks_of(tx, obj, record_id)
    return held


async def unlock_record(tx: Transaction, obj: ObjectDef, record_id: RecordId) -> None:
    """Unlock a record. Raises UnknownRecord, NotEditable, MayNotLock, NotLocked."""
    await _hold(tx, obj, record_id)
    ended = {"now": tx.now, "actor": tx.viewer.user_id}
    if not await tx.run(_END, tenant=tx.tenant.id, record=record_id, **ended):
        raise NotLocked(f"{obj.label} {format_id(obj.prefix, record_id)} is not locked.")
    await note_record_event(tx, obj, record_id, Event.RECORD_UNLOCKED)


async def locks_of(tx: Transaction, obj: ObjectDef, record_id: RecordId) -> list[Lock]:
    """Give the locks of a live record, the one that holds first, then the latest ones.

    Raises UnknownRecord.
    """
    known = await tx.rows(load_rows(obj.heap, tx.tenant.id, obj.id), ids=[record_id])
    if not known or not await check_level(tx, obj, record_id, Level.READ):
        raise _unknown(obj, record_id)
    rows = await tx.rows(_OF, tenant=tx.tenant.id, record=record_id)
    return [_lock(row) for row in rows]


async def list_locks(tx: Transaction, obj: ObjectDef | None, before: int, limit: int) -> list[Lock]:
    """Give the locks that hold, the newest first, of records that the viewer sees.

    obj: of which object; None for all. before: what the ids are below.
    """
    found: list[Lock] = []
    while len(found) < limit:
        rows = await tx.rows(
            _LIST,
            tenant=tx.tenant.id,
            object=None if obj is None else obj.id,
            before=before,
        )
        found += await _seen(tx, [_lock(row) for row in rows])
        if len(rows) < _PORTION:
            break
        before = rows[-1]["id"]
    return found[:limit]


async def _seen(tx: Transaction, locks: Sequence[Lock]) -> list[Lock]:
    """Give those whose records are live and seen by the viewer."""
    seen = set[RecordId]()
    for number in {one.object_id for one in locks}:
        obj = tx.catalog.by_id.get(number)
        if obj is not None and tx.rights.may_read_object(obj.id):
            ids = sorted({one.record_id for one in locks if one.object_id == number})
            rows = await tx.rows(load_rows(obj.heap, tx.tenant.id, obj.id), ids=ids)
            seen |= await seen_of(tx, obj, [row["id"] for row in rows])
    return [one for one in locks if one.record_id in seen]


async def _hold(tx: Transaction, obj: ObjectDef, record_id: RecordId) -> None:
    """Hold the row of a record that the viewer may lock, so that nobody writes it meanwhile."""
    found = await lock(tx, obj, [record_id])
    if record_id not in found or not await check_level(tx, obj, record_id):
        raise _unknown(obj, record_id)
    if not tx.rights.may_lock(obj.id):
        raise MayNotLock(
            f"You may neither lock nor unlock {obj.plural_label}.",
            hint="Ask for a permission set that gives the right to lock them.",
        )


def _unknown(obj: ObjectDef, record_id: RecordId) -> UnknownRecord:
    return UnknownRecord(f"There is no {obj.label} {format_id(obj.prefix, record_id)}.")


def _lock(row: Any) -> Lock:
    return Lock(
        row["id"],
        RecordId(row["record_id"]),
        ObjectId(row["object_id"]),
        row["reason"],
        row["locked_at"],
        row["locked_by"],
        row["ended_at"],
        row["ended_by"],
    )
