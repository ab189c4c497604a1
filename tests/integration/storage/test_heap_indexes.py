"""Indexes of own heaps: made on advice while records are written, used, dropped, resumed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from fieldstone.metadata.values import JsonObject
from fieldstone.platform.database.indexer import Indexer
from fieldstone.runtime.jobs import Job, JobState
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.storage.advice import load_advice, load_days
from fieldstone.runtime.storage.advice_rules import Advice
from fieldstone.runtime.storage.advising import Applied, apply_advice, undo_advice
from fieldstone.runtime.storage.errors import (
    IndexNotPossible,
    NoIndexer,
    SlotNotPossible,
    StorageBusy,
)
from fieldstone.runtime.storage.moving import Place
from fieldstone.runtime.storage.slots import SlotWish, take_slot
from tests.support.dying_database import Killed, dying_database
from tests.support.storage_world import StorageWorld

PAIR = "index-Thing__c.kind.amount"
QUESTION = "SELECT title FROM Thing__c WHERE kind = 'b' ORDER BY amount DESC LIMIT 5"
SEEN = "INSERT INTO maintenance VALUES ('indexer', now()) ON CONFLICT DO NOTHING"
INDEXES = (
    "SELECT indexrelid::regclass::text FROM pg_index WHERE indexrelid::regclass::text ~ '_a[0-9]+$'"
)


@asynccontextmanager
async def indexing(world: StorageWorld) -> AsyncIterator[None]:
    """Carry out orders for the length of a block, as the process of crm serve does."""
    stopping = asyncio.Event()
    serving = asyncio.create_task(Indexer(world.dsn).keep_up(stopping))
    try:
        yield
    finally:
        stopping.set()
        await serving


async def promoted(world: StorageWorld, count: int = 300) -> None:
    """Make things that lie in a heap of their own."""
    await world.define()
    await world.fill(count)
    await world.move(Place.OWN)
    await world.rows(SEEN)


async def apply(world: StorageWorld, advice: str = PAIR) -> Applied:
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        return await apply_advice(tx, advice, world.rules)


async def undo(world: StorageWorld, advice: str = PAIR) -> Applied:
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        return await undo_advice(tx, advice, world.rules)


async def advice_of(world: StorageWorld) -> dict[str, Advice]:
    async with world.database.read(world.tenant, world.viewer) as tx:
        return {one.id: one for one in await load_advice(tx, await load_days(tx))}


async def explained(world: StorageWorld, text: str = QUESTION) -> JsonObject:
    """Give the plan of a question, statistics being up to date."""
    await world.rows("ANALYZE")
    async with world.database.read(world.tenant, world.viewer) as tx:
        plan = (await answer(tx, Question.of_text(f"EXPLAIN {text}"))).plan
    assert plan is not None
    return plan


async def indexes(world: StorageWorld) -> list[str]:
    return [row[0] for row in await world.rows(INDEXES)]


async def run(world: StorageWorld, applied: Applied) -> Job:
    assert applied.job is not None
    return await world.run(applied.job)


async def test_an_index_is_made_used_and_gone_after_undo(world: StorageWorld) -> None:
    await promoted(world, 4000)
    before = await explained(world)
    answers = [await world.ask(QUESTION)]
    async with indexing(world):
        applied = await apply(world)
        job = await run(world, applied)
        assert job.state is JobState.DONE, job.result
        (name,) = await indexes(world)
        during = await explained(world)
        answers.append(await world.ask(QUESTION))

        await run(world, await undo(world))

    after = await explained(world)
    answers.append(await world.ask(QUESTION))
    assert name == f"record_x{(await world.definition()).id}_a{applied.job}"
    assert name in str(during["says"])
    assert name not in str(before["says"]) + str(after["says"])
    assert await indexes(world) == []
    assert (await world.definition()).indexes == ()
    assert answers[0]
    assert answers[0] == answers[1] == answers[2]


async def test_explain_and_advice_name_the_same(world: StorageWorld) -> None:
    await promoted(world, 50)
    assert f"crm advise apply {PAIR}" in str((await explained(world))["advice"])

    async with indexing(world):
        await run(world, await apply(world))

    assert "crm advise" not in str((await explained(world))["advice"])


async def test_a_column_of_every_record_is_indexed_as_well(world: StorageWorld) -> None:
    await promoted(world, 2000)
    question = "SELECT title FROM Thing__c ORDER BY updated_at DESC LIMIT 5"
    async with indexing(world):
        await run(world, await apply(world, "index-Thing__c.updated_at"))
        (name,) = await indexes(world)

        assert name in str((await explained(world, question))["says"])


async def test_writers_go_on_while_an_index_is_made(world: StorageWorld) -> None:
    await promoted(world)
    writer = await asyncpg.connect(world.dsn)
    transaction = writer.transaction()
    await transaction.start()
    obj = await world.definition()
    await writer.execute(f"UPDATE {obj.heap} SET version = version WHERE object_id = $1", obj.id)
    async with indexing(world):
        applied = await apply(world)
        making = asyncio.create_task(run(world, applied))
        await until(world, "SELECT count(*) FROM pg_index WHERE NOT indisvalid")
        await world.create("Thing__c", [{"title": "Meanwhile", "amount": 9, "kind": "b"}])
        assert not making.done()
        await transaction.rollback()
        await writer.close()

        assert (await making).state is JobState.DONE

    found = await world.ask("SELECT title FROM Thing__c WHERE kind = 'b' AND amount = 9")
    assert {"title": "Meanwhile"} in [{"title": one["title"]} for one in found]


async def until(world: StorageWorld, statement: str) -> None:
    """Wait until a statement counts something."""
    for _ in range(200):
        if await world.value(statement):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(statement)


async def test_an_index_that_is_not_wanted_any_more_leaves_nothing(world: StorageWorld) -> None:
    await promoted(world)
    writer = await asyncpg.connect(world.dsn)
    transaction = writer.transaction()
    await transaction.start()
    heap = (await world.definition()).heap
    await writer.execute(f"LOCK TABLE {heap} IN ROW EXCLUSIVE MODE")
    async with indexing(world):
        applied = await apply(world)
        making = asyncio.create_task(run(world, applied))
        await until(world, "SELECT count(*) FROM pg_index WHERE NOT indisvalid")
        await world.rows("UPDATE job SET cancel_requested = true WHERE id = $1", applied.job)
        await until(world, "SELECT count(*) FROM index_order WHERE cancelled")
        await asyncio.sleep(1.0)
        await transaction.rollback()
        await writer.close()

        assert (await making).state is JobState.CANCELLED

    assert await indexes(world) == []
    assert await world.rows("SELECT FROM index_order") == []
    assert "index_job" not in await world.storage(await world.definition())


async def test_a_broken_index_is_made_anew(world: StorageWorld) -> None:
    await promoted(world)
    applied = await apply(world)
    heap = (await world.definition()).heap
    await world.rows(f"CREATE INDEX {heap}_a{applied.job} ON {heap} (id)")
    await world.rows(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = $1::text::regclass",
        f"{heap}_a{applied.job}",
    )

    async with indexing(world):
        assert (await run(world, applied)).state is JobState.DONE

    definition = await world.value(
        "SELECT indexdef FROM pg_indexes WHERE indexname = $1", f"{heap}_a{applied.job}"
    )
    assert "(tenant_id, object_id, s1, n1, id)" in definition


@pytest.mark.slow
async def test_work_on_an_index_killed_at_any_step_goes_on(world: StorageWorld) -> None:
    await promoted(world, 30)
    async with indexing(world):
        for steps in range(1, 30, 4):
            for wish, left in ((apply, 1), (undo, 0)):
                number = (await wish(world)).job
                assert number is not None
                with suppress(Killed):
                    await world.run(number, dying_database(world.engine.pool, steps))
                if await world.value("SELECT state FROM job WHERE id = $1", number) != "done":
                    assert (await world.run(number)).state is JobState.DONE
                assert len(await indexes(world)) == left
                assert len((await world.definition()).indexes) == left


async def test_what_cannot_be_indexed_is_refused(world: StorageWorld) -> None:
    await world.define()
    with pytest.raises(IndexNotPossible):
        await apply(world)
    await world.move(Place.OWN)
    with pytest.raises(NoIndexer):
        await apply(world)
    await world.rows(SEEN)

    with pytest.raises(IndexNotPossible):
        await apply(world, "index-Thing__c.kind.story")
    await apply(world)
    with pytest.raises(StorageBusy):
        await apply(world, "index-Thing__c.kind.day")
    with pytest.raises(StorageBusy):
        await world.request(Place.SHARED)


async def test_a_slot_in_an_index_is_not_taken_and_a_move_back_ends_the_index(
    world: StorageWorld,
) -> None:
    await promoted(world, 30)
    async with indexing(world):
        await run(world, await apply(world))
    thing = await world.definition()
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        with pytest.raises(SlotNotPossible):
            await take_slot(tx, SlotWish(thing, thing.get_field("kind")), world.rules)

    await world.move(Place.SHARED)

    assert (await world.definition()).indexes == ()
    assert (await undo(world)).job is None


async def test_an_index_of_another_tenants_object_is_not_made(world: StorageWorld) -> None:
    await promoted(world, 30)
    thing = await world.definition()
    await world.rows(
        "INSERT INTO index_order (tenant_id, object_id, name, columns, doing)"
        " VALUES (2, $1, 'a1', '{s1}', 'make'), ($2, $1, 'a2', '{data}', 'make')",
        thing.id,
        world.tenant.id,
    )
    async with indexing(world):
        await until(world, "SELECT count(*) / 2 FROM index_order WHERE state = 'failed'")

    assert await indexes(world) == []
    problems = await world.rows("SELECT problem FROM index_order ORDER BY name")
    assert [row[0] for row in problems] == [
        f"object {thing.id} is not of this tenant",
        "there is no column data",
    ]
