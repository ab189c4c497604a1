"""Migrations run on databases with data in them, and on several at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from fieldstone.platform.database import migrations
from fieldstone.platform.database.migrate import migrate
from fieldstone.platform.database.schema_version import load_schema
from fieldstone.runtime.storage.moving import Place
from tests.support.servers import PostgresServer
from tests.support.storage_world import StorageWorld, a_storage_world, look

SCHEMA = """
SELECT table_name, column_name, data_type, is_nullable, column_default
FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"""
# What the engine notes besides by now, for which the first schema had no place.
LENT = (
    (
        "CREATE TABLE tenant_event (id int DEFAULT 1, number int, name text, what text,"
        " by_whom text, details jsonb)"
    ),
    (
        "CREATE TABLE usage_entry (tenant_id int, id int DEFAULT 1, day date, meter text,"
        " value bigint)"
    ),
    (
        "CREATE TABLE package_component (tenant_id int, component_id int, digest text,"
        " package text, kind text, name text, body jsonb,"
        " PRIMARY KEY (tenant_id, component_id, digest))"
    ),
    "GRANT ALL ON tenant_event, usage_entry, package_component TO fieldstone_app",
)
TAKEN_BACK = "DROP TABLE tenant_event, usage_entry, package_component"
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"


@pytest.fixture
def empty_dsn(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a database without a schema."""
    name = f"fieldstone_test_{uuid4().hex[:12]}"
    yield postgres_server.create(name)
    postgres_server.drop(name)


async def migrate_to(dsn: str, revision: str) -> None:
    """Run migrations up to a revision."""

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(next(iter(migrations.__path__))))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()

    url = make_url(dsn).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


async def fill(world: StorageWorld) -> str:
    """Write with the engine what the first schema can hold, and give a digest of the records."""
    world.tenant = await world.engine.tenants.create("first", "First")
    thing = await world.define()
    made = await world.fill(50)
    await world.delete("Thing__c", made[0])
    return await world.digest(thing)


async def test_a_database_of_the_first_schema_with_data_is_brought_up_to_date(
    empty_dsn: str,
) -> None:
    await migrate_to(empty_dsn, "0001")
    for statement in LENT:
        await look(empty_dsn, statement)
    async with a_storage_world(empty_dsn, tenant=None) as old:
        before = await fill(old)
    await look(empty_dsn, TAKEN_BACK)

    await migrate(empty_dsn)

    assert (await load_schema(empty_dsn)).is_current
    async with a_storage_world(empty_dsn, tenant="first") as world:
        thing = await world.definition()
        assert await world.digest(thing) == before
        await world.fill(5)
        await world.move(Place.OWN)
        assert await world.heaps_of(thing) == {f"record_x{thing.id}": 55}


async def test_an_upgrade_gives_the_same_schema_as_a_fresh_start(
    empty_dsn: str, fresh_database_dsn: str
) -> None:
    await migrate_to(empty_dsn, "0001")
    await migrate_to(empty_dsn, "head")

    for seen in (SCHEMA, INDEXES):
        assert await look(empty_dsn, seen) == await look(fresh_database_dsn, seen)


async def test_two_processes_that_migrate_at_once_take_turns(empty_dsn: str) -> None:
    await asyncio.gather(migrate(empty_dsn), migrate(empty_dsn))

    assert (await load_schema(empty_dsn)).is_current


async def test_what_was_counted_by_field_is_kept_as_queries(empty_dsn: str) -> None:
    await migrate_to(empty_dsn, "0009")
    await look(empty_dsn, "SELECT * FROM create_tenant('old', 'Old', '{}')")
    tenant = (await look(empty_dsn, "SELECT id FROM tenant"))[0][0]
    for number, kind, name in ((1, "object", "Thing__c"), (2, "field", "thing__c.size")):
        await look(
            empty_dsn,
            "INSERT INTO component (tenant_id, id, kind, name, body, storage)"
            " VALUES ($1, $2, $3, $4, '{}', '{}')",
            tenant,
            number,
            kind,
            name,
        )
    await look(empty_dsn, "INSERT INTO field_use VALUES ($1, 2, '2026-01-01', 7, 3)", tenant)

    await migrate(empty_dsn)

    kept = "SELECT object_id, equal, ranged, sorted, times, spent_us FROM query_use ORDER BY times"
    rows = await look(empty_dsn, kept)
    assert [tuple(row) for row in rows] == [(1, "", "", "2", 3, 0), (1, "2", "", "", 7, 0)]
