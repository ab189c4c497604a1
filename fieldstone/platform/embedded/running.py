"""Ending servers: our own, and one that outlived the supervisor that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

_PROCESSES = Path("/proc")
# Which signal, and how long to wait before the next one.
Steps = Iterable[tuple[signal.Signals, float]]


def stop_child(process: subprocess.Popen[bytes], steps: Steps) -> None:
    """End a server that we started, asking ever less gently; at last it is killed."""
    for wish, patience_s in steps:
        if process.poll() is not None:
            return
        process.send_signal(wish)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    process.wait()


def stop_orphan(pid: int, directory: Path, steps: Steps) -> None:
    """End the server of a directory that is no child of ours; any other process is left alone."""
    for wish, patience_s in steps:
        deadline = time.monotonic() + patience_s
        if process_uses(pid, directory):
            os.kill(pid, wish)
        while process_uses(pid, directory) and time.monotonic() < deadline:
            time.sleep(0.01)


def wait_until_unused(directory: Path, patience_s: float) -> bool:
    """Wait for the last process that works in a directory; False if that cannot be told."""
    if not _PROCESSES.exists():
        return False
    deadline = time.monotonic() + patience_s
    while _is_used(directory):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _is_used(directory: Path) -> bool:
    return any(process_uses(int(entry.name), directory) for entry in _PROCESSES.glob("[0-9]*"))


def process_uses(pid: int, directory: Path) -> bool:
    """Tell whether a process works in a directory, so that a reused process id hits nobody."""
    if _PROCESSES.exists():
        try:
            return (_PROCESSES / str(pid) / "cwd").readlink() == directory
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            return False
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True
    )
    return str(directory) in shown.stdout
