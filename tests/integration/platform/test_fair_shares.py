"""One tenant's load starves nobody: while all of its statements hang, others are served at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette

from fieldstone.platform.app import build_app, open_engine
from tests.support.app import OTHER, Api, client_of, owner_connection, settings_for

LOAD = 40
ASKED = 20
WAIT_S = 2.0


@asynccontextmanager
async def an_app(dsn: str, *, shares: bool) -> AsyncIterator[Starlette]:
    """Open the application with few connections, shared fairly or not."""
    settings = replace(
        settings_for(dsn), connections=6, tenant_connections=3, connection_wait_s=WAIT_S
    )
    engine = await open_engine(settings, serves=shares)
    try:
        yield build_app(engine, settings)
    finally:
        await engine.close()


@asynccontextmanager
async def all_hang(dsn: str, tenant: str) -> AsyncIterator[None]:
    """Let every statement that reads records of a tenant wait for the length of a block."""
    async with owner_connection(dsn) as owner, owner.transaction():
        leaf = await owner.fetchval("SELECT leaf FROM tenant WHERE name = $1", tenant)
        other = await owner.fetchval("SELECT leaf FROM tenant WHERE name = $1", OTHER)
        assert leaf != other
        await owner.execute(f"LOCK TABLE {leaf} IN ACCESS EXCLUSIVE MODE")
        yield


@asynccontextmanager
async def under_load(dsn: str, greedy: Api) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """Let one tenant send many requests, of which none comes to an end in the block."""
    async with all_hang(dsn, "default"):
        tasks = [asyncio.create_task(greedy.send("GET", "/contacts")) for _ in range(LOAD)]
        await asyncio.sleep(WAIT_S / 4)
        assert not any(task.done() for task in tasks)
        yield tasks


async def test_others_are_served_while_one_tenants_statements_hang(app_dsn: str) -> None:
    async with (
        an_app(app_dsn, shares=True) as app,
        client_of(app) as greedy,
        client_of(app, OTHER) as modest,
    ):
        await asyncio.gather(greedy.get("/contacts"), modest.get("/contacts"))
        async with under_load(app_dsn, greedy) as load:
            made = await modest.post("/companies", {"name": "Modest"})
            answers = await asyncio.gather(
                *(modest.send("GET", "/companies") for _ in range(ASKED)),
                *(modest.send("POST", "/contacts", {"last_name": "x"}) for _ in range(ASKED)),
            )
            signed_in = await modest.get("/api/session")
            still = sum(not task.done() for task in load)
        statuses = {answer.status_code for answer in await asyncio.gather(*load)}
        after = await greedy.send("GET", "/contacts")

    assert made["name"] == "Modest"
    assert {answer.status_code for answer in answers} == {200, 201}
    assert signed_in["viewer"]["name"] == "Administrator"
    assert still > 0, "the load went on meanwhile"
    assert statuses <= {200, 503}
    assert after.status_code == 200


async def test_without_shares_the_same_load_starves_everybody(app_dsn: str) -> None:
    async with (
        an_app(app_dsn, shares=False) as app,
        client_of(app) as greedy,
        client_of(app, OTHER) as modest,
    ):
        await asyncio.gather(greedy.get("/contacts"), modest.get("/contacts"))
        async with under_load(app_dsn, greedy) as load:
            answer = await modest.send("GET", "/companies")
        await asyncio.gather(*load)

    assert answer.status_code == 503


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_waits_for_a_share_too_long_is_told_to_come_again(
    app_dsn: str, method: str
) -> None:
    async with an_app(app_dsn, shares=True) as app, client_of(app) as greedy:
        await greedy.get("/contacts")
        async with under_load(app_dsn, greedy):
            body = {"last_name": "x"} if method == "POST" else None
            [problem] = await greedy.refused(method, "/contacts", body, status=503)

    assert problem["code"] == "service.share_busy"
