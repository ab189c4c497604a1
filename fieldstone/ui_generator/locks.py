"""The lock of a record as its page tells of it."""

from __future__ import annotations

from dataclasses import dataclass

from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.runtime.access.parties import names_of_users
from fieldstone.runtime.records.locking import locks_of
from fieldstone.runtime.records.locks import locked_among
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock that holds. by: whoever locked, if the viewer sees them. at: as ISO 8601."""

    by: str
    at: str
    reason: str
    may_lock: bool


async def held_lock(tx: Transaction, obj: ObjectDef, number: RecordId) -> HeldLock | None:
    """Give the lock that holds of a record that the viewer sees; None if it is not locked."""
    if not await locked_among(tx, [number]):
        return None
    [held, *_] = await locks_of(tx, obj, number)
    names = await names_of_users(tx, [held.by]) if held.by else {}
    by = names.get(held.by, "") if held.by else ""
    return HeldLock(by, held.at.isoformat(), held.reason, tx.rights.may_lock(obj.id))
