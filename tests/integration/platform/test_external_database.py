"""Tests of a PostgreSQL that is not ours: an owner without special powers, migrated and used."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from fieldstone.platform.database.login import ensure_login, examined, foresee_login
from fieldstone.platform.database.migrate import migrate
from fieldstone.platform.embedded.postgres import EmbeddedPostgres
from tests.support.app import client_of, furnish, opened_app
from tests.support.servers import execute


@pytest.fixture
def cluster(tmp_path: Path):
    """A cluster of its own, since roles belong to all databases of one."""
    with EmbeddedPostgres(tmp_path / "postgres", durable=False) as server:
        yield server


async def test_owner_needs_no_more_than_to_make_roles(cluster):
    await execute(cluster.dsn(), "CREATE ROLE plain LOGIN CREATEROLE PASSWORD 'plain'")
    await execute(cluster.dsn(), "CREATE DATABASE plain OWNER plain")
    address = urlsplit(cluster.dsn("plain"))
    dsn = urlunsplit(address._replace(netloc="plain:plain@"))

    await migrate(dsn)
    login = await ensure_login(dsn, "plain", "key")
    await furnish(login.url)
    async with (
        opened_app(login.url) as app,
        client_of(app) as api,
        client_of(app, "other") as other,
    ):
        await api.post("/contacts", {"name": "Alice Smith", "email": "alice@acme.com"})
        company = await api.post("/companies", {"name": "Acme", "domain": "acme.com"})
        found = await api.get("/search?q=alise")
        theirs = await other.get("/search?q=alise")

    assert login.shortcoming is None
    assert [one["name"] for one in company["contacts"]] == ["Alice Smith"]
    assert [one["name"] for one in found["results"]] == ["Alice Smith"]
    assert theirs["results"] == []
    await no_record_without_a_tenant(dsn)


async def test_owner_who_may_make_no_roles_serves_with_a_warning(cluster):
    await execute(cluster.dsn(), "CREATE ROLE plain LOGIN CREATEROLE PASSWORD 'plain'")
    await execute(cluster.dsn(), "CREATE DATABASE plain OWNER plain")
    address = urlsplit(cluster.dsn("plain"))
    dsn = urlunsplit(address._replace(netloc="plain:plain@"))
    await migrate(dsn)
    await execute(cluster.dsn(), "ALTER ROLE plain NOCREATEROLE")

    foreseen = await foresee_login(dsn, "plain", "key")
    login = await ensure_login(dsn, "plain", "key")

    assert login.url == foreseen.url == dsn
    assert login.shortcoming == (
        "Requests log in as the owner of the database: permission denied to create role."
    )
    assert "may not make roles" in str(foreseen.shortcoming)
    await furnish(login.url)


async def test_login_that_somebody_else_made_is_as_good(cluster):
    await execute(cluster.dsn(), "CREATE ROLE plain LOGIN CREATEROLE PASSWORD 'plain'")
    await execute(cluster.dsn(), "CREATE DATABASE plain OWNER plain")
    address = urlsplit(cluster.dsn("plain"))
    dsn = urlunsplit(address._replace(netloc="plain:plain@"))
    await migrate(dsn)
    await execute(cluster.dsn(), "CREATE ROLE r LOGIN PASSWORD 'r' IN ROLE fieldstone_app")

    login = await examined(urlunsplit(address._replace(netloc="r:r@")))

    assert login.shortcoming is None
    await furnish(login.url)


async def no_record_without_a_tenant(dsn):
    connection = await asyncpg.connect(dsn)
    try:
        assert await connection.fetchval("SELECT count(*) FROM record") == 0
    finally:
        await connection.close()
