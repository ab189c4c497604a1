"""Workers as processes of their own, which can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_RUNNER = Path(__file__).parent / "storage_job.py"
_KILLED = Path(__file__).parent / "killed_apply.py"
_ROOT = Path(__file__).parents[2]


def start_worker(dsn: str, job: int) -> subprocess.Popen[bytes]:
    """Run a job in a process of its own, and come back when it has begun."""
    worker = subprocess.Popen(
        [sys.executable, str(_RUNNER), dsn, str(job)],
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"begun\n"
    worker.stdout.close()
    return worker


@contextmanager
def killed_applies(dsn: str) -> Iterator[Callable[[int], str]]:
    """Give what applies a metadata change in a process that is killed at a statement."""
    command = [sys.executable, str(_KILLED), dsn]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env=environment,
    ) as process:
        asked, told = process.stdin, process.stdout
        assert asked is not None
        assert told is not None

        def apply(last: int) -> str:
            asked.write(f"{last}\n")
            asked.flush()
            return told.readline().strip()

        yield apply
