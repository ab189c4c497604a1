"""Supervisors of embedded servers, run as processes of root or of an ordinary user."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldstone.platform.embedded.account import Account

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "support" / "embedded_supervisor.py"


@dataclass(frozen=True, slots=True)
class Person:
    """Who runs a supervisor: an account, and a Python that it may run."""

    account: Account | None
    python: str

    def own(self, directory: Path) -> Path:
        """Make a private directory of this person."""
        directory.mkdir(mode=0o700)
        if self.account:
            os.chown(directory, self.account.uid, self.account.gid)
        return directory


@dataclass(slots=True)
class Supervisor:
    """A running supervisor. pid, address: of its server."""

    process: subprocess.Popen[str]
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        """The server's process."""
        return int(self.told["pid"])

    @property
    def address(self) -> str:
        """Where the server takes connections."""
        return str(self.told["address"])

    def stop(self) -> None:
        """End the supervisor the ordinary way, which stops its server."""
        self.process.communicate(timeout=60)

    def kill(self) -> None:
        """Kill the supervisor, which leaves its server alone."""
        self.process.kill()
        self.process.communicate(timeout=60)


def ourselves() -> Person:
    """Give who runs the tests."""
    return Person(None, sys.executable)


def find_ordinary_person() -> Person | None:
    """Give an account without rights and a Python that it may run, if the machine has both."""
    if os.geteuid() != 0:
        return ourselves()
    entry = pwd.getpwnam("nobody")
    account = Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for python in (sys.executable, shutil.which("python3", path="/usr/bin:/usr/local/bin")):
        if python and account.may_enter(Path(python).resolve().parent) and _is_new(python):
            return Person(account, python)
    return None


@contextmanager
def supervise(kind: str, state: Path, person: Person) -> Iterator[Supervisor]:
    """Start a supervisor and wait for what it says; it is ended with the block."""
    account = person.account
    process = subprocess.Popen(
        [person.python, str(SCRIPT), kind, str(state)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{sysconfig.get_path('purelib')}"},
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    assert process.stdout is not None
    supervisor = Supervisor(process, json.loads(process.stdout.readline() or "{}"))
    try:
        yield supervisor
    finally:
        if process.poll() is None:
            supervisor.stop()
        else:
            process.communicate()


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that ended and was not collected does not."""
    shown = subprocess.run(
        ["ps", "-o", "state=", "-p", str(pid)], check=False, capture_output=True, text=True
    )
    return shown.stdout.strip() not in {"", "Z"}


def _is_new(python: str) -> bool:
    asked = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(asked, check=False).returncode == 0
