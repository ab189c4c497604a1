"""A conversion by a job: killed anywhere, beside writers and readers, given up, and undone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.conversions import Instruction
from fieldstone.metadata.digests import digest_of, digest_of_changes
from fieldstone.metadata.moved_values import RESERVED
from fieldstone.metadata.values import Json, read_json
from fieldstone.runtime.conversion import outcomes
from fieldstone.runtime.conversion.errors import LossUnconfirmed
from fieldstone.runtime.conversion.starting import start_conversion
from fieldstone.runtime.jobs import JobState, load_job, request_cancel
from fieldstone.runtime.metadata_changes import change_metadata, load_components, try_change
from fieldstone.runtime.metadata_history import get_change, undoing
from fieldstone.runtime.metadata_plans import apply_again, apply_planned, plan_change
from fieldstone.runtime.storage.component_storage import find_component, put_marker
from fieldstone.runtime.storage.moving import MOVE_MARK, Move, is_field_busy
from fieldstone.runtime.storage.resuming import resume_stuck
from tests.support.dying_database import Killed, dying_database
from tests.support.storage_workers import killed_applies, start_worker
from tests.support.storage_world import StorageWorld

RECORDS = 60
STEPS_OF_A_CONVERSION = 130
NOTHING: Mapping[str, int] = {}
TO_TEXT: Mapping[str, Json] = {"object": "Thing__c", "type": "text", "searchable": True}


async def begin(
    world: StorageWorld,
    *,
    confirm: Mapping[str, int] = NOTHING,
    cause: Mapping[str, Json] | None = None,
    **body: Json,
) -> int:
    """Have the amounts of things become texts, by a job, as those of many records are."""
    component = Component("field", "Thing__c.amount", {**TO_TEXT, **body})
    proposal = Proposal(upserts=(component,))
    async with world.database.change_metadata(world.tenant, world.viewer, cause) as tx:
        tried = await try_change(tx, proposal)
        digest = digest_of_changes(tried.plan.changes, tried.plan.conversions)
        return await start_conversion(tx, proposal, tried.moves, digest, confirm)


async def amounts(world: StorageWorld) -> dict[str, Any]:
    """Give the amounts of all things by their titles."""
    found: dict[str, Any] = {}
    for letter in "abc":
        text = f"SELECT title, amount FROM Thing__c WHERE kind = '{letter}' LIMIT 500"
        found |= {row["title"]: row["amount"] for row in await world.ask(text)}
    return found


async def field_of(world: StorageWorld) -> tuple[ObjectDef, Field]:
    """Give things and their amounts as the newest catalog has them."""
    thing = await world.definition()
    return thing, thing.get_field("amount")


async def check_whole(world: StorageWorld) -> None:
    """Check that slot, JSON and search text of every record say the same."""
    thing, amount = await field_of(world)
    assert amount.type.name == "text"
    # What was converted again and again has used up the slots, which the bin keeps for a while.
    rows = await world.rows(
        f"SELECT h.data, h.{amount.slot or 'deleted_at'} AS slot, s.txt FROM {thing.heap} h"
        " LEFT JOIN record_search s ON s.tenant_id = h.tenant_id AND s.id = h.id"
        " WHERE h.object_id = $1",
        thing.id,
    )
    for row in rows:
        data: Any = read_json(row["data"])
        assert row["slot"] == (data[amount.key] if amount.slot else None)
        assert data[amount.key] in row["txt"].split()


async def test_a_conversion_killed_at_any_step_goes_on(world: StorageWorld) -> None:
    small = world.with_rules(batch=25)
    await small.define()
    made = await small.fill(RECORDS)
    for turn, steps in enumerate(range(3, STEPS_OF_A_CONVERSION, 21)):
        before = await amounts(small)
        job = await begin(small)
        with suppress(Killed):
            await small.run(job, dying_database(small.engine.pool, steps))
        with suppress(AssertionError):
            # Under whichever type it is: both must be there afterwards.
            await small.change("Thing__c", made[turn], {"day": "2026-02-01"})
        if await small.value("SELECT state FROM job WHERE id = $1", job) != "done":
            assert (await small.run(job)).state is JobState.DONE

        assert await amounts(small) == {title: str(value) for title, value in before.items()}
        await check_whole(small)
        await _undo_last(small)
        assert await amounts(small) == before


async def _undo_last(world: StorageWorld) -> None:
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        await apply_planned(tx, await undoing(tx, tx.catalog.version), None, {})


async def test_readers_and_writers_beside_a_conversion_see_old_or_new_and_lose_nothing(
    world: StorageWorld,
) -> None:
    small = world.with_rules(batch=10)
    await small.define()
    made = await small.fill(RECORDS)
    stopping, written, seen = asyncio.Event(), dict[RecordId, int](), Counter[str]()

    async def write_on() -> None:
        turn = 0
        while not stopping.is_set():
            record, value = made[turn % RECORDS], 1000 + turn
            for said in (value, str(value)):
                with suppress(AssertionError):
                    await small.change("Thing__c", record, {"amount": said})
                    written[record] = value
                    break
            turn += 1

    async def read_on() -> None:
        while not stopping.is_set():
            found = (await amounts(small)).values()
            kinds = {type(value).__name__ for value in found}
            seen["|".join(sorted(kinds))] += 1

    job = await begin(small)
    beside = [asyncio.create_task(write_on()), asyncio.create_task(read_on())]
    done = await small.run(job)
    await asyncio.sleep(0.2)
    stopping.set()
    await asyncio.gather(*beside)

    assert done.state is JobState.DONE, done.result
    now = await amounts(small)
    expected = {f"Thing {n}": str(written.get(record, n)) for n, record in enumerate(made)}
    assert now == expected
    await check_whole(small)
    # One page is one snapshot: all numbers or all texts. Three pages of one look may lie apart.
    assert seen["str"] > 0
    assert seen["int"] + seen["Decimal"] > 0


async def test_plan_and_job_go_by_own_labels_whatever_language_somebody_reads(
    world: StorageWorld,
) -> None:
    await world.define()
    await world.fill(RECORDS)
    labelled: dict[str, Json] = {
        "type": "picklist",
        "options": [{"value": "c", "label": "See"}, "a", "b"],
    }
    words: dict[str, Json] = {"object": "Thing__c", "fields": {"kind": {"options": {"c": "Sehen"}}}}
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        kind = Component("field", "Thing__c.kind", {"object": "Thing__c", **labelled})
        german = Component("translation", "de.Thing__c", {"language": "de", **words})
        await change_metadata(tx, Proposal(upserts=(kind, german)))
    world.viewer = replace(world.viewer, language="de")
    text = Component("field", "Thing__c.kind", {"object": "Thing__c", "type": "text"})
    proposal = Proposal(upserts=(text,), conversions={text.key: Instruction({"See": "Look"})})

    async with world.database.read(world.tenant, world.viewer) as tx:
        shown = tx.catalog.get_object("Thing__c").get_field("kind").options.find("c").label
        planned = await plan_change(tx, proposal)
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        tried = await try_change(tx, proposal)
        job = await start_conversion(tx, proposal, tried.moves, planned.digest, {})
    ended = await world.run(job)

    (outcome,) = planned.outcomes
    assert shown == "Sehen"
    assert {one.converted.value for one in outcome.became} == {"a", "b", "Look"}
    assert ended.state is JobState.DONE, ended.result
    rows = await world.ask("SELECT kind FROM Thing__c LIMIT 500")
    assert {row["kind"] for row in rows} == {"a", "b", "Look"}


async def test_conversion_that_is_given_up_leaves_nothing(world: StorageWorld) -> None:
    thing = await world.define()
    await world.fill(RECORDS)
    before, digest = await amounts(world), await _digest(world)
    small = world.with_rules(batch=10)
    job = await begin(small)
    with suppress(Killed):
        await small.run(job, dying_database(small.engine.pool, 40))
    async with small.database.write(small.tenant, small.viewer) as tx:
        await request_cancel(tx, job)

    ended = await small.run(job)

    assert ended.state is JobState.CANCELLED
    assert (await amounts(small), await _digest(small)) == (before, digest)
    keys = {field.key for field in (await small.definition()).own_fields}
    rows = await small.rows(f"SELECT data FROM {thing.heap} WHERE object_id = $1", thing.id)
    held: list[Any] = [read_json(row["data"]) for row in rows]
    assert all(set(one) <= keys for one in held)
    _, amount = await field_of(small)
    marked = await small.value("SELECT storage FROM component WHERE id = $1", amount.id)
    assert RESERVED not in marked


async def test_conversion_cancelled_before_it_began_is_cleared_up_after(
    world: StorageWorld,
) -> None:
    thing = await world.define()
    job = await begin(world)
    async with world.database.write(world.tenant, world.viewer) as tx:
        assert (await request_cancel(tx, job)).state is JobState.CANCELLED
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        owner = await find_component(tx, thing.id)
        assert owner is not None
        assert await is_field_busy(tx, owner)

    (cleared,) = await world.run_all()

    assert cleared.kind == "metadata.give_up_conversion"
    async with world.database.read(world.tenant, world.viewer) as tx:
        assert not await is_field_busy(tx, owner)


async def test_an_undo_that_is_begun_again_is_still_one(world: StorageWorld) -> None:
    await world.define()
    await world.fill(RECORDS)
    job = await begin(world, cause={"undo": 1, "command": "first"})
    async with world.database.write(world.tenant, world.viewer) as tx:
        await request_cancel(tx, job)
    await world.run_all()

    page = {"command": "again"}
    async with world.database.change_metadata(world.tenant, world.viewer, page) as tx:
        applied = await apply_again(tx, await load_job(tx, job))

    async with world.database.read(world.tenant, world.viewer) as tx:
        change = await get_change(tx, applied.catalog.version)
    assert change.cause == {"undo": 1, "command": "again"}


async def test_few_bytes_of_values_are_looked_at_and_all_are_counted(
    world: StorageWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "_MOST_BYTES", 5)
    await world.define()
    await world.fill(RECORDS)
    number = Component("field", "Thing__c.kind", {"object": "Thing__c", "type": "number"})
    proposal = Proposal(upserts=(number,))
    async with world.database.read(world.tenant, world.viewer) as tx:
        (seen,) = (await plan_change(tx, proposal)).outcomes

    assert (seen.is_cut, 0 < seen.lost < RECORDS) == (True, True)
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        with pytest.raises(LossUnconfirmed) as refused:
            await apply_planned(tx, proposal, None, {seen.key: seen.lost})

    assert refused.value.problem.details == {"losses": {seen.key: RECORDS}}


async def test_conversion_of_what_was_changed_meanwhile_fails_and_says_so(
    world: StorageWorld,
) -> None:
    await world.define()
    await world.fill(RECORDS)
    job = await begin(world)
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        body = {"object": "Thing__c", "type": "number", "label": "Sum"}
        proposal = Proposal(upserts=(Component("field", "Thing__c.amount", body),))
        await apply_planned(tx, proposal, None, {})

    ended = await world.run(job)

    assert ended.state is JobState.FAILED
    told: Any = ended.result
    assert told["errors"][0]["code"] == "metadata.plan_moved"
    _, amount = await field_of(world)
    assert (amount.type.name, amount.label) == ("number", "Sum")


async def test_more_values_than_are_looked_at_are_counted_before_any_is_lost(
    world: StorageWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "MOST_VALUES", 5)
    small = world.with_rules(batch=25)
    await small.define()
    await small.fill(RECORDS)
    key, lossy = "field:Thing__c.amount", RECORDS - 10
    # Numbers of two digits have no place in a text of one.
    refused = await begin(small, length=1, confirm={key: lossy - 1})
    agreed = {key: lossy}

    assert (await small.run(refused)).state is JobState.FAILED
    done = await small.run(await begin(small, length=1, confirm=agreed))

    assert done.state is JobState.DONE, done.result


async def test_values_emptied_beside_a_conversion_to_long_texts_stay_so(
    world: StorageWorld,
) -> None:
    small = world.with_rules(batch=10)
    thing = await small.define()
    made = await small.fill(RECORDS)
    job = await begin(small, type="long_text", searchable=False)
    with suppress(Killed):
        await small.run(job, dying_database(small.engine.pool, 60))
    await small.change("Thing__c", made[0], {"amount": None})
    await small.change("Thing__c", made[1], {"amount": 777})

    assert (await small.run(job)).state is JobState.DONE

    _, amount = await field_of(small)
    held: dict[int, Any] = {}
    for row in await small.rows(
        f"SELECT id, data, data_long FROM {thing.heap} WHERE object_id = $1", thing.id
    ):
        short: Any = read_json(row["data"])
        long: Any = read_json(row["data_long"] or "{}")
        assert amount.key not in short
        held[row["id"]] = long.get(amount.key)
    assert (held[made[0]], held[made[1]], held[made[2]]) == (None, "777", "2")


async def test_records_do_not_move_again_while_values_become_others(world: StorageWorld) -> None:
    thing = await world.define()
    await begin(world)
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        stored = await find_component(tx, thing.id)
        assert stored is not None
        gone = Move(thing.heap, 0, 0, "0").as_json()
        await put_marker(tx, stored.id, {**stored.storage, MOVE_MARK: gone})

        begun = await resume_stuck(tx)

    assert begun == 0


async def test_conversion_in_a_process_that_is_killed_is_finished_by_another(
    world: StorageWorld,
) -> None:
    small = world.with_rules(batch=20)
    await small.define()
    await small.fill(600)
    before = await amounts(small)
    job = await begin(small)
    worker = await asyncio.to_thread(start_worker, world.dsn, job)
    await asyncio.sleep(0.3)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()

    finished = await small.run(job)

    assert finished.state is JobState.DONE
    assert await amounts(small) == {title: str(value) for title, value in before.items()}
    await check_whole(small)


async def test_change_in_a_process_killed_at_any_statement_is_made_or_not(
    world: StorageWorld,
) -> None:
    await world.define()
    await world.fill(RECORDS)
    old: Any = (await amounts(world), await _digest(world))
    seen: list[str] = []
    with killed_applies(world.dsn) as apply:
        while "done" not in seen:
            seen.append(await asyncio.to_thread(apply, 4 + 7 * len(seen)))
            now = (await amounts(world), await _digest(world))
            if now == old:
                continue
            texts = {title: str(value) for title, value in old[0].items()}
            assert now[0] == texts
            assert now[1] != old[1]
            await check_whole(world)
            await _undo_last(world)
            assert (await amounts(world), await _digest(world)) == old

    assert seen.count("killed") >= 3


async def _digest(world: StorageWorld) -> str:
    async with world.database.read(world.tenant, world.viewer) as tx:
        rows = await load_components(tx)
        return digest_of(row.component for row in rows if row.deleted_at is None)
