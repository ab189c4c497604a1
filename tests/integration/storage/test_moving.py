"""Promotion and demotion: the records of an object change their heap, and nobody notices."""

from __future__ import annotations

import pytest

from fieldstone.metadata.slots import ALL_SLOTS
from fieldstone.runtime.jobs import JobState
from fieldstone.runtime.storage.errors import AlreadyThere, StorageBusy
from fieldstone.runtime.storage.moving import Place
from tests.support.storage_world import StorageWorld


async def test_promotion_brings_every_row_as_it_is_into_an_own_heap(world: StorageWorld) -> None:
    thing = await world.define()
    made = await world.fill(450)
    await world.delete("Thing__c", made[3])
    before = await world.digest(thing)

    job = await world.move(Place.OWN)

    assert await world.heaps_of(thing) == {f"record_x{thing.id}": 450}
    assert await world.digest(thing) == before
    assert (await world.definition()).heap == f"record_x{thing.id}"
    assert job.result is not None
    assert job.result["records"] == 450
    assert set(await world.storage(thing)) == {"prefix", "heap"}


async def test_demotion_brings_them_back_and_drops_the_heap(world: StorageWorld) -> None:
    thing = await world.define()
    await world.fill(250)
    before = await world.digest(thing)
    await world.move(Place.OWN)

    await world.move(Place.SHARED)

    assert await world.heaps_of(thing) == {world.tenant.leaf: 250}
    assert await world.digest(thing) == before
    assert await world.value("SELECT to_regclass($1)", f"record_x{thing.id}") is None
    assert set(await world.storage(thing)) == {"prefix"}


async def test_an_object_can_be_promoted_again(world: StorageWorld) -> None:
    thing = await world.define()
    await world.fill(50)
    before = await world.digest(thing)
    for place in (Place.OWN, Place.SHARED, Place.OWN):
        await world.move(place)
        assert len(await world.ask("SELECT id FROM Thing__c LIMIT 200")) == 50

    assert await world.digest(thing) == before


async def test_a_promoted_object_takes_writes_deletions_and_new_fields(world: StorageWorld) -> None:
    thing = await world.define()
    made = await world.fill(30)
    await world.move(Place.OWN)

    await world.change("Thing__c", made[0], {"title": "Changed"})
    await world.delete("Thing__c", made[1])
    (new,) = await world.create("Thing__c", [{"title": "New", "parent": None}])

    assert await world.heaps_of(thing) == {f"record_x{thing.id}": 31}
    found = await world.ask("SELECT title FROM Thing__c WHERE title IN ('Changed', 'New')")
    assert sorted(one["title"] for one in found) == ["Changed", "New"]
    assert (
        world.text_id(thing, new)
        == (await world.ask("SELECT id FROM Thing__c WHERE title = 'New'"))[0]["id"]
    )


async def test_every_slot_of_an_own_heap_has_its_index(world: StorageWorld) -> None:
    thing = await world.define()
    await world.fill(5)

    await world.move(Place.OWN)

    heap = f"record_x{thing.id}"
    rows = await world.rows("SELECT indexname FROM pg_indexes WHERE tablename = $1", heap)
    assert {f"{heap}_{slot}" for slot in ALL_SLOTS} <= {row["indexname"] for row in rows}


async def test_rows_wait_for_readers_of_old_plans_before_they_are_removed(
    world: StorageWorld,
) -> None:
    thing = await world.define()
    await world.fill(120)
    patient = world.with_rules(grace_s=3600.0)
    job = await patient.run(await patient.request(Place.OWN))

    assert job.state is JobState.DONE
    assert await world.heaps_of(thing) == {world.tenant.leaf: 120, f"record_x{thing.id}": 120}
    waits = "SELECT run_after > now() + interval '59 minutes' FROM job WHERE kind = 'storage.clean'"
    assert await world.value(waits)


async def test_a_move_is_refused_while_another_is_at_work(world: StorageWorld) -> None:
    await world.define()
    await world.request(Place.OWN)

    with pytest.raises(StorageBusy):
        await world.request(Place.OWN)


async def test_a_move_to_where_the_records_lie_is_refused(world: StorageWorld) -> None:
    await world.define()

    with pytest.raises(AlreadyThere):
        await world.request(Place.SHARED)


async def test_a_cancelled_move_leaves_nothing(world: StorageWorld) -> None:
    thing = await world.define()
    await world.fill(250)
    number = await world.request(Place.OWN)
    await world.rows("UPDATE job SET cancel_requested = true WHERE id = $1", number)

    job = await world.run(number)

    assert job.state is JobState.CANCELLED
    assert await world.heaps_of(thing) == {world.tenant.leaf: 250}
    assert await world.value("SELECT to_regclass($1)", f"record_x{thing.id}") is None
    assert set(await world.storage(thing)) == {"prefix"}


async def test_moves_are_in_the_log_of_metadata(world: StorageWorld) -> None:
    thing = await world.define()
    await world.move(Place.OWN)
    await world.move(Place.SHARED)

    told = await world.rows(
        "SELECT operation FROM component_change WHERE component_id = $1 ORDER BY seq", thing.id
    )
    assert [row["operation"] for row in told] == ["create", "promote", "demote"]
