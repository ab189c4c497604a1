"""A move while others write and read: nothing is lost, doubled or held up for long."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter

import pytest

from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.values import Json
from fieldstone.runtime.jobs import Job, JobState
from fieldstone.runtime.records.delete import delete
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.write import Incoming, incoming_of, load, write
from fieldstone.runtime.storage.moving import Place
from tests.support.storage_workers import start_worker
from tests.support.storage_world import StorageWorld

RECORDS = 3000
LONGEST_HOLD_MS = 1000


@dataclass
class Load:
    """Writers and readers of one object. The sum of all amounts is the same after every write."""

    world: StorageWorld
    made: Sequence[RecordId]
    total: int
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    writes: int = 0
    reads: int = 0
    longest_s: float = 0.0

    async def write_on(self, first: int) -> None:
        """Shift amounts between two records, and make and delete pairs that add up to nothing."""
        for turn in count(first):
            if self.stopping.is_set():
                return
            began = perf_counter()
            if turn % 3:
                await self._shift(turn)
            else:
                await self._come_and_go(turn)
            self.longest_s = max(self.longest_s, perf_counter() - began)
            self.writes += 1
            await asyncio.sleep(0)

    async def _shift(self, turn: int) -> None:
        pair = sorted({self.made[turn * 7 % RECORDS], self.made[(turn * 13 + 1) % RECORDS]})
        if len(pair) == 1:
            return
        async with self.world.database.write(self.world.tenant, self.world.viewer) as tx:
            obj = tx.catalog.get_object("Thing__c")
            amount = obj.get_field("amount")
            found = await load(tx, obj, [RecordId(number) for number in pair])
            values = [found[RecordId(number)].data[amount.key] for number in pair]
            one, other = (int(str(value)) for value in values)
            shifted: list[dict[Field, Json]] = [{amount: one + 1}, {amount: other - 1}]
            versions = [found[RecordId(number)].version for number in pair]
            await write(
                tx,
                obj,
                [
                    Incoming(new, id=RecordId(number), version=version)
                    for new, number, version in zip(shifted, pair, versions, strict=True)
                ],
                partly=False,
            )

    async def _come_and_go(self, turn: int) -> None:
        async with self.world.database.write(self.world.tenant, self.world.viewer) as tx:
            obj = tx.catalog.get_object("Thing__c")
            title = f"Pair {turn}"
            values: list[dict[str, Json]] = [
                {"title": title, "amount": turn},
                {"title": title, "amount": -turn},
            ]
            read = [incoming_of(read_values(obj, one, tx.rights)) for one in values]
            made = await write(tx, obj, read)
            if turn % 2:
                for one in made:
                    assert one.id is not None
                    await delete(tx, obj, one.id)

    async def read_on(self) -> None:
        """Count and add up all the while."""
        while not self.stopping.is_set():
            (row,) = await self.world.ask("SELECT COUNT(id) n, SUM(amount) s FROM Thing__c")
            assert row["s"] == self.total
            assert row["n"] >= RECORDS
            assert row["n"] % 2 == 0
            self.reads += 1
            await asyncio.sleep(0)


def held_ms(job: Job) -> int:
    """Give for how long a move held the tenant's catalog alone."""
    assert job.result is not None
    return int(str(job.result["held_ms"]))


@asynccontextmanager
async def under_load(world: StorageWorld, made: Sequence[RecordId]) -> AsyncIterator[Load]:
    """Write and read for the length of a block."""
    load_ = Load(world, made, sum(range(RECORDS)))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(load_.write_on(1))
        tasks.create_task(load_.read_on())
        try:
            await asyncio.sleep(0.2)
            yield load_
            await asyncio.sleep(0.2)
        finally:
            load_.stopping.set()


async def check_all(world: StorageWorld, thing: ObjectDef, heap: str) -> None:
    """Compare every row with the last version that the log tells of."""
    logged = await world.rows(
        "SELECT record_id, max(version) FROM change WHERE object_id = $1 GROUP BY 1 ORDER BY 1",
        thing.id,
    )
    stored = await world.rows(
        f"SELECT id, version FROM {heap} WHERE object_id = $1 ORDER BY 1", thing.id
    )
    assert [tuple(row) for row in stored] == [tuple(row) for row in logged]
    assert list(await world.heaps_of(thing)) == [heap]


async def test_readers_and_writers_notice_nothing_of_a_move(world: StorageWorld) -> None:
    thing = await world.define()
    made = await world.fill(RECORDS)
    patient = world.with_rules(grace_s=0.0)

    async with under_load(patient, made) as load_:
        jobs = [await patient.move(Place.OWN)]
        between = load_.writes
        jobs += [await patient.move(Place.SHARED), await patient.move(Place.OWN)]

    assert load_.writes > between > 0
    assert load_.reads > 0
    assert all(held_ms(job) < LONGEST_HOLD_MS for job in jobs)
    await check_all(world, thing, f"record_x{thing.id}")


@pytest.mark.slow
async def test_a_worker_that_is_killed_loses_nothing(world: StorageWorld) -> None:
    thing = await world.define()
    made = await world.fill(RECORDS)
    job = await world.request(Place.OWN)

    async with under_load(world, made):
        for delay_s in (0.1, 0.3):
            worker = await asyncio.to_thread(start_worker, world.dsn, job)
            await asyncio.sleep(delay_s)
            os.kill(worker.pid, signal.SIGKILL)
            await asyncio.to_thread(worker.wait)
        if await world.value("SELECT state FROM job WHERE id = $1", job) != "done":
            assert (await world.run(job)).state is JobState.DONE
    await world.run_all()

    await check_all(world, thing, f"record_x{thing.id}")
