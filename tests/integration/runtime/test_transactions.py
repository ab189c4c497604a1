"""What the database breaks off is told in our words, however its rows are read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from fieldstone.platform.app import Engine, open_engine
from fieldstone.platform.settings import Settings
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import (
    Collision,
    QueryTimeout,
    Transaction,
    Viewer,
    again_if_it_collides,
)

NOBODY = Viewer(None, "Nobody")
TENANT_SET = "SELECT current_setting('app.tenant')::int AS tenant FROM generate_series(1, 3)"
RAISE = "UPDATE counter SET value = value + 1 WHERE tenant_id = $1 AND field_id = $2"


@pytest.fixture
async def engine(app_dsn: str) -> AsyncIterator[Engine]:
    """An engine whose statements may take a quarter of a second."""
    opened = await open_engine(Settings(database_url=app_dsn, statement_timeout_s=0.25))
    yield opened
    await opened.close()


@pytest.fixture
async def tenant(engine: Engine) -> Tenant:
    """The tenant of every test here."""
    return await engine.directory.get("default")


async def tenants_of(tx: Transaction) -> list[int]:
    """Read by a cursor for which tenant rows are read, two rows at a time."""
    async with tx.cursor(TENANT_SET, []) as fetch:
        return [row["tenant"] for row in (*await fetch(2), *await fetch(2))]


async def test_rows_that_come_too_late_are_a_timeout(engine: Engine, tenant: Tenant) -> None:
    async def stream() -> None:
        async with (
            engine.database.read(tenant, NOBODY) as tx,
            tx.cursor("SELECT pg_sleep(5)", []) as fetch,
        ):
            await fetch(1)

    with pytest.raises(QueryTimeout):
        await stream()

    async with engine.database.read(tenant, NOBODY) as tx:
        assert await tenants_of(tx) == [tenant.id] * 3


async def test_rows_of_work_that_opened_nothing_are_those_of_its_tenant(
    engine: Engine, tenant: Tenant
) -> None:
    other = await engine.directory.get("other")

    found = [await engine.database.ask(of, NOBODY, tenants_of) for of in (tenant, other, tenant)]

    assert found == [[tenant.id] * 3, [other.id] * 3, [tenant.id] * 3]


async def cross(engine: Engine, tenant: Tenant, meeting: asyncio.Barrier, *fields: int) -> None:
    """Change two rows, one after the other, in one transaction."""
    async with engine.database.write(tenant, NOBODY) as tx:
        await tx.fetch(RAISE, [tenant.id, fields[0]])
        if not meeting.broken:
            await meeting.wait()
        await tx.fetch(RAISE, [tenant.id, fields[1]])


@pytest.fixture
async def patient(app_dsn: str) -> AsyncIterator[Engine]:
    """An engine that waits for longer than PostgreSQL takes to see a deadlock."""
    opened = await open_engine(Settings(database_url=app_dsn))
    default = await opened.directory.get("default")
    add = "INSERT INTO counter (tenant_id, field_id, value) VALUES ($1, -1, 0), ($1, -2, 0)"
    async with opened.database.write(default, NOBODY) as tx:
        await tx.fetch(add, [default.id])
    yield opened
    await opened.close()


async def test_a_snapshot_sees_what_was_committed_when_it_began(
    engine: Engine, tenant: Tenant
) -> None:
    count = "SELECT count(*) FROM counter WHERE tenant_id = $1"
    add = "INSERT INTO counter (tenant_id, field_id, value) VALUES ($1, -9, 0)"
    async with engine.database.snapshot(tenant, NOBODY, statement_timeout_s=5) as tx:
        before = await tx.fetch(count, [tenant.id])
        async with engine.database.write(tenant, NOBODY) as other:
            await other.fetch(add, [tenant.id])
        after = await tx.fetch(count, [tenant.id])

    assert [list(row) for row in before] == [list(row) for row in after]


async def test_a_portion_of_a_snapshot_has_a_time_limit_of_its_own(
    engine: Engine, tenant: Tenant
) -> None:
    sleep = "SELECT pg_sleep($1)"
    async with engine.database.snapshot(tenant, NOBODY, statement_timeout_s=5) as tx:
        assert len(await tx.fetch(sleep, [0.4])) == 1
    with pytest.raises(QueryTimeout):
        async with engine.database.snapshot(tenant, NOBODY, statement_timeout_s=0.1) as tx:
            await tx.fetch(sleep, [5.0])
    with pytest.raises(QueryTimeout):
        async with engine.database.read(tenant, NOBODY) as tx:
            await tx.fetch(sleep, [5.0])


async def test_writers_in_each_others_way_collide(patient: Engine) -> None:
    default = await patient.directory.get("default")
    meeting = asyncio.Barrier(2)

    ends = await asyncio.gather(
        cross(patient, default, meeting, -1, -2),
        cross(patient, default, meeting, -2, -1),
        return_exceptions=True,
    )

    assert [type(end) for end in ends if end is not None] == [Collision]


async def test_writers_in_each_others_way_both_end_when_they_try_again(patient: Engine) -> None:
    default = await patient.directory.get("default")
    meeting = asyncio.Barrier(2)

    async def once(*fields: int) -> None:
        try:
            await cross(patient, default, meeting, *fields)
        finally:
            await meeting.abort()

    await asyncio.gather(
        again_if_it_collides(partial(once, -1, -2)), again_if_it_collides(partial(once, -2, -1))
    )

    async with patient.database.read(default, NOBODY) as tx:
        kept = await tx.fetch("SELECT value FROM counter WHERE field_id < 0", [])
    assert [row["value"] for row in kept] == [2, 2]
