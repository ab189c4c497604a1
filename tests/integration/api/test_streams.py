"""Whole answers come as streams of one instant, in portions, and end when nobody wants them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message

from fieldstone.platform.app import build_app
from fieldstone.platform.middleware.time_limit import RequestTimedOut
from tests.support.app import Api, client_of, owner_connection, problems_of, settings_for
from tests.support.web_server import served_app

NDJSON = {"accept": "application/x-ndjson"}
DEALS = "/api/records/Deal"
AT_WORK = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
  AND application_name = 'fieldstone' AND state <> 'idle' AND pid <> pg_backend_pid()"""

END_ALL = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'fieldstone'"""


async def add_deals(api: Api, count: int, **more: Any) -> None:
    """Make deals named Deal 0, Deal 1 and so on."""
    sent = [{"name": f"Deal {n}", "value": n, **more} for n in range(count)]
    for start in range(0, count, 10_000):
        body = {"records": sent[start : start + 10_000]}
        await api.post(f"{DEALS}?show=ids", body, status=200)


async def lines_of(api: Api, text: str, **asked: Any) -> list[Any]:
    """Ask for a stream and give what its lines hold."""
    answer = await api.send("POST", "/api/query", {"q": text, **asked}, headers=NDJSON)
    assert answer.status_code == 200, answer.text[:2000]
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_a_stream_has_every_row_in_order_and_tells_that_it_is_whole(api: Api) -> None:
    await add_deals(api, 12_000)

    *rows, last = await lines_of(api, "SELECT id, name, value FROM Deal ORDER BY value DESC")

    assert [row["value"] for row in rows] == list(range(11_999, -1, -1))
    assert set(rows[0]) == {"id", "name", "value"}
    assert last == {"@end": {"rows": 12_000, "complete": True}}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT name, company.name, (SELECT name FROM contracts) FROM Deal ORDER BY name LIMIT 7",
        "SELECT name FROM Deal WHERE value > :least ORDER BY value NULLS LAST",
        "SELECT name, value + 1 total FROM Deal ORDER BY value OFFSET 3",
        "SELECT stage, COUNT(id) times, MAX(value) FROM Deal GROUP BY stage ORDER BY stage",
        "SELECT name, (SELECT name FROM deals ORDER BY name) FROM Company ORDER BY name",
        "SELECT name FROM Deal LIMIT 0",
    ],
)
async def test_rows_of_a_stream_are_those_of_the_page(api: Api, text: str) -> None:
    [acme] = (await api.post("/api/records/Company", {"records": [{"name": "A"}]}, status=200))[
        "results"
    ]
    await add_deals(api, 25, company=acme["id"], stage="Proposal")
    await api.post("/deals", {"name": "Last", "stage": "Lead"})
    asked = {"params": {"least": 3}} if ":least" in text else {}

    page = await api.ask("POST", "/api/query", {"q": text, **asked})
    *rows, last = await lines_of(api, text, **asked)

    assert rows == page["records"]
    assert last["@end"]["rows"] == page["total"]


async def test_a_count_is_one_row(api: Api) -> None:
    await add_deals(api, 3)

    row, _ = await lines_of(api, "SELECT COUNT() FROM Deal")

    assert row == {"total": 3}


async def test_a_question_in_the_address_is_streamed_as_it_says(api: Api) -> None:
    await add_deals(api, 3)
    address = {
        "q": "SELECT name, value FROM Deal WHERE value >= :least ORDER BY value",
        "params": '{"least": 1}',
        "format": "csv",
        "headers": "labels",
    }

    answer = await api.send("GET", "/api/query", params=address)

    assert answer.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows == [{"Name": "Deal 1", "Value": "1"}, {"Name": "Deal 2", "Value": "2"}]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"q": "SELECT nope FROM Deal", "format": "ndjson"}, "query.unknown_field"),
        ({"q": "SELECT", "format": "csv"}, "query.syntax"),
        ({"q": "SELECT id FROM Deal", "format": "pdf"}, "export.bad_format"),
        ({"q": "SELECT id FROM Deal", "format": "csv", "headers": "x"}, "export.bad_format"),
        ({"q": "SELECT id FROM Deal", "format": 3}, "request.bad_parameter"),
        ({"q": "SELECT id FROM Deal", "format": "ndjson", "end": "x"}, "request.bad_parameter"),
        ({"q": "SELECT id FROM Deal", "format": "ndjson", "cursor": "x"}, "query.contradiction"),
    ],
)
async def test_a_bad_stream_is_refused_before_it_begins(
    api: Api, asked: dict[str, Any], code: str
) -> None:
    [problem] = await api.refused("POST", "/api/query", asked, status=422)

    assert problem["code"] == code


async def test_another_tenant_streams_nothing(api: Api, other: Api) -> None:
    await add_deals(api, 3)

    assert await lines_of(other, "SELECT id FROM Deal") == [{"@end": {"rows": 0, "complete": True}}]
    answer = await other.send("POST", "/api/query", {"q": "SELECT id FROM Deal", "format": "csv"})
    assert answer.text == "id\r\n"


async def test_what_breaks_a_stream_off_is_its_last_line(
    app: Starlette, app_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldstone.runtime.row_streams.FIRST_PORTION", 2)
    hurried = build_app(
        app.state.engine, replace(settings_for(app_dsn), stream_timeout_s=0.000_001)
    )
    async with client_of(hurried) as api:
        await add_deals(api, 5)

        first, second, last = await lines_of(api, "SELECT name FROM Deal ORDER BY name")

    assert [first["name"], second["name"]] == ["Deal 0", "Deal 1"]
    assert last["@end"]["rows"] == 2
    assert last["@end"]["complete"] is False
    assert last["@end"]["error"]["code"] == "stream.too_long"


async def test_streams_are_few_at_a_time(app: Starlette, app_dsn: str) -> None:
    places = app.state.streams
    tenant = await app.state.engine.directory.get("default")
    async with client_of(app) as api:
        with places.taken(tenant), places.taken(tenant):
            answer = await api.send(
                "POST", "/api/query", {"q": "SELECT id FROM Deal"}, headers=NDJSON
            )
            page = await api.send("POST", "/api/query", {"q": "SELECT id FROM Deal"})
        later = await api.send("POST", "/api/query", {"q": "SELECT id FROM Deal"}, headers=NDJSON)

    [problem] = problems_of(answer)
    assert (answer.status_code, problem["code"]) == (503, "stream.busy")
    assert answer.headers["retry-after"] == "1"
    assert (page.status_code, later.status_code) == (200, 200)


async def test_a_client_that_takes_nothing_is_cut(app: Starlette, app_dsn: str) -> None:
    hurried = build_app(app.state.engine, replace(settings_for(app_dsn), request_timeout_s=0.3))
    async with client_of(app) as api:
        await add_deals(api, 3)
    asked = b"q=SELECT+name+FROM+Deal&format=ndjson"
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/query",
        "query_string": asked,
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "root_path": "",
        "http_version": "1.1",
    }
    never = asyncio.Event()

    async def receive() -> Message:
        await never.wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await never.wait()

    with pytest.raises(RequestTimedOut):
        await hurried(scope, receive, send)

    assert hurried.state.streams._taken.total() == 0
    assert app.state.engine.pool.get_idle_size() > 0


@pytest.fixture
def server(app_dsn: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of the application behind a socket."""
    with (
        served_app(app_dsn, tmp_path) as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
    ):
        yield client


