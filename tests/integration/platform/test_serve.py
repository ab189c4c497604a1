"""Tests of `crm serve` as it is used: started, killed in every way, started again, stopped."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

PATIENCE_S = 60
SERVING = re.compile(r"fieldstone\.platform\.(web|worker)")


@contextmanager
def serving(data: Path, port: int, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run a server on a directory for a block; whatever is left of it afterwards is killed."""
    command = [sys.executable, "-m", "fieldstone.platform.commands.main", "serve"]
    chosen = ["--data", str(data), "--port", str(port), *options]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FIELDSTONE_")}
    server = subprocess.Popen(
        [*command, *chosen],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        yield server
    finally:
        kill_all(data)
        server.wait(PATIENCE_S)
        assert server.stdout is not None
        server.stdout.close()


def processes_of(data: Path) -> dict[int, str]:
    """Give the processes that were started for a data directory, by what /proc says of them."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (entry / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(data) in command or f"FIELDSTONE_DATA={data}\0" in environment:
            found[int(entry.name)] = command
    return found


def kill_all(data: Path) -> None:
    """Kill every process of a data directory at once, as a power cut would."""
    while processes := processes_of(data):
        for pid in processes:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)


def ask(port: int, method: str, path: str, **request: object) -> httpx.Response:
    """Send a request as soon as the server answers."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            url = f"http://127.0.0.1:{port}{path}"
            return httpx.request(method, url, timeout=30, trust_env=False, **request)  # type: ignore[arg-type]
        except httpx.TransportError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory whose path is short enough for sockets, or long, as the machine has it."""
    return tmp_path / "data"


def test_server_survives_what_is_done_to_it(data: Path, free_port: int) -> None:
    with serving(data, free_port) as server:
        made = ask(free_port, "POST", "/contacts", json={"last_name": "Smith"}).json()
        path = f"/contacts/{made['id']}"
        web = next(p for p, c in processes_of(data).items() if "fieldstone.platform.web" in c)

        os.kill(web, signal.SIGKILL)
        after_kill_of_web = ask(free_port, "GET", path).json()

        kill_all(data)
    with serving(data, free_port) as server:
        after_kill_of_all = ask(free_port, "GET", path).json()

        server.send_signal(signal.SIGTERM)
        status = server.wait(PATIENCE_S)
        left = processes_of(data)

    assert after_kill_of_web == after_kill_of_all == made
    assert status == 0
    assert left == {}


def test_processes_cannot_log_in_as_the_owner(
    data: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "the owner's")
    with serving(data, free_port):
        ask(free_port, "GET", "/contacts")
        served = [pid for pid, what in processes_of(data).items() if SERVING.search(what)]
        variables = [environment_of(pid) for pid in served]
        secret = (data / "postgres" / "superuser.secret").read_text()
        logins = asyncio.run(logins_at(data, secret))

    assert len(variables) == 2
    for found in variables:
        assert "FIELDSTONE_DATABASE_URL" not in found
        assert "PGPASSWORD" not in found
        assert not any(secret in text for text in found.values())
    assert logins == {"fieldstone_app_fieldstone"}


def environment_of(pid: int) -> dict[str, str]:
    """Give the variables that a process was started with."""
    read = (Path("/proc") / str(pid) / "environ").read_bytes().decode(errors="replace")
    return dict(line.split("=", 1) for line in read.split("\0") if "=" in line)


async def logins_at(data: Path, secret: str) -> set[str]:
    """Give the roles that are logged in to the embedded database.

    This connection is left out, and that of the supervisor, which builds indexes as the owner.
    """
    sockets = data / "postgres" / "run"
    if not sockets.exists():
        sockets = Path((data / "postgres" / "socket-directory").read_text())
    connection = await asyncpg.connect(
        host=str(sockets), user="embedded", password=secret, database="fieldstone"
    )
    try:
        found = await connection.fetch(
            "SELECT usename FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend' AND application_name <> 'fieldstone indexer'"
        )
    finally:
        await connection.close()
    return {row["usename"] for row in found}


def test_taken_port_is_named(data: Path, free_port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        taken.listen()

        with serving(data, free_port) as server:
            status = server.wait(PATIENCE_S)
            told = server.stdout.read() if server.stdout else ""

    assert status == 1
    assert f"Port {free_port} of 127.0.0.1 cannot be used" in told


def test_stranger_is_turned_away(data: Path, free_port: int) -> None:
    with serving(data, free_port):
        other_host = ask(free_port, "GET", "/contacts", headers={"Host": "evil.example"})
        other_site = ask(
            free_port,
            "POST",
            "/contacts",
            headers={"Origin": "https://evil.example"},
            json={"last_name": "Smith"},
        )
        count = ask(free_port, "GET", "/contacts").json()["meta"]["total"]

    assert (other_host.status_code, other_site.status_code) == (401, 403)
    assert count == 0
