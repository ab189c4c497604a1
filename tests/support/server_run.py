"""The embedded servers of one test run: started by whoever needs one first, ended with the run.

The process that leads the run holds a named pipe open. Each server's supervisor reads from it, so
that the end of the run, however it comes, ends the servers.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SUPERVISOR = ROOT / "tests" / "support" / "embedded_supervisor.py"
VARIABLE = "FIELDSTONE_TEST_RUN"
PATIENCE_S = 120.0
IN_MEMORY = Path("/dev/shm")
MEMORY = Path("/proc/meminfo")
ROOM_BYTES = 6 << 30
"""What the databases of a run may come to, with room to spare."""


def roomy_directory() -> Path | None:
    """Give where the servers of a run lie in memory, if there is room; each test has databases.

    A copy of the template takes seconds on a slow disk, and a tenth of one in memory.
    """
    if not os.access(IN_MEMORY, os.W_OK | os.X_OK):
        return None
    found = re.search(r"^MemAvailable: +(\d+) kB$", MEMORY.read_text(), re.MULTILINE)
    available = int(found[1]) << 10 if found else 0
    room = min(shutil.disk_usage(IN_MEMORY).free, available)
    return IN_MEMORY if room >= ROOM_BYTES else None


class LedRun:
    """A test run, seen by the process that leads it."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="fieldstone-tests-", dir=roomy_directory()))
        self._directory.chmod(0o755)
        os.mkfifo(self._directory / "alive")
        self._alive = os.open(self._directory / "alive", os.O_RDWR)
        os.environ[VARIABLE] = str(self._directory)

    def end(self) -> None:
        """Let the servers end, wait for them, and remove what they wrote."""
        os.close(self._alive)
        deadline = time.monotonic() + PATIENCE_S
        while list(self._directory.glob("*.running")) and time.monotonic() < deadline:
            time.sleep(0.01)
        shutil.rmtree(self._directory, ignore_errors=True)
        os.environ.pop(VARIABLE, None)


class SharedRun:
    """A test run, seen by any of its processes."""

    def __init__(self) -> None:
        self._directory = Path(os.environ[VARIABLE])

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Take turns with the other processes of the run."""
        with (self._directory / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def once(self, name: str) -> bool:
        """Tell whether this is the first call by this name in the run; call it within a turn."""
        mark = self._directory / f"{name}.done"
        first = not mark.exists()
        mark.touch()
        return first

    def server(self, kind: str) -> dict[str, Any]:
        """Give what the supervisor of a server says, after starting it if nobody has."""
        report = self._directory / f"{kind}.report"
        with self.turn(kind):
            if not report.exists():
                self._start(kind, report)
            return self._read(report)

    def _start(self, kind: str, report: Path) -> None:
        """Start a supervisor that is nobody's child to wait for."""
        state = self._directory / kind
        arguments = [sys.executable, str(SUPERVISOR), kind, str(state), "throwaway"]
        running = self._directory / f"{kind}.running"
        # A shell tells the end: the mark goes when the supervisor has gone, and so has its memory,
        # even if nobody leads the run any more.
        script = 'touch "$0"; "$@"; rm -rf "$4"; rm -f "$0"'
        shell = ["/bin/sh", "-c", script, str(running), *arguments]
        os.posix_spawn(
            "/bin/sh",
            shell,
            {**os.environ, "PYTHONPATH": str(ROOT)},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, str(self._directory / "alive"), os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(report), os.O_WRONLY | os.O_CREAT, 0o600),
            ],
            setsid=True,
        )

    def _read(self, report: Path) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if report.exists() and (told := report.read_text()).endswith("\n"):
                said: dict[str, Any] = json.loads(told)
                return said
            time.sleep(0.01)
        raise TimeoutError(f"{report} stayed empty")
