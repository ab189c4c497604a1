"""Advice on slots: from the questions that were asked to a slot that is lent, and back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fieldstone.clock import SystemClock
from fieldstone.ids import FieldId, IdMinter, ObjectId, TenantId
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.values import Json
from fieldstone.query_language.index_advice import UnknownAdvice
from fieldstone.query_language.used_fields import ObjectUse
from fieldstone.runtime.catalogs import CatalogStore
from fieldstone.runtime.jobs import JobState
from fieldstone.runtime.metadata_plans import plan_change
from fieldstone.runtime.storage.advice import load_advice, load_days
from fieldstone.runtime.storage.advice_actions import NEWEST, ActionState, load_actions, state_of
from fieldstone.runtime.storage.advice_rules import Advice
from fieldstone.runtime.storage.advising import (
    Applied,
    apply_advice,
    load_states,
    set_automatic,
    undo_advice,
)
from fieldstone.runtime.storage.errors import NothingToUndo, StorageBusy
from fieldstone.runtime.storage.maintenance import Maintenance
from fieldstone.runtime.storage.usage import UsageCounter
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database
from tests.support.storage_world import StorageWorld

MANY: dict[str, Json] = {
    "name": "Many",
    "fields": [
        *({"name": f"t{n}", "type": "text"} for n in range(1, 9)),
        {"name": "late", "type": "text"},
        {"name": "size", "type": "number", "indexed": False},
    ],
}
LATE = "SELECT late FROM Many__c WHERE late = 'Late 7'"


async def many(world: StorageWorld, count: int = 250) -> None:
    """Make an object whose text slots are all lent, with records."""
    await world.define(MANY)
    records: list[dict[str, Json]] = [
        {"t1": f"t {n}", "late": f"Late {n}", "size": n} for n in range(count)
    ]
    await world.create("Many__c", records)


def counting(world: StorageWorld) -> tuple[StorageWorld, UsageCounter]:
    """Give the same world with somebody who counts the queries."""
    counter, clock = UsageCounter(), SystemClock()
    watched = Database(world.engine.pool, CatalogStore(), clock, IdMinter(clock, 1022), counter)
    return replace(world, engine=replace(world.engine, database=watched)), counter


async def ask(world: StorageWorld, text: str, times: int = 5) -> None:
    """Ask something many times, and have it counted."""
    watched, counter = counting(world)
    for _ in range(times):
        await watched.ask(text)
    await counter.flush(world.database)


async def advice_of(world: StorageWorld) -> dict[str, Advice]:
    async with world.database.read(world.tenant, world.viewer) as tx:
        return {one.id: one for one in await load_advice(tx, await load_days(tx))}


async def apply(world: StorageWorld, advice: str) -> Applied:
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        return await apply_advice(tx, advice, world.rules)


async def undo(world: StorageWorld, advice: str) -> Applied:
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        return await undo_advice(tx, advice, world.rules)


async def states(world: StorageWorld) -> list[tuple[str, ActionState]]:
    async with world.database.read(world.tenant, world.viewer) as tx:
        actions = await load_actions(tx, before=NEWEST, most=50)
        jobs = await load_states(tx, actions)
        return [(one.advice, state_of(one, tx.catalog, jobs)) for one in actions]


async def slot_of(world: StorageWorld, name: str) -> str | None:
    return (await world.definition("Many__c")).get_field(name).slot


async def test_fields_that_are_asked_for_without_a_slot_are_advised(world: StorageWorld) -> None:
    await many(world, 3)
    await ask(world, "SELECT t1 FROM Many__c WHERE size > 1 AND late = 'x' ORDER BY late")
    await ask(world, "SELECT t1 FROM Many__c WHERE t1 = 'x' AND id IN ('many_1')")

    advice = await advice_of(world)

    assert set(advice) == {"slot-Many__c.size", "slot-Many__c.late"}
    size, late = advice["slot-Many__c.size"], advice["slot-Many__c.late"]
    assert (size.demand.filtered, size.gives_way, size.obstacle) == (5, None, None)
    assert (late.demand.filtered, late.demand.sorted, late.demand.times) == (5, 5, 5)
    assert late.demand.spent_ms > 0
    assert late.gives_way is not None
    assert late.gives_way[0].name == "t8"


async def test_what_no_index_serves_is_not_advised(world: StorageWorld) -> None:
    await many(world, 3)
    await ask(world, "SELECT t1 FROM Many__c WHERE NOT late = 'x' AND late LIKE '%x'")
    await ask(world, "SELECT t1 FROM Many__c WHERE size != 5 AND size + 1 > 3")

    assert await advice_of(world) == {}


async def test_what_is_counted_adds_up_and_stays_with_its_tenant(world: StorageWorld) -> None:
    await many(world, 3)
    for _ in range(2):
        await ask(world, "SELECT t1 FROM Many__c WHERE size > 1", times=2)

    other = await world.engine.directory.get("other")
    assert await advice_of(replace(world, tenant=other)) == {}
    assert (await advice_of(world))["slot-Many__c.size"].demand.filtered == 4


async def test_no_value_of_a_query_is_kept(world: StorageWorld) -> None:
    await many(world, 3)
    await ask(world, "SELECT t1 FROM Many__c WHERE late = 'Zarathustra' AND size > 98765")

    kept = await world.rows("SELECT q::text FROM query_use q")

    assert kept
    assert not any("ustra" in row[0] or "98765" in row[0] for row in kept)


async def test_counters_are_bounded() -> None:
    counter = UsageCounter(most=10)
    tenant = Tenant(TenantId(1), "a", "A", "record_p00")
    for number in range(100):
        counter.saw(tenant, (ObjectUse(ObjectId(1), (FieldId(number),)),), 0.1)

    assert len(counter._counted[tenant]) == 10


async def test_a_free_slot_is_lent_and_taken_back(world: StorageWorld) -> None:
    await many(world)
    applied = await apply(world, "slot-many__c.SIZE")
    assert applied.advice == "slot-Many__c.size"
    assert await states(world) == [("slot-Many__c.size", ActionState.AT_WORK)]
    await world.run_all()
    assert await slot_of(world, "size") == "n1"
    assert await states(world) == [("slot-Many__c.size", ActionState.IN_EFFECT)]

    await undo(world, "slot-Many__c.size")
    await world.run_all()

    assert await slot_of(world, "size") is None
    assert await states(world) == [("slot-Many__c.size", ActionState.UNDONE)]
    with pytest.raises(NothingToUndo):
        await undo(world, "slot-Many__c.size")


async def test_a_slot_is_passed_on_and_comes_back_while_questions_keep_their_answers(
    world: StorageWorld,
) -> None:
    await many(world)
    await ask(world, LATE)
    question = "SELECT t8, late FROM Many__c WHERE late >= 'Late 24' AND t8 = null ORDER BY late"
    answers = [await world.ask(question)]
    await apply(world, "slot-Many__c.late")
    answers.append(await world.ask(question))
    await world.run_all()
    answers.append(await world.ask(question))
    assert (await slot_of(world, "t8"), await slot_of(world, "late")) == (None, "s8")

    await undo(world, "slot-Many__c.late")
    answers.append(await world.ask(question))
    await world.run_all()
    answers.append(await world.ask(question))

    assert (await slot_of(world, "t8"), await slot_of(world, "late")) == ("s8", None)
    assert answers[0]
    assert all(one == answers[0] for one in answers)


async def test_what_is_at_work_is_not_undone(world: StorageWorld) -> None:
    await many(world)
    applied = await apply(world, "slot-Many__c.size")

    with pytest.raises(StorageBusy) as refused:
        await undo(world, "slot-Many__c.size")

    assert f"/api/jobs/{applied.job}/cancel" in (refused.value.problems[0].hint or "")


async def test_lending_that_was_cancelled_stays_without_effect_and_gives_all_back(
    world: StorageWorld,
) -> None:
    await many(world)
    await ask(world, LATE)
    await apply(world, "slot-Many__c.late")
    emptying = await world.value("SELECT id FROM job WHERE kind = 'storage.empty_slot'")
    await world.run(emptying)
    filling = await world.value("SELECT id FROM job WHERE kind = 'storage.fill_slot'")
    await world.rows("UPDATE job SET cancel_requested = true WHERE id = $1", filling)
    assert (await world.run(filling)).state is JobState.CANCELLED
    await world.run_all()
    assert await states(world) == [("slot-Many__c.late", ActionState.WITHOUT_EFFECT)]

    await undo(world, "slot-Many__c.late")
    await world.run_all()

    assert (await slot_of(world, "t8"), await slot_of(world, "late")) == ("s8", None)


@pytest.mark.parametrize(
    "advice", ["slot-Many__c.none", "slot-None.x", "slot-Many__c", "x", "drop-Many__c.a1"]
)
async def test_advice_that_means_nothing_is_refused(world: StorageWorld, advice: str) -> None:
    await many(world, 1)

    with pytest.raises(UnknownAdvice):
        await apply(world, advice)


async def strong(world: StorageWorld) -> None:
    """Make a field be asked for so often that nobody would doubt it."""
    await many(world, 10)
    await ask(world, "SELECT t1 FROM Many__c WHERE size = 7", times=1)
    await world.rows("UPDATE query_use SET times = 500, spent_us = 60000000")
    obj = await world.definition("Many__c")
    await world.rows(
        f"INSERT INTO {obj.heap} (tenant_id, object_id, id, version, data, created_at, updated_at)"
        " SELECT $1, $2, n, 1, '{}', now(), now() FROM generate_series(1, 1000) n",
        world.tenant.id,
        obj.id,
    )


async def let_an_hour_pass(world: StorageWorld) -> None:
    await world.rows("UPDATE maintenance SET done_at = done_at - interval '2 hours'")
    keeper = Maintenance(
        world.engine.pool, world.database, replace(world.rules, promote_above=5000), SystemClock()
    )
    assert await keeper.run_if_due()


async def test_strong_advice_is_applied_by_itself_and_not_again_once_undone(
    world: StorageWorld,
) -> None:
    await strong(world)
    await let_an_hour_pass(world)
    await world.run_all()
    assert await slot_of(world, "size") == "n1"
    automatic = await world.rows("SELECT automatic, actor_id FROM advice_action")
    assert [tuple(row) for row in automatic] == [(True, None)]

    await undo(world, "slot-Many__c.size")
    await world.run_all()
    await let_an_hour_pass(world)
    await world.run_all()

    assert await slot_of(world, "size") is None


async def test_nothing_is_applied_by_itself_where_somebody_said_no(world: StorageWorld) -> None:
    await strong(world)
    async with world.database.write(world.tenant, world.viewer) as tx:
        await set_automatic(tx, automatic=False)

    await let_an_hour_pass(world)

    assert await states(world) == []


async def test_one_thing_at_a_time_is_applied_by_itself(world: StorageWorld) -> None:
    await strong(world)
    await let_an_hour_pass(world)

    await let_an_hour_pass(world)

    assert len(await states(world)) == 1


async def test_plan_tells_which_programs_asked_for_a_field(world: StorageWorld) -> None:
    await world.define()
    await world.rows(
        "INSERT INTO access_token (tenant_id, id, token_hash, user_id, name, created_at)"
        " VALUES ($1, 7, 'x', 1, 'Warehouse', now())",
        world.tenant.id,
    )
    counted, counter = counting(world)
    program = replace(counted, viewer=replace(world.viewer, token=7))
    await program.ask("SELECT title, parent.amount FROM Thing__c WHERE kind = 'a'")
    await counter.flush(world.database)

    async with world.database.read(world.tenant, world.viewer) as tx:
        gone = tuple(("field", f"thing__c.{own}") for own in ("day", "amount"))
        planned = await plan_change(tx, Proposal(removals=gone))

    told = {one.name: [each.name for each in one.clients] for one in planned.touched}
    assert told == {"Thing__c.amount": ["Warehouse"]}
