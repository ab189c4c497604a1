"""Fixtures: the application on a database of its own, with the tenants default and other.

Copies of a template that already holds both tenants, so that a test begins within a fifth of a
second. `api` talks to the application in this process, as the tenant default; `other` as the
second tenant, which every test of isolation asks.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette

from fieldstone.platform.app import build_app, open_engine
from fieldstone.platform.settings import Settings, load_settings
from tests.support.server_run import SharedRun
from tests.support.servers import PostgresServer, made_database, run_apart

TEMPLATE = "fieldstone_app_template"
OTHER = "other"
ADDRESS = "http://127.0.0.1:8000"


def settings_for(dsn: str) -> Settings:
    """Give the settings of a server on this machine with a database of its own."""
    return load_settings({"FIELDSTONE_DATABASE_URL": dsn, "FIELDSTONE_SECRET_KEY": "tests"}, {})


async def furnish(dsn: str) -> None:
    """Make the tenants that every test finds."""
    engine = await open_engine(settings_for(dsn))
    try:
        await engine.tenants.ensure_default()
        await engine.tenants.create(OTHER, "Other")
    finally:
        await engine.close()


@pytest.fixture(scope="session")
def app_template(postgres_server: PostgresServer, template_database: str) -> str:
    """The name of a database with both tenants in it, made once for the whole run."""
    run = SharedRun()
    with run.turn("template"):
        if run.once("app_template"):
            postgres_server.drop(TEMPLATE)
            run_apart(furnish(postgres_server.create(TEMPLATE, template=template_database)))
    return TEMPLATE


@pytest.fixture
def app_dsn(postgres_server: PostgresServer, app_template: str) -> Iterator[str]:
    """The address of a database with both tenants that this test alone uses."""
    with made_database(postgres_server, app_template) as dsn:
        yield dsn


@pytest.fixture
async def app(app_dsn: str) -> AsyncIterator[Starlette]:
    """The whole application in this process, on a database of its own."""
    async with opened_app(app_dsn) as app:
        yield app


@asynccontextmanager
async def opened_app(dsn: str) -> AsyncIterator[Starlette]:
    """Open the application on a database that has its tenants, for a block."""
    settings = settings_for(dsn)
    engine = await open_engine(settings)
    try:
        yield build_app(engine, settings)
    finally:
        await engine.close()


@dataclass(frozen=True, slots=True)
class Api:
    """Sends requests to the application as one tenant, with curl's manners: bodies call themselves
    forms."""

    http: httpx.AsyncClient

    async def ask(
        self, method: str, path: str, body: object = None, *, status: int = 200, **more: Any
    ) -> Any:
        """Send a request, check its status, and give the JSON of its answer."""
        answer = await self.send(method, path, body, **more)
        assert answer.status_code == status, f"{answer.status_code}: {answer.text[:2000]}"
        return answer.json() if answer.content else None

    async def send(
        self, method: str, path: str, body: object = None, **more: Any
    ) -> httpx.Response:
        """Send a request and give the answer, whatever it is."""
        content = body if isinstance(body, bytes | str) or body is None else json.dumps(body)
        headers = {"content-type": "application/x-www-form-urlencoded", **more.pop("headers", {})}
        return await self.http.request(method, path, content=content, headers=headers, **more)

    async def get(self, path: str, *, status: int = 200, **more: Any) -> Any:
        """Ask for something."""
        return await self.ask("GET", path, status=status, **more)

    async def post(self, path: str, body: object, *, status: int = 201, **more: Any) -> Any:
        """Create something."""
        return await self.ask("POST", path, body, status=status, **more)

    async def patch(self, path: str, body: object, *, status: int = 200, **more: Any) -> Any:
        """Change something."""
        return await self.ask("PATCH", path, body, status=status, **more)

    async def delete(self, path: str, *, status: int = 200, **more: Any) -> Any:
        """Delete something."""
        return await self.ask("DELETE", path, status=status, **more)

    async def refused(
        self, method: str, path: str, body: object = None, *, status: int, **more: Any
    ) -> list[dict[str, Any]]:
        """Send a request that must be refused in the one shape, and give the problems."""
        answer = await self.send(method, path, body, **more)
        assert answer.status_code == status, f"{answer.status_code}: {answer.text[:2000]}"
        return problems_of(answer)


def problems_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """Give the problems of a refusal, after checking that it has the one shape."""
    told = answer.json()
    assert set(told) == {"errors", "request_id"}, told
    assert told["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/json"
    assert told["errors"]
    for problem in told["errors"]:
        assert set(problem) <= {"code", "message", "at", "hint", "details"}, problem
        assert problem["message"].endswith((".", "…", "?")), problem
    errors: list[dict[str, Any]] = told["errors"]
    return errors


@asynccontextmanager
async def client_of(app: Starlette, tenant: str | None = None) -> AsyncIterator[Api]:
    """Talk to an application in this process for a block."""
    headers = {"X-Tenant": tenant} if tenant else {}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url=ADDRESS, headers=headers, timeout=60
    ) as http:
        yield Api(http)


@pytest.fixture
async def api(app: Starlette) -> AsyncIterator[Api]:
    """A client of the application as the tenant default."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def other(app: Starlette) -> AsyncIterator[Api]:
    """A client of the application as the tenant other."""
    async with client_of(app, OTHER) as client:
        yield client


@asynccontextmanager
async def owner_connection(dsn: str) -> AsyncIterator[Any]:
    """Connect to a database as its owner, past the policies, to look at what is stored."""
    connection: Any = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()
