"""The servers that a start needs: embedded or named, with a migrated database and a login to it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Final

import asyncpg

from fieldstone.clock import SystemClock
from fieldstone.errors import Unavailable
from fieldstone.platform.database.indexer import indexing
from fieldstone.platform.database.login import LOGIN_FAILS, Login, ensure_login, examined
from fieldstone.platform.database.schema_version import Schema, ensure_database, load_schema
from fieldstone.platform.database.zones import load_differing_zones, told_of_zones
from fieldstone.platform.embedded.postgres import EmbeddedPostgres
from fieldstone.platform.embedded.valkey import EmbeddedValkey
from fieldstone.platform.settings import BadSetting, Settings, load_secret_key

DATABASE: Final = "fieldstone"
MIGRATE: Final = "fieldstone.platform.database.migrate"


class StartFailed(Unavailable):
    """A process of the server did not start."""

    code = "service.start_failed"


@contextmanager
def servers(settings: Settings, warn: Callable[[str], None]) -> Iterator[Settings]:
    """Start the embedded servers that the settings do not replace; give settings with addresses.

    They run for the length of the block, on a migrated database, whose owner's address is not
    among the settings given: whoever serves logs in as the application. What the owner alone may
    do while they run, this process does: it makes the indexes that are ordered. Raises StartFailed.
    """
    with ExitStack() as stack:
        owner_url, redis_url = settings.database_url, settings.redis_url
        if owner_url is None:
            _check_alone(settings)
            postgres = stack.enter_context(EmbeddedPostgres(settings.data / "postgres"))
            owner_url = postgres.dsn(DATABASE)
            schema = asyncio.run(_load_or_make(owner_url, postgres.dsn("postgres")))
        else:
            schema = asyncio.run(load_schema(owner_url))
        if redis_url is None:
            redis_url = stack.enter_context(EmbeddedValkey(settings.data / "valkey")).url
        if not schema.is_current:
            _migrate(owner_url)
        secret = load_secret_key(settings)
        login = asyncio.run(_login(settings.app_database_url, owner_url, schema.database, secret))
        if login.shortcoming:
            warn(f"Warning: {login.shortcoming} See crm doctor.")
        if zones := asyncio.run(load_differing_zones(owner_url, SystemClock().now())):
            warn(f"Warning: {told_of_zones(zones)} See crm doctor.")
        stack.enter_context(indexing(owner_url))
        yield replace(
            settings,
            database_url=None,
            app_database_url=login.url,
            redis_url=redis_url,
            secret_key=secret,
        )


def _check_alone(settings: Settings) -> None:
    """Refuse a login to a database that nobody is named to migrate."""
    if settings.app_database_url is not None:
        raise BadSetting(
            "FIELDSTONE_APP_DATABASE_URL is set, but FIELDSTONE_DATABASE_URL is not.",
            hint="Name the same database there, as its owner: the start migrates it.",
        )


async def _load_or_make(database_url: str, server_url: str) -> Schema:
    try:
        return await load_schema(database_url)
    except asyncpg.InvalidCatalogNameError:
        await ensure_database(server_url, DATABASE)
    return await load_schema(database_url)


async def _login(given: str | None, owner_url: str, database: str, secret_key: str) -> Login:
    if given is None:
        return await ensure_login(owner_url, database, secret_key)
    try:
        return await examined(given)
    except LOGIN_FAILS as error:
        raise StartFailed(
            f"Nobody can log in by FIELDSTONE_APP_DATABASE_URL: {error}.",
            hint="The login needs the role fieldstone_app: GRANT fieldstone_app TO the_login.",
        ) from error


def _migrate(database_url: str) -> None:
    """Run the migrations in a process of their own: what they import is not needed afterwards."""
    environment = {**os.environ, "FIELDSTONE_DATABASE_URL": database_url}
    done = subprocess.run([sys.executable, "-P", "-m", MIGRATE], env=environment, check=False)
    if done.returncode != 0:
        raise StartFailed("The database could not be migrated.", hint="See the messages above.")
