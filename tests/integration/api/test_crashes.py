"""A crash at any point leaves the old state or the new one, and what is repeated is done once."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from fieldstone.runtime.records import store
from fieldstone.runtime.transactions import Database, Transaction
from tests.support.app import Api, client_of, owner_connection
from tests.support.change_log import broken_records

DEALS = "/api/records/Deal"
CONTACTS = "/api/records/Contact"
SIZE = 200
PATIENCE_S = 60.0
STORED = """
SELECT (SELECT count(*) FROM record WHERE data::text LIKE '%cut off%'),
  (SELECT count(*) FROM change WHERE after::text LIKE '%cut off%'),
  (SELECT count(*) FROM record_search WHERE txt LIKE '%cut off%'),
  (SELECT count(*) FROM record_unique WHERE value LIKE 'cut-%')"""


def contacts_cut_off() -> list[dict[str, Any]]:
    return [{"last_name": f"cut off {n}", "external_id": f"cut-{n}"} for n in range(SIZE)]


async def stored(dsn: str) -> set[int]:
    """Give how many of the records are in each table that holds a part of them."""
    async with owner_connection(dsn) as connection:
        return set(await connection.fetchrow(STORED))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0])
async def test_call_that_is_cut_off_leaves_all_or_nothing(
    app: Starlette, app_dsn: str, share: float
) -> None:
    async with client_of(app) as api:
        await api.post(DEALS, {"name": "Warm"})
        begun = time.monotonic()
        await api.ask("POST", CONTACTS, [{"last_name": "Warm"}] * SIZE)
        usual_s = time.monotonic() - begun

        call = asyncio.create_task(api.send("POST", CONTACTS, contacts_cut_off()))
        await asyncio.sleep(usual_s * share)
        call.cancel()
        with suppress(asyncio.CancelledError):
            await call

        assert await stored(app_dsn) in ({0}, {SIZE})
        assert await broken_records(app_dsn) == {}
        await api.post(DEALS, {"name": "It still works"})


async def test_write_that_fails_halfway_leaves_nothing(
    api: Api, app_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(store, "put_search", fail)

    answer = await api.send("POST", CONTACTS, contacts_cut_off())

    assert answer.status_code == 503
    assert await stored(app_dsn) == {0}


async def test_commit_of_half_a_write_would_be_noticed(
    api: Api, app_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise OSError("the disk is gone")

    @asynccontextmanager
    async def commits_whatever_happens(database: Any, *opened: Any) -> AsyncIterator[Any]:
        async with database._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                yield await database._open(connection, *opened)
            finally:
                await transaction.commit()

    contact = await api.post("/contacts", {"last_name": "Smith"})
    monkeypatch.setattr(store, "write_log", fail)
    monkeypatch.setattr(Database, "_begin", commits_whatever_happens)
    monkeypatch.setattr(Transaction, "savepoint", lambda _: nullcontext())

    await api.send("PATCH", f"/contacts/{contact['id']}", {"last_name": "Jones"})

    assert await broken_records(app_dsn) != {}


async def test_metadata_change_that_fails_halfway_leaves_the_old_catalog(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise OSError("the disk is gone")

    definition = {"name": "Project", "fields": [{"name": "name", "type": "text"}]}
    with monkeypatch.context() as patch:
        patch.setattr("fieldstone.runtime.metadata_changes._write", fail)
        assert (await api.send("POST", "/api/objects", definition)).status_code == 503

    await api.refused("GET", "/api/objects/Project__c", status=404)
    await api.post("/api/objects", definition)
    await api.post("/projects", {"name": "It works"})


class WebProcess:
    """A web process on a socket that outlives it, as the supervisor runs it."""

    def __init__(self, dsn: str, data: Path) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(100)
        self._environment = {
            **os.environ,
            "FIELDSTONE_DATABASE_URL": dsn,
            "FIELDSTONE_DATA": str(data),
            "FIELDSTONE_SECRET_KEY": "tests",
            "FIELDSTONE_PORT": str(self._socket.getsockname()[1]),
        }
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        descriptor = self._socket.fileno()
        command = [sys.executable, "-m", "fieldstone.platform.web", str(descriptor)]
        return subprocess.Popen(command, env=self._environment, pass_fds=[descriptor])

    def kill_and_start(self) -> None:
        """End the process without a warning and start another."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(PATIENCE_S)
        self._process = self._started()

    def end(self) -> None:
        """End it for good."""
        self._process.kill()
        self._process.wait(PATIENCE_S)
        self._socket.close()


@contextmanager
def web_process(dsn: str, data: Path) -> Iterator[WebProcess]:
    """Run a web process for a block."""
    process = WebProcess(dsn, data)
    try:
        yield process
    finally:
        process.end()


async def insist(http: httpx.AsyncClient, key: str) -> None:
    """Send one bulk write under one key until it is answered."""
    sent = [{"name": f"Deal {key}"}] * 20
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with suppress(httpx.TransportError):
            answer = await http.post(DEALS, json=sent, headers={"Idempotency-Key": key})
            if answer.status_code == 200:
                return
            assert answer.status_code == 503, answer.text
        await asyncio.sleep(0.02)
    raise TimeoutError(key)


@pytest.mark.slow
async def test_writes_repeated_after_kill_9_are_done_once(
    fresh_app_dsn: str, tmp_path: Path
) -> None:
    with web_process(fresh_app_dsn, tmp_path) as process:
        async with httpx.AsyncClient(base_url=process.url, timeout=20, trust_env=False) as http:
            await insist(http, "first")
            writers = [asyncio.create_task(insist(http, f"key {n}")) for n in range(30)]
            for _ in range(2):
                await asyncio.sleep(0.1)
                process.kill_and_start()
            await asyncio.gather(*writers)
            total = (await http.get(f"{DEALS}?count=1&limit=1")).json()["total"]

    assert total == 31 * 20
    assert await broken_records(fresh_app_dsn) == {}
