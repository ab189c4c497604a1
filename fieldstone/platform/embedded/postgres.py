"""A private PostgreSQL for one data directory, run by one supervisor."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from fieldstone.platform.embedded.account import find_account
from fieldstone.platform.embedded.errors import StartFailed, WrongVersion
from fieldstone.platform.embedded.postgres_programs import Programs, find_programs
from fieldstone.platform.embedded.running import stop_child, stop_orphan, wait_until_unused
from fieldstone.platform.embedded.server_log import ServerLog
from fieldstone.platform.embedded.socket_directory import SocketDirectory
from fieldstone.platform.embedded.state_lock import StateLock

SUPERUSER = "embedded"
START_TIMEOUT_S = 120.0
# SIGINT asks for a fast shutdown, SIGQUIT for one that leaves a recovery to the next start.
_STOP_STEPS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))
_STATISTICS = "pg_stat_statements"
_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_level": "replica",
    "timezone": "UTC",
    # Our statements are many and short: compiling them costs more than it saves.
    "jit": "off",
    "random_page_cost": "1.1",
    # Rows of all tenants share tables, where the usual fifth is very many rows.
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_analyze_scale_factor": "0.02",
}
_UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """PostgreSQL's server below the directory state, reached by a Unix socket and a password.

    durable: False leaves out fsync, for tests alone. The account `embedded` is its superuser.
    """

    def __init__(self, state: Path, *, durable: bool = True) -> None:
        self._state = state.resolve()
        self._data = self._state / "data"
        self._durable = durable
        self._lock = StateLock(self._state / "lock")
        self._log = ServerLog(self._state / "postgres.log")
        self._sockets = SocketDirectory(self._state)
        self._process: subprocess.Popen[bytes] | None = None
        self._password = ""

    def start(self) -> Self:
        """Start the server and return when it takes connections.

        A server that outlived a killed supervisor is stopped first. Raises AlreadyRunning,
        ServerMissing, DirectoryUnreachable, WrongVersion, StartFailed.
        """
        self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock.acquire()
        try:
            programs = find_programs(find_account(os.environ), self._state, os.environ)
            self._password = self._load_password()
            self._stop_orphan()
            self._prepare(programs)
            self._launch(programs)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server cleanly, open connections being cut; nothing if it does not run."""
        if self._process is not None:
            stop_child(self._process, _STOP_STEPS)
            self._process = None
        self._sockets.remove()
        self._lock.release()

    @property
    def is_running(self) -> bool:
        """Whether the server that was started is still there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The server's process, while it is started."""
        return self._process.pid if self._process else None

    def dsn(self, database: str = "postgres") -> str:
        """Give the address of a database, as its superuser: postgresql://…?host=…."""
        account = f"{SUPERUSER}:{quote(self._password, safe='')}"
        return f"postgresql://{account}@/{quote(database)}?host={quote(str(self._sockets.path))}"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _load_password(self) -> str:
        """Read the superuser's password, made before the cluster so that none lacks it."""
        path = self._state / "superuser.secret"
        if not path.exists():
            descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as secret:
                secret.write(secrets.token_urlsafe(24))
        return path.read_text()

    def _prepare(self, programs: Programs) -> None:
        version = programs.major_version()
        if not self._data.exists():
            self._initialise(programs, version)
        written = (self._data / "PG_VERSION").read_text().strip()
        if written != str(version):
            raise WrongVersion(
                f"{self._data} was written by PostgreSQL {written}; this is PostgreSQL {version}.",
                hint=f"Export with PostgreSQL {written} and import into a new data directory.",
            )
        programs.own(self._sockets.make())

    def _initialise(self, programs: Programs, version: int) -> None:
        """Make the cluster beside its place and move it there whole, whatever happens between."""
        partial = self._state / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        programs.own(partial)
        secret = self._state / "initial.secret"
        secret.unlink(missing_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(f"{self._password}\n")
        programs.give(secret)
        identity = ["-U", SUPERUSER, "-A", "scram-sha-256", "--pwfile", str(secret)]
        made_of = ["-E", "UTF8", *_locale(version), "--data-checksums"]
        haste = [] if self._durable else ["--no-sync"]
        done = programs.run("initdb", "-D", str(partial), *identity, *made_of, *haste)
        secret.unlink()
        if done.returncode != 0:
            raise StartFailed(f"PostgreSQL could not make {self._data}: {done.stderr.strip()}")
        partial.rename(self._data)

    def _stop_orphan(self) -> None:
        """Stop the server whose supervisor was killed: its data directory is ours now.

        The pid file of a killed server is removed as well: where nobody collects ended processes,
        as in many a container, PostgreSQL takes the dead one for a living one and does not start.
        """
        if pid := _read_pid(self._data):
            stop_orphan(pid, self._data, _STOP_STEPS)
            if wait_until_unused(self._data, patience_s=10.0):
                (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _launch(self, programs: Programs) -> None:
        settings = [f"--{name}={value}" for name, value in self._settings(programs).items()]
        with self._log.open() as log:
            process = programs.spawn("postgres", "-D", str(self._data), *settings, log=log)
        self._process = process
        deadline = time.monotonic() + START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < deadline:
            if _is_ready(self._data, process.pid):
                return
            time.sleep(0.005)
        raise StartFailed(f"PostgreSQL did not start: {self._log.tail()}", hint="See postgres.log.")

    def _settings(self, programs: Programs) -> dict[str, str]:
        chosen = {**_SETTINGS, "unix_socket_directories": str(self._sockets.path)}
        if programs.has_library(_STATISTICS):
            chosen["shared_preload_libraries"] = _STATISTICS
        return chosen if self._durable else chosen | _UNSAFE_BUT_FAST


def _locale(version: int) -> list[str]:
    """Give initdb's options for a locale that knows all scripts and needs no system library."""
    if version >= 18:
        return ["--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST", "--locale=C"]
    if version == 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale-provider=icu", "--icu-locale=und", "--locale=C.UTF-8"]


def _read_pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _is_ready(data: Path, pid: int) -> bool:
    """Tell whether the server wrote "ready" on the eighth line of its pid file."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"
