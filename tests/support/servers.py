"""Fixtures: real PostgreSQL and Valkey servers, and databases made from a migrated template.

FIELDSTONE_DATABASE_URL and FIELDSTONE_REDIS_URL name servers to use instead of embedded ones;
FIELDSTONE_PG_HOME names another PostgreSQL to embed, such as /usr/lib/postgresql/15.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from fieldstone.platform.database.login import login_name
from fieldstone.platform.database.migrate import migrate
from fieldstone.platform.embedded.errors import ServerMissing
from tests.support.server_run import VARIABLE, LedRun, SharedRun

RUN = pytest.StashKey[LedRun]()
TEMPLATE = "fieldstone_test_template"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A PostgreSQL server that tests may make databases on. address: of any database there."""

    address: str

    def dsn(self, database: str) -> str:
        """Give the address of one database, as its owner."""
        return urlunsplit(urlsplit(self.address)._replace(path=f"/{database}"))

    def create(self, database: str, *, template: str = "template1") -> str:
        """Make a database from a template that nobody is connected to, and give its address."""
        self._execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.dsn(database)

    def drop(self, database: str) -> None:
        """Remove a database and the login to it, cutting whoever is still connected."""
        self._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        self._execute(f'DROP ROLE IF EXISTS "{login_name(database)}"')

    def _execute(self, statement: str) -> None:
        run_apart(execute(self.address, statement))


async def execute(dsn: str, statement: str) -> None:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def run_apart(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a thread of its own, so that no test's event loop is touched."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@contextmanager
def made_database(server: PostgresServer, template: str) -> Iterator[str]:
    """Make a database for the length of a block; copies of one template take turns."""
    name = f"fieldstone_test_{uuid4().hex[:12]}"
    with SharedRun().turn("template"):
        dsn = server.create(name, template=template)
    try:
        yield dsn
    finally:
        server.drop(name)


def address_of(kind: str) -> str:
    """Give the address of an embedded server of this run, after starting it if nobody has.

    A server that is not installed fails the test in CI and skips it elsewhere.
    """
    told = SharedRun().server(kind)
    if told.get("code") == ServerMissing.code and not os.environ.get("CI"):
        pytest.skip(told["message"])
    assert "address" in told, told["message"]
    return str(told["address"])


def pytest_configure(config: pytest.Config) -> None:
    """Lead the run, unless this process is one of its workers."""
    if VARIABLE not in os.environ:
        config.stash[RUN] = LedRun()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the run's servers."""
    if run := config.stash.get(RUN, None):
        run.end()


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """The PostgreSQL server of this test run."""
    given = os.environ.get("FIELDSTONE_DATABASE_URL")
    return PostgresServer(given or address_of("postgres"))


@pytest.fixture(scope="session")
def valkey_url(worker_id: str) -> str:
    """The address of a Valkey database that this worker alone uses."""
    given = os.environ.get("FIELDSTONE_REDIS_URL") or address_of("valkey")
    number = 1 + int(worker_id.removeprefix("gw")) % 15 if worker_id != "master" else 0
    parts = urlsplit(given)
    if parts.scheme == "unix":
        return urlunsplit(parts._replace(query=f"db={number}"))
    return urlunsplit(parts._replace(path=f"/{number}"))


@pytest.fixture(scope="session")
def template_database(postgres_server: PostgresServer) -> str:
    """The name of a database with the newest schema, migrated once for the whole run."""
    run = SharedRun()
    with run.turn("template"):
        if run.once("template"):
            postgres_server.drop(TEMPLATE)
            run_apart(migrate(postgres_server.create(TEMPLATE)))
    return TEMPLATE


@pytest.fixture(scope="session")
def database_dsn(postgres_server: PostgresServer, template_database: str) -> Iterator[str]:
    """The address of a migrated database that this worker alone uses; roll back what you write."""
    with made_database(postgres_server, template_database) as dsn:
        yield dsn


@pytest.fixture
def fresh_database_dsn(postgres_server: PostgresServer, template_database: str) -> Iterator[str]:
    """The address of a migrated database that this test alone uses, for tests that commit."""
    with made_database(postgres_server, template_database) as dsn:
        yield dsn
