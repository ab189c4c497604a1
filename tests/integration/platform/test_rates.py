"""Who asks too often is told so, alone or together, with Valkey or without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from fieldstone.platform.app import build_app, open_engine
from fieldstone.platform.identity.operator import operator_note
from fieldstone.platform.rates.bucket import Bucket, Caller, LocalRates
from fieldstone.platform.rates.shared import SharedRates
from tests.support.app import Api, client_of, settings_for

TENANTS = "/api/platform/tenants"
OUTSIDE = "http://crm.example"
PASSWORD = "correct horse battery"
DAY = date(2030, 1, 31)


@asynccontextmanager
async def served(dsn: str, data: Path, **changes: Any) -> AsyncIterator[Starlette]:
    """Open an application with settings of its own."""
    settings = replace(settings_for(dsn, data), **changes)
    engine = await open_engine(settings, serves=True)
    try:
        yield build_app(engine, settings)
    finally:
        await engine.close()


async def claimed(api: Api) -> None:
    """Let the machine's administrator sign in."""
    await api.post("/api/claim", {"email": "ada@acme.example", "password": PASSWORD})


@pytest.fixture(params=["local", "shared"])
async def rates(request: pytest.FixtureRequest, valkey_url: str) -> AsyncIterator[Any]:
    """Buckets of this process, and buckets in Valkey, which do the same."""
    local = LocalRates()
    if request.param == "local":
        yield local
        return
    shared = SharedRates(valkey_url, local)
    await shared._redis.flushdb()
    yield shared
    await shared.close()


async def test_bucket_gives_its_burst_and_then_waits(rates: Any) -> None:
    bucket = Bucket("one", 1)

    verdicts = [await rates.take([bucket]) for _ in range(12)]

    assert [one.allowed for one in verdicts] == [True] * 10 + [False] * 2
    assert [one.remaining for one in verdicts[:3]] == [9, 8, 7]
    assert (verdicts[-1].limit, verdicts[-1].wait_s) == (10, 1)


async def test_empty_bucket_takes_nothing_from_the_others(rates: Any) -> None:
    small, large = Bucket("small", 1), Bucket("large", 100)

    for _ in range(15):
        await rates.take([small, large])
    last = await rates.take([large])

    assert last.remaining >= 989


async def test_bucket_fills_again(rates: Any) -> None:
    bucket = Bucket("quick", 100)
    for _ in range(1000):
        await rates.take([bucket])

    await asyncio.sleep(0.1)

    assert (await rates.take([bucket])).allowed


async def test_calls_are_counted_for_who_is_let_through(rates: Any) -> None:
    bucket, caller = Bucket("one", 1), Caller(7, DAY)

    verdicts = [await rates.take([bucket], caller) for _ in range(12)]

    assert [one.calls for one in verdicts[8:]] == [9, 10, 0, 0]


async def test_calls_in_valkey_are_written_down_once(valkey_url: str) -> None:
    first, second = (SharedRates(valkey_url, LocalRates()) for _ in range(2))
    await first._redis.flushdb()
    for rates in (first, second, second):
        await rates.take([Bucket("b", 100)], Caller(7, DAY))

    counts = await first.uncounted(DAY)
    others = await second.uncounted(DAY)
    await first.note_written(DAY, counts)
    again = await second.uncounted(DAY)

    assert (counts, others, again) == ({7: 3}, {}, {})
    await first.close()
    await second.close()


async def test_without_valkey_each_process_limits_by_itself(tmp_path: Path) -> None:
    rates = SharedRates(f"unix://{tmp_path}/nobody.sock?db=0", LocalRates())

    verdicts = [await rates.take([Bucket("one", 1)]) for _ in range(11)]

    assert [one.allowed for one in verdicts] == [True] * 10 + [False]
    assert await rates.uncounted(DAY) == {}
    await rates.close()


