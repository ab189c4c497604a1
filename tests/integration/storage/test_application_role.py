"""The application's role owns nothing, may run no DDL, and cannot climb."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from fieldstone.runtime.storage.moving import Place
from tests.support.storage_world import StorageWorld


@pytest.fixture
async def intruder(world: StorageWorld) -> AsyncIterator[Any]:
    """A connection that logged in with no more than the application's role."""
    name, secret = f"fieldstone_test_{uuid4().hex[:12]}", uuid4().hex
    await world.rows(f"CREATE ROLE {name} LOGIN PASSWORD '{secret}' IN ROLE fieldstone_app")
    connection = await asyncpg.connect(world.dsn, user=name, password=secret)
    await connection.fetchval("SELECT open_tenant($1, 0)", world.tenant.id)
    try:
        yield connection
    finally:
        await connection.close()
        await world.rows(f"DROP ROLE {name}")


@pytest.mark.parametrize(
    "attempt",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "DROP TABLE record_p00",
        "TRUNCATE record_p00",
        "ALTER TABLE record_p00 DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE record_p00 NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON record_p00",
        "CREATE POLICY open ON record_p00 USING (true)",
        "CREATE INDEX ON record_p00 (id)",
        "ALTER TABLE record_p00 OWNER TO fieldstone_app",
        "ALTER ROLE fieldstone_app BYPASSRLS",
        "CREATE ROLE another",
        "SELECT protect_table('tenant')",
        "UPDATE tenant SET label = 'x'",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION drop_own_heap(object_id int) RETURNS void LANGUAGE sql AS ''",
        "SELECT pg_read_file('PG_VERSION')",
        "COPY record_p00 TO PROGRAM 'cat'",
    ],
)
async def test_it_may_not(intruder: Any, attempt: str) -> None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        await intruder.execute(attempt)

    refusals = (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidTableDefinitionError)
    assert isinstance(refused.value, refusals)


async def test_it_cannot_become_the_owner(intruder: Any, world: StorageWorld) -> None:
    owner = await world.value("SELECT current_user")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await intruder.execute(f'SET ROLE "{owner}"')
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await intruder.execute(f'SET SESSION AUTHORIZATION "{owner}"')


async def test_switching_row_security_off_gives_an_error_and_no_rows(intruder: Any) -> None:
    await intruder.execute("SET row_security = off")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await intruder.fetch("SELECT * FROM record_p00")


async def test_it_owns_nothing_and_bypasses_nothing(world: StorageWorld) -> None:
    owned = await world.rows(
        "SELECT relname FROM pg_class WHERE relowner = 'fieldstone_app'::regrole"
    )
    role = (await world.rows("SELECT * FROM pg_roles WHERE rolname = 'fieldstone_app'"))[0]

    assert owned == []
    assert not any(
        role[flag] for flag in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb")
    )


async def test_every_table_with_a_tenant_has_its_policy(world: StorageWorld) -> None:
    await world.define()
    await world.move(Place.OWN)

    open_ = await world.rows(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
        "  AND a.attname = 'tenant_id' AND NOT a.attisdropped"
        "  AND NOT (c.relrowsecurity AND EXISTS"
        "    (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant'))"
    )
    unforced = await world.rows(
        "SELECT relname FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity ORDER BY 1"
    )

    assert open_ == []
    # Those that functions of the owner read or fold for all tenants.
    told = [row["relname"] for row in unforced]
    assert told == ["index_order", "job", "record_search", "usage_entry", "usage_ledger"]


@pytest.mark.parametrize("function", ["create_own_heap", "drop_own_heap", "analyze_own_heap"])
async def test_own_heaps_are_for_objects_of_the_own_tenant(
    intruder: Any, world: StorageWorld, function: str
) -> None:
    foreign = await world.value(
        "SELECT id FROM component WHERE tenant_id = 2 AND kind = 'object' LIMIT 1"
    )

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await intruder.fetch(f"SELECT {function}($1)", foreign)


async def test_a_heap_in_use_is_not_dropped(intruder: Any, world: StorageWorld) -> None:
    thing = await world.define()
    await world.fill(3)
    await world.move(Place.OWN)

    with pytest.raises(asyncpg.ObjectInUseError):
        await intruder.fetch("SELECT drop_own_heap($1)", thing.id)


@pytest.mark.parametrize("slot", ["s9", "data", "s1) WHERE true; DROP TABLE bin; --"])
async def test_indexes_are_for_slots_alone(intruder: Any, world: StorageWorld, slot: str) -> None:
    thing = await world.define()
    await world.move(Place.OWN)

    with pytest.raises(asyncpg.PostgresError):
        await intruder.fetch("SELECT index_own_heap($1, $2)", thing.id, slot)


async def test_nobody_else_may_call_the_owners_functions(world: StorageWorld) -> None:
    found = await world.rows(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        " AND has_function_privilege('public', oid, 'EXECUTE')"
    )

    assert found == []
