"""The application logs in as a role that is nobody's but its own, and cannot leave it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from fieldstone.platform.app import open_engine
from fieldstone.platform.database.login import (
    Login,
    ensure_login,
    examined,
    find_login,
    foresee_login,
    login_name,
    login_url,
)
from fieldstone.platform.errors import translated
from fieldstone.platform.servers import StartFailed, servers
from fieldstone.platform.settings import BadSetting, Settings
from tests.support.app import owner_connection
from tests.support.servers import PostgresServer, execute, made_database
from tests.support.storage_world import StorageWorld, a_storage_world

KEY = "only-for-these-tests"


def nothing_said(text: str) -> None:
    """Fail if there is a warning."""
    raise AssertionError(text)


def database_of(dsn: str) -> str:
    """Give the name of the database of an address."""
    return urlsplit(dsn).path.lstrip("/")


async def login_to(dsn: str, key: str = KEY) -> Login:
    """Give the application's login to a database, made if it is not there."""
    return await ensure_login(dsn, database_of(dsn), key)


@pytest.fixture
async def world(fresh_app_dsn: str) -> AsyncIterator[StorageWorld]:
    """A tenant with records, in a database where another one has some as well."""
    async with a_storage_world(fresh_app_dsn, tenant="other") as other:
        await other.define()
        await other.fill(3)
    async with a_storage_world(fresh_app_dsn) as made:
        await made.define()
        await made.fill(2)
        yield made


@pytest.fixture
async def intruder(world: StorageWorld) -> AsyncIterator[Any]:
    """A connection as requests have it, in which somebody gets SQL of theirs run."""
    settings = Settings(app_database_url=(await login_to(world.dsn)).url)
    engine = await open_engine(settings)
    try:
        async with engine.pool.acquire() as connection:
            yield connection
    finally:
        await engine.close()


@pytest.mark.parametrize(
    "attempt",
    [
        "RESET ROLE",
        "SET ROLE NONE",
        'SET ROLE "{owner}"',
        'SET SESSION AUTHORIZATION "{owner}"',
        "SET SESSION AUTHORIZATION DEFAULT",
        "RESET ALL",
        "DISCARD ALL",
        "SET row_security = off",
        "ALTER TABLE record NO FORCE ROW LEVEL SECURITY",
        "CREATE ROLE another SUPERUSER",
        "ALTER ROLE CURRENT_USER BYPASSRLS",
        'GRANT "{owner}" TO CURRENT_USER',
        "RESET ROLE; GRANT pg_read_server_files TO SESSION_USER",
    ],
)
async def test_whatever_role_is_asked_for_the_neighbour_stays_hidden(
    intruder: Any, world: StorageWorld, attempt: str
) -> None:
    owner = await world.value("SELECT current_user")
    for wish in attempt.format(owner=owner).split("; "):
        try:
            await intruder.execute(wish)
        except asyncpg.PostgresError as error:
            assert isinstance(error, asyncpg.InsufficientPrivilegeError), error

    seen = await seen_of_others(intruder, world)

    assert seen == []
    assert await others_in(world) > 0


async def seen_of_others(intruder: Any, world: StorageWorld) -> list[Any]:
    """Give the records of other tenants that a connection finds; it may be refused altogether."""
    try:
        await intruder.fetchval("SELECT open_tenant($1, 0)", world.tenant.id)
        found: list[Any] = await intruder.fetch(
            "SELECT id FROM record WHERE tenant_id <> $1", world.tenant.id
        )
    except asyncpg.InsufficientPrivilegeError:
        return []
    return found


async def others_in(world: StorageWorld) -> int:
    """Count the records of other tenants, as the owner sees them."""
    count: int = await world.value(
        "SELECT count(*) FROM record WHERE tenant_id <> $1", world.tenant.id
    )
    return count


async def test_login_has_no_power_and_owns_nothing(fresh_app_dsn: str) -> None:
    login = await login_to(fresh_app_dsn)

    name = login_name(database_of(fresh_app_dsn))
    async with owner_connection(fresh_app_dsn) as owner:
        role = await owner.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", name)
        member_of = await owner.fetch(
            "SELECT rolname FROM pg_roles WHERE pg_has_role($1::name, oid, 'MEMBER')", name
        )
        owned = await owner.fetchval(
            "SELECT count(*) FROM pg_class WHERE relowner = $1", role["oid"]
        )

    assert login.shortcoming is None
    assert role["rolcanlogin"]
    powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
    assert [power for power in powers if role[power]] == []
    assert {row["rolname"] for row in member_of} == {name, "fieldstone_app"}
    assert owned == 0


async def test_processes_that_start_at_once_have_one_login(fresh_app_dsn: str) -> None:
    logins = await asyncio.gather(*(login_to(fresh_app_dsn) for _ in range(6)))

    assert set(logins) == {Login(login_url(fresh_app_dsn, database_of(fresh_app_dsn), KEY))}


async def test_databases_of_one_server_get_their_logins_at_once(
    postgres_server: PostgresServer, template_database: str
) -> None:
    with ExitStack() as stack:
        made = [
            stack.enter_context(made_database(postgres_server, template_database)) for _ in range(3)
        ]
        logins = await asyncio.gather(*(login_to(dsn) for dsn in made for _ in range(2)))

    assert [login.shortcoming for login in logins] == [None] * 6
    assert len({login.url for login in logins}) == 3