def add_long_deals(server: httpx.Client) -> None:
    """Make more deals than lie in all buffers between the database and a client."""
    records = [{"name": f"Deal {n}", "description": "x" * 5_000} for n in range(4_000)]
    server.post(f"{DEALS}?show=ids", json={"records": records}).raise_for_status()


async def at_work(owner: Any, count: int) -> bool:
    """Wait until so many connections of the application do something."""
    for _ in range(300):
        if await owner.fetchval(AT_WORK) == count:
            return True
        time.sleep(0.02)
    return False


async def test_the_statement_of_a_client_that_goes_away_is_cancelled(
    app_dsn: str, server: httpx.Client
) -> None:
    asked = {"q": "SELECT name FROM Deal", "format": "ndjson"}
    server.post("/api/query", json=asked)
    async with (
        owner_connection(app_dsn) as watcher,
        owner_connection(app_dsn) as owner,
        owner.transaction(),
    ):
        await owner.execute("LOCK TABLE record IN ACCESS EXCLUSIVE MODE")

        with pytest.raises(httpx.ReadTimeout):
            server.post("/api/query", json=asked, timeout=1.0)

        assert await at_work(watcher, 0)


async def test_a_stream_that_the_database_breaks_off_says_so(
    app_dsn: str, server: httpx.Client
) -> None:
    add_long_deals(server)
    asked = {"q": "SELECT name, description FROM Deal", "format": "ndjson"}

    async with owner_connection(app_dsn) as owner:
        with server.stream("POST", "/api/query", json=asked) as answer:
            lines = answer.iter_lines()
            next(lines)
            await owner.fetchval(END_ALL)
            last = json.loads(list(lines)[-1])

    assert last["@end"]["complete"] is False
    assert last["@end"]["error"]["code"] == "stream.broken"


async def test_a_file_that_the_database_breaks_off_is_cut(
    app_dsn: str, server: httpx.Client
) -> None:
    add_long_deals(server)
    asked = {"q": "SELECT name, description FROM Deal", "format": "csv"}

    async with owner_connection(app_dsn) as owner:
        with server.stream("POST", "/api/query", json=asked) as answer:
            chunks = answer.iter_bytes()
            next(chunks)
            await owner.fetchval(END_ALL)
            with pytest.raises(httpx.RemoteProtocolError):
                list(chunks)


async def test_a_client_that_leaves_in_the_middle_frees_its_connection(
    app_dsn: str, server: httpx.Client
) -> None:
    add_long_deals(server)
    asked = {"q": "SELECT name, description FROM Deal", "format": "ndjson"}

    async with owner_connection(app_dsn) as owner:
        for _ in range(6):  # more than there are places
            with server.stream("POST", "/api/query", json=asked) as answer:
                assert answer.status_code == 200
                lines = answer.iter_lines()
                next(lines)
                assert await owner.fetchval(AT_WORK) == 1
            assert await at_work(owner, 0)
