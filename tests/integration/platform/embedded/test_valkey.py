"""The embedded Valkey keeps its writes through all that happens to a supervisor and its server."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from fieldstone.platform.embedded.errors import AlreadyRunning, StartFailed
from fieldstone.platform.embedded.valkey import EmbeddedValkey
from tests.support.supervisors import Person, lives, supervise


def write_key(address: str) -> None:
    with Redis.from_url(address) as client:
        client.set("kept", "7")


def read_key(address: str) -> object:
    with Redis.from_url(address) as client:
        return client.get("kept")


def test_writes_are_there_after_a_clean_stop_and_a_warm_start(state: Path, person: Person) -> None:
    with supervise("valkey", state, person) as supervisor:
        write_key(supervisor.address)
        supervisor.stop()

    with supervise("valkey", state, person) as supervisor:
        assert read_key(supervisor.address) == b"7"


def test_writes_are_there_after_the_server_was_killed(state: Path, person: Person) -> None:
    with supervise("valkey", state, person) as supervisor:
        write_key(supervisor.address)
        time.sleep(1.2)  # the log of writes is flushed every second
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.stop()

    with supervise("valkey", state, person) as supervisor:
        assert read_key(supervisor.address) == b"7"


def test_server_that_outlived_its_supervisor_is_stopped_and_started_anew(
    state: Path, person: Person
) -> None:
    with supervise("valkey", state, person) as supervisor:
        write_key(supervisor.address)
        orphan = supervisor.pid
        supervisor.kill()
        assert lives(orphan)

    with supervise("valkey", state, person) as supervisor:
        assert supervisor.pid != orphan
        assert not lives(orphan)
        assert read_key(supervisor.address) == b"7"


def test_second_supervisor_is_refused_and_the_first_goes_on(state: Path, person: Person) -> None:
    with supervise("valkey", state, person) as first:
        with supervise("valkey", state, person) as second:
            assert second.told["code"] == AlreadyRunning.code
        write_key(first.address)


def test_wrong_password_is_refused(place: Path) -> None:
    with EmbeddedValkey(place / "state") as valkey:
        secret = (place / "state" / "password.secret").read_text()
        address = valkey.url.replace(secret, "wrong")
        with Redis.from_url(address) as client, pytest.raises(AuthenticationError):
            client.ping()


def test_long_path_gets_a_short_socket_and_leaves_nothing_behind(place: Path) -> None:
    deep = place / ("a_rather_long_name_" * 4) / ("and_another_one_" * 3)
    with EmbeddedValkey(deep, durable=False) as valkey:
        sockets = Path((deep / "socket-directory").read_text())
        write_key(valkey.url)

    assert not sockets.exists()


def test_server_that_cannot_start_says_so(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSTONE_REDIS_SERVER", "/bin/false")

    with pytest.raises(StartFailed):
        EmbeddedValkey(place / "state").start()
