"""Web processes to measure: the product's own, or any module that serves on a given socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True, slots=True)
class Served:
    """A web process that answers. pid: its number; port: where, on 127.0.0.1."""

    pid: int
    port: int


@contextmanager
def served(module: str, dsn: str) -> Iterator[Served]:
    """Run a web process for the length of a block, and give it once it answers."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(listening.fileno())],
        env={**os.environ, "FIELDSTONE_DATABASE_URL": dsn},
        pass_fds=[listening.fileno()],
    )
    try:
        port = listening.getsockname()[1]
        _wait_until_answered(process, port)
        yield Served(process.pid, port)
    finally:
        process.terminate()
        process.wait()
        listening.close()


def _wait_until_answered(process: subprocess.Popen[bytes], port: int) -> None:
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1.0, trust_env=False)
            return
        except httpx.HTTPError:
            if process.poll() is not None:
                raise RuntimeError("A server did not start; see its output above.") from None


def memory_mb(pid: int, line: str = "Pss") -> float:
    """Give the memory of a process: Pss shares out what several have in common, Rss does not."""
    for text in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if text.startswith(f"{line}:"):
            return int(text.split()[1]) / 1024
    raise AssertionError(f"there is no {line}")
