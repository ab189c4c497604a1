"""The hourly work: done once by whoever comes first, and all that is due."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from fieldstone.clock import SystemClock
from fieldstone.metadata.changes import Proposal
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.storage.maintenance import Maintenance
from fieldstone.runtime.storage.moving import Place
from tests.support.storage_world import StorageWorld

JOBS = "SELECT kind FROM job WHERE tenant_id = $1 AND state = 'waiting' ORDER BY kind"


def maintenance(world: StorageWorld) -> Maintenance:
    return Maintenance(world.engine.pool, world.database, world.rules, SystemClock())


async def waiting(world: StorageWorld) -> list[str]:
    return [row["kind"] for row in await world.rows(JOBS, world.tenant.id)]


async def again(world: StorageWorld) -> None:
    """Let an hour pass."""
    await world.rows("UPDATE maintenance SET done_at = done_at - interval '2 hours'")
    assert await maintenance(world).run_if_due()


async def test_of_all_that_come_one_does_it_and_once_an_hour(world: StorageWorld) -> None:
    done = await asyncio.gather(*(maintenance(world).run_if_due() for _ in range(5)))

    assert sorted(done) == [False, False, False, False, True]
    assert not await maintenance(world).run_if_due()


async def test_big_objects_are_promoted_and_small_ones_are_not(world: StorageWorld) -> None:
    thing = await world.define()
    await world.define({"name": "Small", "fields": [{"name": "x", "type": "text"}]})
    await world.fill(world.rules.promote_above + 1)
    await world.create("Small__c", [{"x": "1"}] * world.rules.promote_above)

    await maintenance(world).run_if_due()
    await world.run_all()

    assert (await world.definition()).heap == f"record_x{thing.id}"
    assert (await world.definition("Small__c")).heap == world.tenant.leaf


async def test_a_move_that_gave_up_is_begun_again(world: StorageWorld) -> None:
    thing = await world.define()
    await world.fill(10)
    number = await world.request(Place.OWN)
    await world.rows("UPDATE job SET state = 'failed', finished_at = now() WHERE id = $1", number)

    await maintenance(world).run_if_due()
    await world.run_all()

    assert await world.heaps_of(thing) == {f"record_x{thing.id}": 10}
    assert set(await world.storage(thing)) == {"prefix", "heap"}


async def test_rows_left_behind_are_removed_by_another_job(world: StorageWorld) -> None:
    thing = await world.define()
    await world.fill(10)
    await world.run(await world.request(Place.OWN))
    await world.rows("UPDATE job SET state = 'failed' WHERE kind = 'storage.clean'")

    await maintenance(world).run_if_due()
    await world.run_all()

    assert await world.heaps_of(thing) == {f"record_x{thing.id}": 10}


async def test_what_was_deleted_long_ago_is_purged(world: StorageWorld) -> None:
    thing = await world.define()
    made = await world.fill(3)
    await world.delete("Thing__c", made[0])
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        removal = ("field", "thing__c.kind")
        await change_metadata(tx, Proposal(removals=(removal,)))

    await maintenance(world).run_if_due()
    assert await waiting(world) == ["storage.purge"]
    await again(world)
    assert await waiting(world) == ["storage.purge"]
    await world.run_all()
    await again(world)

    assert await waiting(world) == []
    assert await world.heaps_of(thing) == {thing.heap: 2}


async def test_what_was_deleted_lately_is_kept(world: StorageWorld) -> None:
    patient = world.with_rules(keep_deleted=timedelta(days=30))
    await patient.define()
    made = await patient.fill(1)
    await patient.delete("Thing__c", made[0])

    await maintenance(patient).run_if_due()

    assert await waiting(patient) == []


async def test_old_answers_and_old_jobs_are_forgotten(world: StorageWorld) -> None:
    tenant = world.tenant.id
    for age in ("1 hour", "2 days"):
        await old_answer(world, age)
    for age in ("29 days", "31 days"):
        await old_job(world, age)

    await maintenance(world).run_if_due()

    keys = await world.rows("SELECT key FROM idempotency WHERE tenant_id = $1", tenant)
    assert [row["key"] for row in keys] == ["1 hour"]
    kinds = await world.rows("SELECT kind FROM job WHERE tenant_id = $1", tenant)
    assert [row["kind"] for row in kinds] == ["29 days"]


async def old_answer(world: StorageWorld, age: str) -> None:
    await world.rows(
        "INSERT INTO idempotency (tenant_id, key, digest, created_at)"
        f" VALUES ($1, $2, '', now() - interval '{age}')",
        world.tenant.id,
        age,
    )


async def old_job(world: StorageWorld, age: str) -> None:
    await world.rows(
        "INSERT INTO job (tenant_id, kind, state, finished_at)"
        f" VALUES ($1, $2, 'done', now() - interval '{age}')",
        world.tenant.id,
        age,
    )


async def test_the_log_has_partitions_for_the_months_to_come(world: StorageWorld) -> None:
    await world.rows("DROP TABLE change_default, " + ", ".join(await partitions(world)))

    await maintenance(world).run_if_due()

    assert len(await partitions(world)) == 3


async def partitions(world: StorageWorld) -> list[str]:
    rows = await world.rows("SELECT relname FROM pg_class WHERE relname ~ '^change_[0-9]+_[0-9]+$'")
    return [row["relname"] for row in rows]
