"""Tenants are kept apart twice: by the policies of the tables and by every statement itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from starlette.applications import Starlette

from fieldstone.clock import SystemClock
from fieldstone.ids import IdMinter
from fieldstone.platform.administrators import Administrators
from fieldstone.platform.app import build_app
from fieldstone.platform.database.pool import ROLE
from fieldstone.platform.tenants import Tenants
from fieldstone.runtime.catalogs import CatalogStore
from fieldstone.runtime.storage.moving import Place
from fieldstone.runtime.tenants import TenantDirectory
from fieldstone.runtime.transactions import Database
from tests.support.app import Api, client_of, settings_for
from tests.support.storage_world import StorageWorld, a_storage_world

TENANT_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
  AND a.attname = 'tenant_id' AND NOT a.attisdropped ORDER BY 1"""


@pytest.fixture
async def neighbour(world: StorageWorld) -> StorageWorld:
    """A second tenant whose records lie in the same leaf as those of the first, both with data."""
    number = await world.value(
        "SELECT n FROM generate_series(3, 1000) n WHERE satisfies_hash_partition("
        " 'record'::regclass, 16, right($1, 2)::int, n) LIMIT 1",
        world.tenant.leaf,
    )
    await world.rows("SELECT setval('tenant_id_seq', $1 - 1)", number)
    tenant = await world.engine.tenants.create("neighbour", "Neighbour")
    assert tenant.leaf == world.tenant.leaf
    beside = replace(world, tenant=tenant)
    for one, title in ((world, "ours"), (beside, "theirs")):
        await one.define()
        made = await one.create("Thing__c", [{"title": f"{title} {n}"} for n in range(3)])
        await one.delete("Thing__c", made[0])
    return beside


@asynccontextmanager
async def as_application(world: StorageWorld, *, tenant: int | None) -> AsyncIterator[Any]:
    """Connect in the application's role, for one tenant or none, and roll back at the end."""
    connection = await asyncpg.connect(world.dsn, server_settings={"role": ROLE})
    transaction = connection.transaction()
    await transaction.start()
    if tenant is not None:
        await connection.fetchval("SELECT open_tenant($1, 1)", tenant)
    try:
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


async def tables_of(world: StorageWorld) -> list[str]:
    """Give the tables of which each row belongs to a tenant, own heaps included."""
    return [row["relname"] for row in await world.rows(TENANT_TABLES)]


async def test_without_the_predicate_the_policy_hides_the_neighbour(
    world: StorageWorld, neighbour: StorageWorld
) -> None:
    await neighbour.move(Place.OWN)
    seen: dict[str, set[int]] = {}
    async with as_application(world, tenant=world.tenant.id) as connection:
        for table in await tables_of(world):
            rows = await connection.fetch(f'SELECT DISTINCT tenant_id FROM "{table}"')
            seen[table] = {row["tenant_id"] for row in rows}

    assert {number for found in seen.values() for number in found} == {world.tenant.id}
    assert seen[world.tenant.leaf] == {world.tenant.id}
    assert seen["record"] == {world.tenant.id}


async def test_without_a_tenant_nothing_is_seen(
    world: StorageWorld, neighbour: StorageWorld
) -> None:
    async with as_application(world, tenant=None) as connection:
        for table in await tables_of(neighbour):
            assert await connection.fetch(f'SELECT FROM "{table}"') == [], table


async def test_rows_cannot_be_written_for_the_neighbour(
    world: StorageWorld, neighbour: StorageWorld
) -> None:
    leaf = world.tenant.leaf
    async with as_application(world, tenant=world.tenant.id) as connection:
        changed = await connection.execute(f"UPDATE {leaf} SET version = 0 WHERE tenant_id > 0")
        deleted = await connection.execute(
            f"DELETE FROM {leaf} WHERE tenant_id <> $1", world.tenant.id
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                f"INSERT INTO {leaf} (tenant_id, object_id, id, data) VALUES ($1, 1, 1, '{{}}')",
                neighbour.tenant.id,
            )

    assert deleted == "DELETE 0"
    theirs = f"SELECT count(*) FROM {leaf} WHERE tenant_id = $1 AND version = 0"
    assert int(changed.split()[1]) > 0
    assert await world.value(theirs, neighbour.tenant.id) == 0