async def test_login_gets_its_password_again_under_another_key(fresh_app_dsn: str) -> None:
    before = await login_to(fresh_app_dsn, "before")

    after = await login_to(fresh_app_dsn, "after")

    assert (await examined(after.url)).shortcoming is None
    with pytest.raises(asyncpg.InvalidPasswordError):
        await examined(before.url)


async def test_passwords_never_reach_the_servers_log(fresh_app_dsn: str) -> None:
    login = await login_to(fresh_app_dsn)

    async with owner_connection(fresh_app_dsn) as owner:
        kept = await owner.fetchval(
            "SELECT rolpassword FROM pg_authid WHERE rolname = $1",
            login_name(database_of(fresh_app_dsn)),
        )
    assert kept.startswith("SCRAM-SHA-256$")
    assert str(urlsplit(login.url).password) not in kept


async def test_login_that_was_given_powers_is_told(fresh_app_dsn: str) -> None:
    await login_to(fresh_app_dsn)
    name = login_name(database_of(fresh_app_dsn))
    await execute(fresh_app_dsn, f'ALTER ROLE "{name}" BYPASSRLS CREATEROLE')

    login = await login_to(fresh_app_dsn)

    assert login.shortcoming is not None
    assert "pass by row-level security, make roles" in login.shortcoming


async def test_owner_as_login_is_told(fresh_app_dsn: str) -> None:
    login = await examined(fresh_app_dsn)

    assert login.shortcoming is not None
    assert "be the owner of the tables" in login.shortcoming


async def test_doctor_foresees_the_login_without_making_it(fresh_app_dsn: str) -> None:
    foreseen = await foresee_login(fresh_app_dsn, database_of(fresh_app_dsn), KEY)

    assert foreseen == Login(login_url(fresh_app_dsn, database_of(fresh_app_dsn), KEY))
    with pytest.raises(asyncpg.PostgresError):
        await examined(foreseen.url)


async def test_doctor_tells_of_a_login_that_another_key_opens(fresh_app_dsn: str) -> None:
    await login_to(fresh_app_dsn, "another")

    foreseen = await foresee_login(fresh_app_dsn, database_of(fresh_app_dsn), KEY)

    assert foreseen.shortcoming is not None
    assert "another FIELDSTONE_SECRET_KEY" in foreseen.shortcoming


async def test_worker_finds_the_login_by_the_same_key(fresh_app_dsn: str) -> None:
    made = await login_to(fresh_app_dsn)

    found = await find_login(fresh_app_dsn, database_of(fresh_app_dsn), KEY)
    not_found = await find_login(fresh_app_dsn, database_of(fresh_app_dsn), "another")

    assert found == made
    assert not_found.url == fresh_app_dsn
    assert not_found.shortcoming is not None


def test_settings_for_processes_hold_no_address_of_the_owner(
    fresh_app_dsn: str, valkey_url: str, tmp_path: Path
) -> None:
    given = Settings(
        data=tmp_path, database_url=fresh_app_dsn, redis_url=valkey_url, secret_key=KEY
    )
    warnings: list[str] = []

    with servers(given, warnings.append) as ready:
        assert ready.database_url is None
        assert ready.app_database_url == login_url(fresh_app_dsn, database_of(fresh_app_dsn), KEY)
    assert warnings == []


def test_login_that_is_named_is_used(fresh_app_dsn: str, valkey_url: str, tmp_path: Path) -> None:
    given = Settings(
        data=tmp_path,
        database_url=fresh_app_dsn,
        app_database_url=fresh_app_dsn,
        redis_url=valkey_url,
    )
    warnings: list[str] = []

    with servers(given, warnings.append) as ready:
        assert ready.app_database_url == fresh_app_dsn
    [warning] = warnings
    assert "be the owner of the tables" in warning


def test_login_that_does_not_work_stops_the_start(
    fresh_app_dsn: str, valkey_url: str, tmp_path: Path
) -> None:
    wrong = login_url(fresh_app_dsn, database_of(fresh_app_dsn), KEY)
    given = Settings(
        data=tmp_path, database_url=fresh_app_dsn, app_database_url=wrong, redis_url=valkey_url
    )

    with pytest.raises(StartFailed) as caught, servers(given, nothing_said):
        pass
    assert "FIELDSTONE_APP_DATABASE_URL" in str(caught.value)
    assert "key" not in str(caught.value)


def test_login_without_the_owners_address_is_refused(tmp_path: Path) -> None:
    given = Settings(data=tmp_path, app_database_url="postgresql://x/y")

    with pytest.raises(BadSetting), servers(given, nothing_said):
        pass


async def test_refused_login_is_no_fault_of_the_caller(fresh_app_dsn: str) -> None:
    with pytest.raises(asyncpg.PostgresError) as caught:
        await examined(login_url(fresh_app_dsn, database_of(fresh_app_dsn), "wrong"))

    known = translated(caught.value)
    assert known is not None
    assert known.code == "service.database"
