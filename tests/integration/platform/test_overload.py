"""A server with more requests than it can serve says so, in the one shape and soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from time import monotonic

import pytest
from starlette.applications import Starlette

from fieldstone.platform.app import Engine, build_app, open_engine
from tests.support.app import Api, client_of, problems_of, settings_for

CONNECTIONS = 10
WAIT_S = 0.2


@pytest.fixture
async def engine(app_dsn: str) -> AsyncIterator[Engine]:
    """An engine that waits for a connection for a fifth of a second."""
    opened = await open_engine(replace(settings_for(app_dsn), connection_wait_s=WAIT_S))
    yield opened
    await opened.close()


@pytest.fixture
def app(engine: Engine, app_dsn: str) -> Starlette:
    """The application on it."""
    return build_app(engine, settings_for(app_dsn))


@asynccontextmanager
async def all_taken(engine: Engine) -> AsyncIterator[None]:
    """Hold every connection for a block."""
    async with AsyncExitStack() as stack:
        for _ in range(CONNECTIONS):
            await stack.enter_async_context(engine.pool.acquire())
        yield


@pytest.mark.parametrize("is_known", [False, True])
async def test_request_that_gets_no_connection_is_told_to_come_again(
    engine: Engine, app: Starlette, *, is_known: bool
) -> None:
    async with client_of(app) as api:
        if is_known:
            await api.get("/contacts")
        async with all_taken(engine):
            begun_at = monotonic()
            answer = await api.send("GET", "/contacts")
            took_s = monotonic() - begun_at
        after = await api.get("/contacts")

    [problem] = problems_of(answer)
    assert (answer.status_code, problem["code"]) == (503, "service.busy")
    assert answer.headers["retry-after"] == "1"
    assert WAIT_S <= took_s < 10 * WAIT_S
    assert after["data"] == []


async def test_page_that_gets_no_connection_says_when_to_come_again(
    engine: Engine, app: Starlette
) -> None:
    async with client_of(app) as api, all_taken(engine):
        answer = await api.send("GET", "/admin/Contact")

    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["retry-after"] == "1"


async def test_those_who_waited_in_vain_keep_no_connection(engine: Engine, api: Api) -> None:
    async with all_taken(engine):
        refused = await asyncio.gather(*(api.send("GET", "/contacts") for _ in range(50)))
    served = await asyncio.gather(*(api.send("GET", "/contacts") for _ in range(CONNECTIONS)))

    assert {answer.status_code for answer in refused} == {503}
    assert {answer.status_code for answer in served} == {200}
    assert engine.pool.get_idle_size() == CONNECTIONS


async def test_request_that_waits_a_moment_is_served(engine: Engine, api: Api) -> None:
    async with all_taken(engine):
        waiting = asyncio.create_task(api.get("/contacts"))
        await asyncio.sleep(WAIT_S / 4)

    assert (await waiting)["data"] == []
