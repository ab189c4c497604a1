"""Work on storage whose job gave up: found by its mark, and begun again by another job."""

from __future__ import annotations

from collections.abc import Mapping

from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.moved_values import RESERVED
from fieldstone.metadata.values import Json
from fieldstone.runtime.jobs import enqueue
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.storage.component_storage import put_marker
from fieldstone.runtime.storage.moving import (
    CLEAN,
    INDEX_MARK,
    LEAVE_MARK,
    MOVE_MARK,
    is_alive,
    is_field_busy,
    job_in,
    move_in,
    start_move,
)
from fieldstone.runtime.storage.slots import JOB
from fieldstone.runtime.transactions import Transaction

_MARKS = (MOVE_MARK, LEAVE_MARK, INDEX_MARK, JOB, RESERVED)


async def find_stuck(tx: Transaction) -> list[tuple[StoredComponent, str]]:
    """Give the components with a mark of a job that has ended, each with the mark's name."""
    found = []
    for stored in await load_components(tx):
        for name in _MARKS:
            if name not in stored.storage or (name == JOB and stored.deleted_at is not None):
                continue
            if not await is_alive(tx, job_in(stored.storage[name])):
                found.append((stored, name))
    return found


async def resume_stuck(tx: Transaction) -> int:
    """Begin again what is stuck; how many jobs.

    tx must have been opened by Database.change_metadata.
    """
    begun = 0
    for stored, name in await find_stuck(tx):
        move = move_in(stored.storage)
        if name == MOVE_MARK and move is not None:
            # What is at work on its fields writes rows that a move would not copy again.
            if not await is_field_busy(tx, stored):
                await start_move(tx, stored, move.heap)
                begun += 1
        else:
            await _again(tx, stored, name)
            begun += 1
    return begun


async def _again(tx: Transaction, stored: StoredComponent, name: str) -> None:
    mark = stored.storage[name]
    assert isinstance(mark, Mapping)
    arguments: dict[str, Json]
    if name == LEAVE_MARK:
        kind, arguments = CLEAN, {"object": stored.id, "heap": mark["heap"]}
    elif name == INDEX_MARK:
        kind, arguments = str(mark["kind"]), {"object": stored.id}
    else:
        kind, arguments = str(mark["kind"]), {"field": stored.id}
        if mark.get("lend_to") is not None:
            arguments["lend_to"] = mark["lend_to"]
    job = await enqueue(tx, kind, arguments)
    await put_marker(tx, stored.id, {**stored.storage, name: {**mark, "job": job}})
