"""Whatever two tenants do, neither sees, counts or finds anything of the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from fieldstone.platform.middleware.tenant import TenantOfRequest
from tests.support.app import OTHER, Api, client_of, opened_app, owner_connection
from tests.support.operations import DEALS, STEPS, Step, Worker

SEVERAL = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TURNS = st.lists(st.tuples(st.integers(0, 1), STEPS), min_size=6, max_size=20)
ASKED = (
    f"{DEALS}?count=1&limit=2000",
    "/deals?limit=2000",
    "/v1/companies?limit=2000",
    "/deals/1",
    "/api/bin",
    "/search?q=mark&limit=100",
    "/api/openapi.json",
    "/api/objects",
    "/api/query?q=SELECT name, company.name FROM Deal",
    "/api/query?q=SELECT name, COUNT(id) FROM Deal GROUP BY name",
)
TURN = tuple[int, Step]
BOTH: list[TURN] = [
    (0, ("create", "Alpha", 1)),
    (1, ("create", "Beta", 2)),
    (0, ("company", "Gamma", None)),
    (1, ("company", "Delta", None)),
    (0, ("attach", 0, None)),
    (1, ("delete", 0, None)),
]


async def leaks_of(workers: tuple[Worker, Worker], turns: Iterable[TURN]) -> list[str]:
    """Let both work by turns; give every answer to one that tells of the other, or tells wrong."""
    for number, step in turns:
        await workers[number].do(step)
    found = []
    for me, you in (workers, workers[::-1]):
        found += [f"{me.mark}: {path}" for path in ASKED if await tells(me, you, path)]
        found += [f"{me.mark}: {key}" for key in you.deals if await opens(me, key)]
        if not await counts_right(me):
            found.append(f"{me.mark}: counts")
    return found


async def tells(me: Worker, you: Worker, path: str) -> bool:
    """Tell whether an answer to one worker holds a word or an id of the other."""
    text = (await me.api.send("GET", path)).text
    return you.mark in text or any(key in text for key in you.deals)


async def opens(me: Worker, key: str) -> bool:
    """Tell whether one worker can do anything with the id of another's record."""
    path = f"{DEALS}/{key}"
    answers = [
        await me.api.send("GET", path),
        await me.api.send("GET", f"{path}/history"),
        await me.api.send("PATCH", path, {"value": 9}),
        await me.api.send("DELETE", path),
        await me.api.send("POST", f"{path}/restore"),
        await me.api.send("POST", "/api/query", {"object": "Deal", "where": f"id = '{key}'"}),
    ]
    statuses = [answer.status_code for answer in answers]
    return statuses != [404, 404, 404, 404, 404, 200] or answers[-1].json()["total"] != 0


async def counts_right(me: Worker) -> bool:
    """Tell whether a worker sees exactly what it wrote, with the values it wrote."""
    page: Any = await me.api.get(f"{DEALS}?count=1&limit=2000&fields=name,value")
    seen = {record.pop("id"): record for record in page["records"]}
    return seen == me.living and page["total"] == len(seen)


def two_workers(mine: Api, theirs: Api) -> tuple[Worker, Worker]:
    """Give a worker for each tenant; neither mark is part of the other."""
    return Worker(mine, "mark-of-mine"), Worker(theirs, "mark-of-theirs")


@SEVERAL
@given(turns=TURNS)
async def test_tenants_are_apart_whatever_they_do(app: Starlette, turns: list[TURN]) -> None:
    await forget_all(app)
    async with client_of(app) as mine, client_of(app, OTHER) as theirs:
        assert await leaks_of(two_workers(mine, theirs), turns) == []


async def forget_all(app: Starlette) -> None:
    """Take the deals and companies of earlier examples out of the way."""
    async with owner_connection(app.state.settings.database_url) as connection:
        for table in ("link", "record_search", "change", "bin"):
            await connection.execute(f"DELETE FROM {table}")
        await connection.execute("DELETE FROM record WHERE data->>'f1' LIKE '%mark-of-%'")


async def test_tenants_are_apart_without_policies(fresh_app_dsn: str) -> None:
    async with owner_connection(fresh_app_dsn) as connection:
        rows = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relkind IN ('r', 'p')"
        )
        for row in rows:
            await connection.execute(f'ALTER TABLE "{row["relname"]}" DISABLE ROW LEVEL SECURITY')
    async with (
        opened_app(fresh_app_dsn) as app,
        client_of(app) as mine,
        client_of(app, OTHER) as theirs,
    ):
        assert len(rows) > 16
        assert await leaks_of(two_workers(mine, theirs), BOTH) == []


async def test_server_that_mixes_tenants_up_is_noticed(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client_of(app) as mine, client_of(app, OTHER) as theirs:
        workers = two_workers(mine, theirs)
        assert await leaks_of(workers, BOTH) == []

        monkeypatch.setattr(TenantOfRequest, "_name", lambda *_: "default")

        assert await leaks_of(workers, []) != []