async def test_session_is_told_what_is_left_and_refused_at_the_end(
    app_dsn: str, tmp_path: Path, valkey_url: str
) -> None:
    async with (
        served(app_dsn, tmp_path, redis_url=valkey_url, token_rate=1) as app,
        client_of(app) as api,
    ):
        await app.state.engine.calls.shared._redis.flushdb()
        await claimed(api)
        answers = [await api.send("GET", "/api/session") for _ in range(12)]
        await app.state.engine.calls.shared.close()

    assert [one.status_code for one in answers] == [200] * 10 + [429] * 2
    first, last = answers[0], answers[-1]
    assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("10", "9")
    assert last.json()["errors"][0]["code"] == "rate.limited"
    assert last.headers["retry-after"] == "1"


async def test_tenants_do_not_take_each_others_tokens(app_dsn: str, tmp_path: Path) -> None:
    async with (
        served(app_dsn, tmp_path, tenant_rate=1) as app,
        client_of(app) as mine,
        client_of(app, "other") as theirs,
    ):
        await claimed(mine)
        await claimed(theirs)
        for _ in range(10):
            await mine.get("/api/session")
        await mine.refused("GET", "/api/session", status=429)
        assert (await theirs.get("/api/session"))["must_sign_in"] is True


async def test_wrong_tokens_from_one_address_are_looked_up_so_often_only(
    app_dsn: str, tmp_path: Path
) -> None:
    async with served(app_dsn, tmp_path, address_rate=1) as app, client_of(app) as api:
        statuses = []
        for number in range(14):
            bearer = {"authorization": f"Bearer fst_{number:043d}"}
            answer = await api.send("GET", "/api/records/Deal", headers=bearer)
            statuses.append(answer.status_code)

    assert statuses == [401] * 11 + [429] * 3


async def test_strangers_share_the_tokens_of_their_address(app_dsn: str, tmp_path: Path) -> None:
    async with served(app_dsn, tmp_path, address_rate=1) as app, client_of(app) as api:
        await claimed(api)
        async with client_of(app) as stranger:
            statuses = [(await stranger.send("GET", "/sign-in")).status_code for _ in range(12)]

    assert statuses == [200] * 10 + [429] * 2


async def test_calls_of_a_day_are_limited_and_in_the_ledger(app: Starlette, api: Api) -> None:
    await claimed(api)
    async with client_of(app, "other") as other:
        await claimed(other)
        note: Any = {"headers": {"authorization": f"Bearer {operator_note('tests')}"}}
        await api.patch(f"{TENANTS}/other", {"limits": {"api_calls": 3}}, **note)
        app.state.engine.directory.forget("other")
        for _ in range(3):
            await other.get("/api/session")
        [problem] = await other.refused("GET", "/api/session", status=429)
        await app.state.engine.calls.flush()
        used = await api.get(f"{TENANTS}/other/usage", **note)

    assert (problem["code"], problem["details"]) == ("limit.api_calls", {"limit": 3, "current": 3})
    [calls] = [one for one in used["usage"] if one["name"] == "api_calls"]
    assert (calls["current"], calls["limit"], calls["state"]) == (4, 3, "reached")


async def test_token_is_one_however_it_is_written(app_dsn: str, tmp_path: Path) -> None:
    async with served(app_dsn, tmp_path, token_rate=1) as app, client_of(app) as api:
        await claimed(api)
        text = (await api.post("/api/tokens", {"name": "script"}))["token"]
        said = [f"{word}{' ' * gap}{text}" for word in ("Bearer", "bEARER") for gap in range(1, 8)]
        async with client_of(app) as program:
            answers = [
                await program.send("GET", "/api/session", headers={"authorization": one})
                for one in said
            ]
        for _ in range(14):
            await api.send("GET", "/api/session", headers={"authorization": f"Basic {_}"})
        last = await api.send("GET", "/api/session", headers={"authorization": "Basic x"})

    assert answers[-1].status_code == 429
    assert last.status_code == 429


async def test_strangers_of_one_network_are_one(app_dsn: str, tmp_path: Path) -> None:
    async def status_from(app: Starlette, number: int) -> int:
        transport = httpx.ASGITransport(app=app, client=(f"2001:db8::{number:x}", 5000))
        async with httpx.AsyncClient(transport=transport, base_url=OUTSIDE) as http:
            return (await http.get("/sign-in")).status_code

    async with served(app_dsn, tmp_path, address_rate=1) as app:
        statuses = await asyncio.gather(*(status_from(app, number) for number in range(1, 31)))

    assert set(statuses) == {200, 429}
