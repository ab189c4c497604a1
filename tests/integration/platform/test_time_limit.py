"""A request that is cut leaves nothing behind in PostgreSQL: no statement, no lock, no row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette

from fieldstone.platform.app import Engine, build_app, open_engine
from tests.support.app import Api, owner_connection, problems_of, settings_for

LIMIT_S = 0.5
AT_WORK = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
  AND application_name = 'fieldstone' AND state <> 'idle'"""


@pytest.fixture
async def engine(app_dsn: str) -> AsyncIterator[Engine]:
    """An engine whose statements may take longer than a request."""
    opened = await open_engine(settings_for(app_dsn))
    yield opened
    await opened.close()


@pytest.fixture
def app(engine: Engine, app_dsn: str) -> Starlette:
    """The application on it, with half a second for each request."""
    return build_app(engine, replace(settings_for(app_dsn), request_timeout_s=LIMIT_S))


@asynccontextmanager
async def catalog_held(dsn: str, engine: Engine) -> AsyncIterator[Any]:
    """Keep every writer waiting for a block, and give a connection that looks on."""
    tenant = await engine.directory.get("default")
    async with owner_connection(dsn) as owner:
        await owner.fetchval("SELECT pg_advisory_lock(7201, $1)", tenant.id)
        yield owner


async def at_work(owner: Any, count: int) -> bool:
    """Wait until so many statements of the application run; tell whether that came about."""
    for _ in range(200):
        if await owner.fetchval(AT_WORK) == count:
            return True
        await asyncio.sleep(0.01)
    return False


async def test_statement_of_a_request_that_is_cut_is_cancelled(
    api: Api, app_dsn: str, engine: Engine
) -> None:
    async with catalog_held(app_dsn, engine) as owner:
        request = asyncio.create_task(api.send("POST", "/contacts", {"last_name": "Smith"}))
        begun = await at_work(owner, 1)
        answer = await request
        ended = await at_work(owner, 0)

    [problem] = problems_of(answer)
    assert (answer.status_code, problem["code"]) == (503, "request.timeout")
    assert begun
    assert ended
    assert (await api.get("/contacts"))["data"] == []


async def test_connections_of_requests_that_were_cut_serve_others(
    api: Api, app_dsn: str, engine: Engine
) -> None:
    async with catalog_held(app_dsn, engine):
        cut = await asyncio.gather(
            *(api.send("POST", "/contacts", {"last_name": "Smith"}) for _ in range(20))
        )

    async with AsyncExitStack() as stack:
        lent = [await stack.enter_async_context(engine.pool.acquire()) for _ in range(10)]
        answers = [await connection.fetchval("SELECT 1") for connection in lent]
    assert {answer.status_code for answer in cut} == {503}
    assert answers == [1] * 10