@asynccontextmanager
async def without_policies(world: StorageWorld) -> AsyncIterator[Starlette]:
    """Run the application as a superuser, whom no policy holds."""
    pool = await asyncpg.create_pool(world.dsn, min_size=1, max_size=4)
    clock = SystemClock()
    database = Database(pool, CatalogStore(), clock, IdMinter(clock, 1021))
    directory = TenantDirectory(pool)
    engine = replace(
        world.engine,
        pool=pool,
        database=database,
        directory=directory,
        tenants=Tenants(pool, database, directory),
        administrators=Administrators(database),
    )
    try:
        yield build_app(engine, settings_for(world.dsn))
    finally:
        await pool.close()


async def answers(api: Api, thing: str) -> dict[str, Any]:
    """Ask everything there is to ask of things, in every way."""
    asked = {"q": "SELECT title, parent.title FROM Thing__c WHERE title != 'x' ORDER BY title"}
    grouped = {"q": "SELECT title, COUNT(id) n FROM Thing__c GROUP BY title"}
    return {
        "list": await api.get("/api/records/Thing__c"),
        "plural": await api.get("/things"),
        "query": await api.ask("POST", "/api/query", asked),
        "count": await api.ask("POST", "/api/query", {"q": "SELECT COUNT() FROM Thing__c"}),
        "grouped": await api.ask("POST", "/api/query", grouped),
        "search": await api.get("/search", params={"q": "ours"}),
        "bin": await api.get("/api/bin"),
        "storage": await api.get("/api/storage"),
        "jobs": await api.get("/api/jobs"),
        "objects": await api.get("/api/objects"),
        "record": await api.send("GET", f"/api/records/Thing__c/{thing}"),
        "history": await api.send("GET", f"/api/records/Thing__c/{thing}/history"),
    }


@pytest.mark.parametrize("place", list(Place))
async def test_without_policies_the_statements_hide_the_neighbour(
    world: StorageWorld, neighbour: StorageWorld, place: Place
) -> None:
    if place is Place.OWN:
        await world.move(place)
    theirs = (await neighbour.ask("SELECT id FROM Thing__c"))[0]["id"]
    async with without_policies(world) as app, client_of(app) as api:
        told = await answers(api, theirs)
        changed = await api.send("PATCH", f"/api/records/Thing__c/{theirs}", {"title": "x"})
        removed = await api.send("DELETE", f"/api/records/Thing__c/{theirs}")

    assert told["record"].status_code == 404
    assert told["history"].status_code == 404
    assert (changed.status_code, removed.status_code) == (404, 404)
    assert "theirs" not in str(told)
    assert told["count"]["total"] == 2
    assert [one["name"] for one in told["bin"]["deletions"]] == ["ours 0"]
    assert len(await neighbour.ask("SELECT title FROM Thing__c WHERE title != 'x'")) == 2


async def test_background_work_stays_with_its_tenant_without_policies(
    world: StorageWorld, neighbour: StorageWorld
) -> None:
    theirs = await neighbour.definition()
    before = await neighbour.digest(theirs)
    pool = await asyncpg.create_pool(world.dsn, min_size=1, max_size=4)
    clock = SystemClock()
    database = Database(pool, CatalogStore(), clock, IdMinter(clock, 1020))
    async with a_storage_world(world.dsn) as plain:
        bare = replace(plain, engine=replace(plain.engine, pool=pool, database=database))
        await bare.move(Place.OWN)
        await bare.move(Place.SHARED)
    await pool.close()

    assert await neighbour.digest(theirs) == before
