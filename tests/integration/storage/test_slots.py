"""Slots that are lent late and taken back, while records are written and asked for."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from fieldstone.metadata.values import Json
from fieldstone.runtime.jobs import JobState
from fieldstone.runtime.storage.errors import NoSlotFree, SlotNotPossible, StorageBusy
from fieldstone.runtime.storage.moving import Place
from fieldstone.runtime.storage.slots import SlotWish, lend_slot, take_slot
from tests.support.dying_database import Killed, dying_database
from tests.support.storage_world import StorageWorld

MANY: dict[str, Json] = {
    "name": "Many",
    "fields": [
        *({"name": f"t{n}", "type": "text"} for n in range(1, 9)),
        {"name": "late", "type": "text"},
        {"name": "size", "type": "number", "indexed": False},
        {"name": "title", "type": "text", "indexed": False},
    ],
}


async def many(world: StorageWorld, count: int = 250) -> None:
    """Make an object whose text slots are all lent, with records."""
    await world.define(MANY)
    await world.create(
        "Many__c",
        [{"t1": f"t {n}", "late": f"Late {n}", "size": n, "title": f"x{n}"} for n in range(count)],
    )


async def lend(world: StorageWorld, name: str) -> int:
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        obj = tx.catalog.get_object("Many__c")
        return await lend_slot(tx, SlotWish(obj, obj.get_field(name)))


async def take(world: StorageWorld, name: str, lend_to: str | None = None) -> int:
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        obj = tx.catalog.get_object("Many__c")
        other = obj.get_field(lend_to) if lend_to else None
        wish = SlotWish(obj, obj.get_field(name))
        return await take_slot(tx, wish, world.rules, lend_to=other)


async def slots(world: StorageWorld, slot: str) -> list[Any]:
    """Give the values of a slot, in order of the records' ids."""
    obj = await world.definition("Many__c")
    rows = await world.rows(
        f"SELECT {slot} FROM {obj.heap} WHERE object_id = $1 ORDER BY id", obj.id
    )
    return [row[0] for row in rows]


async def test_a_slot_lent_late_is_filled_for_old_and_new_records(world: StorageWorld) -> None:
    await many(world)
    number = await lend(world, "size")
    await world.create("Many__c", [{"size": 1000}])

    during = (await world.definition("Many__c")).get_field("size")
    job = await world.run(number)

    assert during.slot is None
    assert during.filling == "n1"
    assert job.state is JobState.DONE
    after = (await world.definition("Many__c")).get_field("size")
    assert (after.slot, after.filling) == ("n1", None)
    assert await slots(world, "n1") == [*map(float, range(250)), 1000.0]


async def test_a_slot_that_is_taken_back_is_empty_and_can_be_lent_again(
    world: StorageWorld,
) -> None:
    await many(world)
    await take(world, "t1", lend_to="late")
    assert (await world.definition("Many__c")).get_field("t1").slot is None

    await world.run_all()

    obj = await world.definition("Many__c")
    assert obj.get_field("t1").written_slot is None
    assert obj.get_field("late").slot == "s1"
    assert await slots(world, "s1") == [f"late {n}" for n in range(250)]
    assert [
        one["late"] for one in await world.ask("SELECT late FROM Many__c WHERE late = 'Late 7'")
    ] == ["Late 7"]


async def test_questions_have_the_same_answers_before_during_and_after(
    world: StorageWorld,
) -> None:
    await many(world)
    question = "SELECT size FROM Many__c WHERE size >= 240 AND t1 != 't 245' ORDER BY size DESC"
    answers = [await world.ask(question)]
    number = await lend(world, "size")
    answers.append(await world.ask(question))
    await world.run(number)
    answers.append(await world.ask(question))
    number = await take(world, "size")
    answers.append(await world.ask(question))
    await world.run(number)
    answers.append(await world.ask(question))

    assert len(answers[0]) == 9
    assert all(one == answers[0] for one in answers)


async def test_what_a_record_is_found_by_does_not_change_with_its_slots(
    world: StorageWorld,
) -> None:
    await many(world, 3)
    found_by = "SELECT id, txt FROM record_search WHERE object_id = $1 ORDER BY id"
    before = await world.rows(found_by, (await world.definition("Many__c")).id)
    await take(world, "t1", lend_to="late")
    await world.run_all()
    obj = await world.definition("Many__c")
    for one in before:
        await world.change("Many__c", one["id"], {"size": 9})

    assert obj.get_field("t1").searchable
    assert not obj.get_field("late").searchable
    assert await world.rows(found_by, obj.id) == before


async def test_without_a_free_slot_lending_is_refused(world: StorageWorld) -> None:
    await many(world, 1)

    with pytest.raises(NoSlotFree):
        await lend(world, "late")


async def test_a_slot_of_another_kind_cannot_be_passed_on(world: StorageWorld) -> None:
    await many(world, 1)

    with pytest.raises(SlotNotPossible):
        await take(world, "t1", lend_to="size")


async def test_slots_and_moves_do_not_meet(world: StorageWorld) -> None:
    await many(world, 1)
    await lend(world, "size")

    with pytest.raises(StorageBusy):
        await world.request(Place.OWN, "Many__c")


async def test_a_slot_is_lent_in_an_own_heap_as_well(world: StorageWorld) -> None:
    await many(world, 150)
    await world.move(Place.OWN, "Many__c")

    await world.run(await lend(world, "size"))

    assert await slots(world, "n1") == list(map(float, range(150)))


async def test_a_lending_that_is_cancelled_leaves_an_empty_slot(world: StorageWorld) -> None:
    await many(world)
    number = await lend(world, "size")
    await world.rows("UPDATE job SET cancel_requested = true WHERE id = $1", number)

    job = await world.run(number)
    await world.run_all()

    assert job.state is JobState.CANCELLED
    assert (await world.definition("Many__c")).get_field("size").written_slot is None
    assert set(await slots(world, "n1")) == {None}


@pytest.mark.slow
async def test_work_on_slots_killed_at_any_step_goes_on(world: StorageWorld) -> None:
    await many(world, 30)
    small = world.with_rules(batch=10)
    for steps in range(1, 60, 6):
        for wish in (lend, take):
            number = await wish(small, "size")
            with suppress(Killed):
                await small.run(number, dying_database(world.engine.pool, steps))
            if await world.value("SELECT state FROM job WHERE id = $1", number) != "done":
                assert (await small.run(number)).state is JobState.DONE
            filled = await slots(world, "n1")
            assert filled == (list(map(float, range(30))) if wish is lend else [None] * 30)
