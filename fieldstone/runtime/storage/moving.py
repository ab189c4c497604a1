"""Wishes to move an object's records, and the marks that they leave on the object's storage.

"move" stands there while rows are copied and the object is still read in the old heap; "leave"
once it is read in the new one and the old rows are waiting to be removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from fieldstone.errors import Forbidden
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.moved_values import RESERVED
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.jobs import UnknownJob, enqueue, load_job
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.storage.component_storage import find_component, put_marker
from fieldstone.runtime.storage.errors import AlreadyThere, StorageBusy
from fieldstone.runtime.storage.heap_moves import HORIZON, LAST_CHANGE
from fieldstone.runtime.storage.own_heaps import own_heap_name
from fieldstone.runtime.transactions import Transaction

MOVE: Final = "storage.move"
CLEAN: Final = "storage.clean"
MOVE_MARK: Final = "move"
LEAVE_MARK: Final = "leave"
INDEX_MARK: Final = "index_job"
FIELD_MARKS: Final = ("slot_filling", "slot_emptying", "purging", RESERVED)


class Place(StrEnum):
    """Where an object's records may lie."""

    OWN = "own"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Move:
    """A move under way. heap: where to. seq, xmin: what changed behind them is copied again."""

    heap: str
    job: int
    seq: int
    xmin: str

    def as_json(self) -> Mapping[str, Json]:
        """Give it as it stands in the object's storage."""
        return asdict(self)


def move_in(storage: Mapping[str, Json]) -> Move | None:
    """Give the move that an object's storage tells of; None if there is none."""
    mark = storage.get(MOVE_MARK)
    if not isinstance(mark, Mapping):
        return None
    return Move(str(mark["heap"]), _number(mark["job"]), _number(mark["seq"]), str(mark["xmin"]))


def job_in(mark: Json) -> int:
    """Give the number of the job that left a mark."""
    assert isinstance(mark, Mapping)
    return _number(mark["job"])


def without(storage: Mapping[str, Json], *keys: str) -> dict[str, Json]:
    """Give a storage without some of its keys."""
    return {key: value for key, value in storage.items() if key not in keys}


async def request_move(tx: Transaction, obj: ObjectDef, place: Place) -> int:
    """Have an object's records brought elsewhere by a job, and give its number.

    tx must have been opened by Database.change_metadata: at this instant nobody is writing, so
    whatever is written later stands behind this place in the change log.
    Raises Forbidden, AlreadyThere, StorageBusy.
    """
    if not tx.rights.may_set_up(SetupArea.STORAGE):
        raise Forbidden("You may not move records.")
    target = own_heap_name(obj.id) if place is Place.OWN else tx.tenant.leaf
    if obj.heap == target:
        kind = "a heap of its own" if place is Place.OWN else "the shared heap"
        raise AlreadyThere(f"The records of {obj.label} lie in {kind}.")
    stored = await find_component(tx, obj.id)
    assert stored is not None
    await refuse_if_moving(tx, stored)
    if INDEX_MARK in stored.storage:
        raise _busy(stored)
    if await is_field_busy(tx, stored):
        raise _busy(stored)
    return await start_move(tx, stored, target)


async def start_move(tx: Transaction, stored: StoredComponent, target: str) -> int:
    """Enqueue the job that moves an object's rows, and mark the object."""
    job = await enqueue(tx, MOVE, {"object": stored.id})
    seq, xmin = await tx.value(LAST_CHANGE), await tx.value(HORIZON)
    mark = Move(target, job, seq, xmin).as_json()
    await put_marker(tx, stored.id, {**stored.storage, MOVE_MARK: mark})
    return job


async def refuse_if_moving(tx: Transaction, stored: StoredComponent) -> None:
    """Return unless an object's rows are on their way. Raises StorageBusy."""
    move = move_in(stored.storage)
    if LEAVE_MARK in stored.storage or (move is not None and await is_alive(tx, move.job)):
        raise _busy(stored)


async def is_field_busy(
    tx: Transaction, owner: StoredComponent, marks: Sequence[str] = FIELD_MARKS
) -> bool:
    """Tell whether a job is at work on the values or slots of an object's fields."""
    fields = await _fields(tx, owner)
    return any(mark in field.storage for field in fields for mark in marks)


async def is_alive(tx: Transaction, number: int) -> bool:
    """Tell whether a job has still to end."""
    try:
        return not (await load_job(tx, number)).state.is_end
    except UnknownJob:
        return False


async def _fields(tx: Transaction, owner: StoredComponent) -> list[StoredComponent]:
    name = fold(owner.component.name)
    return [
        row
        for row in await load_components(tx)
        if row.component.kind == "field" and fold(split_name(row.component.name)[0]) == name
    ]


def _busy(stored: StoredComponent) -> StorageBusy:
    return StorageBusy(
        f"A job is at work on the records of {stored.component.name}.",
        hint="Wait until it has ended; GET /api/storage shows it.",
    )


def _number(value: Json) -> int:
    assert isinstance(value, int)
    return value
