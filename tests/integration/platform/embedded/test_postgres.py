"""The embedded PostgreSQL lives through all that happens to a supervisor and its server."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import asyncpg
import pytest

from fieldstone.platform.embedded.errors import (
    AlreadyRunning,
    ServerMissing,
    StartFailed,
    WrongVersion,
)
from fieldstone.platform.embedded.postgres import EmbeddedPostgres
from tests.support.supervisors import Person, lives, supervise

DEBIAN_15 = Path("/usr/lib/postgresql/15")


async def ask(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def write_row(dsn: str) -> None:
    await ask(dsn, "CREATE TABLE kept AS SELECT 7 AS value")


async def test_cold_start_gives_a_superuser_account_on_a_fresh_cluster(
    state: Path, person: Person
) -> None:
    with supervise("postgres", state, person) as supervisor:
        assert await ask(supervisor.address, "SELECT current_user") == "embedded"
        assert await ask(supervisor.address, "SHOW is_superuser") == "on"
        assert await ask(supervisor.address, "SELECT upper('straße é')") == "STRASSE É"


async def test_rows_are_there_after_a_clean_stop_and_a_warm_start(
    state: Path, person: Person
) -> None:
    with supervise("postgres", state, person) as supervisor:
        await write_row(supervisor.address)
        supervisor.stop()

    with supervise("postgres", state, person) as supervisor:
        assert await ask(supervisor.address, "SELECT value FROM kept") == 7


async def test_rows_are_there_after_the_server_was_killed(state: Path, person: Person) -> None:
    with supervise("postgres", state, person) as supervisor:
        await write_row(supervisor.address)
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.stop()

    with supervise("postgres", state, person) as supervisor:
        assert await ask(supervisor.address, "SELECT value FROM kept") == 7


async def test_server_that_outlived_its_supervisor_is_stopped_and_started_anew(
    state: Path, person: Person
) -> None:
    with supervise("postgres", state, person) as supervisor:
        await write_row(supervisor.address)
        orphan = supervisor.pid
        supervisor.kill()
        assert lives(orphan)

    with supervise("postgres", state, person) as supervisor:
        assert supervisor.pid != orphan
        assert not lives(orphan)
        assert await ask(supervisor.address, "SELECT value FROM kept") == 7
        log = (state / "postgres.log").read_text()
        assert "received fast shutdown request" in log
        assert "was not properly shut down" not in log


async def test_second_supervisor_is_refused_and_the_first_goes_on(
    state: Path, person: Person
) -> None:
    with supervise("postgres", state, person) as first:
        with supervise("postgres", state, person) as second:
            assert second.told["code"] == AlreadyRunning.code
            assert str(first.process.pid) in second.told["message"]
        assert await ask(first.address, "SELECT 1") == 1


async def test_everything_killed_at_once_starts_again(state: Path, person: Person) -> None:
    with supervise("postgres", state, person) as supervisor:
        await write_row(supervisor.address)
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.kill()

    with supervise("postgres", state, person) as supervisor:
        assert await ask(supervisor.address, "SELECT value FROM kept") == 7


async def test_start_that_died_while_the_cluster_was_made_is_made_good(
    state: Path, person: Person
) -> None:
    partial = state / "data.partial"
    person.own(partial)
    (partial / "PG_VERSION").write_text("18\n")

    with supervise("postgres", state, person) as supervisor:
        assert await ask(supervisor.address, "SELECT 1") == 1


async def test_long_path_gets_a_short_socket_and_leaves_nothing_behind(
    state: Path, person: Person
) -> None:
    deep = state / ("a_rather_long_name_" * 4) / ("and_another_one_" * 3)
    with supervise("postgres", deep, person) as supervisor:
        sockets = Path((deep / "socket-directory").read_text())
        assert await ask(supervisor.address, "SELECT 1") == 1

    assert not sockets.exists()


async def test_directory_that_only_root_may_enter_serves_as_well(place: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root lends the right to search directories")
    place.chmod(0o700)

    with EmbeddedPostgres(place / "inner" / "state") as postgres:
        assert await ask(postgres.dsn(), "SELECT 1") == 1


@pytest.mark.skipif(not DEBIAN_15.exists(), reason="PostgreSQL 15 is not installed")
async def test_installed_postgresql_15_serves_when_it_is_named(
    state: Path, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDSTONE_PG_HOME", str(DEBIAN_15))

    with supervise("postgres", state, person) as supervisor:
        version = await ask(supervisor.address, "SHOW server_version_num")

    assert str(version).startswith("15")


@pytest.mark.skipif(not DEBIAN_15.exists(), reason="PostgreSQL 15 is not installed")
async def test_data_of_another_major_version_are_refused(
    state: Path, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIELDSTONE_PG_HOME", raising=False)
    with supervise("postgres", state, person) as supervisor:
        supervisor.stop()
    monkeypatch.setenv("FIELDSTONE_PG_HOME", str(DEBIAN_15))

    with supervise("postgres", state, person) as supervisor:
        assert supervisor.told["code"] == WrongVersion.code


def test_missing_server_names_the_way_out(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSTONE_PG_HOME", str(place))

    with pytest.raises(ServerMissing) as caught:
        EmbeddedPostgres(place / "state").start()

    assert "FIELDSTONE_DATABASE_URL" in str(caught.value.problem.hint)


def test_server_that_cannot_start_tells_what_it_wrote(place: Path) -> None:
    postgres = EmbeddedPostgres(place / "state", durable=False).start()
    postgres.stop()
    (place / "state" / "data" / "postgresql.conf").write_text("nonsense = 'yes'\n")

    with pytest.raises(StartFailed, match="nonsense"):
        postgres.start()

    assert not postgres.is_running


def test_warm_start_is_quick(place: Path) -> None:
    EmbeddedPostgres(place / "state").start().stop()
    begun = time.monotonic()

    with EmbeddedPostgres(place / "state") as postgres:
        assert postgres.is_running

    assert time.monotonic() - begun < 2.0
