"""A move that is killed anywhere goes on from there; nothing written meanwhile is lost."""

from __future__ import annotations

from contextlib import suppress

import pytest

from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.runtime.jobs import JobState
from fieldstone.runtime.storage.moving import Place
from tests.support.dying_database import Killed, dying_database
from tests.support.storage_world import StorageWorld

RECORDS = 25
STEPS_OF_A_MOVE = 180


async def kill_and_resume(world: StorageWorld, place: Place, steps: int) -> None:
    """Run a move that dies after some steps, write meanwhile, and have it finished by another."""
    job = await world.request(place)
    with suppress(Killed):
        await world.run(job, dying_database(world.engine.pool, steps))
    await world.change("Thing__c", (await ids(world))[steps % RECORDS], {"amount": steps})
    state = await world.value("SELECT state FROM job WHERE id = $1", job)
    if state != "done":
        assert (await world.run(job)).state is JobState.DONE
    await world.run_all()


async def ids(world: StorageWorld) -> list[RecordId]:
    rows = await world.rows(
        "SELECT DISTINCT record_id FROM change WHERE object_id = $1 ORDER BY 1",
        (await world.definition()).id,
    )
    return [RecordId(row["record_id"]) for row in rows]


async def check(world: StorageWorld, thing: ObjectDef, heap: str) -> None:
    """Compare what lies in the heaps with what the log says was written."""
    assert await world.heaps_of(thing) == {heap: RECORDS}
    logged = await world.rows(
        "SELECT record_id, max(version) AS version FROM change WHERE object_id = $1"
        " GROUP BY record_id ORDER BY record_id",
        thing.id,
    )
    stored = await world.rows(
        f"SELECT id, version FROM {heap} WHERE object_id = $1 ORDER BY id", thing.id
    )
    assert [tuple(row) for row in stored] == [tuple(row) for row in logged]
    assert set(await world.storage(thing)) <= {"prefix", "heap"}


@pytest.mark.slow
async def test_a_move_killed_at_any_step_goes_on(world: StorageWorld) -> None:
    small = world.with_rules(batch=10)
    thing = await small.define()
    await small.fill(RECORDS)

    for steps in range(3, STEPS_OF_A_MOVE, 17):
        await kill_and_resume(small, Place.OWN, steps)
        await check(small, thing, f"record_x{thing.id}")
        await kill_and_resume(small, Place.SHARED, steps)
        await check(small, thing, small.tenant.leaf)
