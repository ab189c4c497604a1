"""How soon a warm `./crm serve` answers, and how much memory its processes have at rest.

    python -m bench.start [--rows 5]

--rows: how many starts. Time runs from the start of the process to its first answered request.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import httpx

from bench.database import a_directory
from bench.served import memory_mb

START_S: Final = 3.0
WEB_MB: Final = 150
_ROOT: Final = Path(__file__).parents[1]
_REST_S: Final = 3.0
_PATIENCE_S: Final = 120.0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@contextmanager
def started(data: Path) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """Run `./crm serve` for a block; give it with the seconds until its first answer."""
    port = _free_port()
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [_ROOT / "crm", "serve", "--port", str(port), "--data", str(data)],
        stdout=subprocess.DEVNULL,
        env=environment,
    )
    try:
        _wait_until_answered(process, f"http://127.0.0.1:{port}/api/records/Contact?limit=1")
        yield process, time.perf_counter() - begun
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _wait_until_answered(process: subprocess.Popen[bytes], address: str) -> None:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(address, timeout=_PATIENCE_S, trust_env=False).raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.01)
    raise RuntimeError("The server did not start.")


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from _descendants(int(child))


def _name_of(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    for word in (part.split(maxsplit=1)[0] for part in words if part):
        if word.startswith(("fieldstone.platform", "postgres", "valkey")):
            return word
        if word.endswith(("/postgres", "/valkey-server")):
            return word.rpartition("/")[2]
    return words[0]


def print_memory(process: subprocess.Popen[bytes]) -> None:
    """Print the memory of each process, those of PostgreSQL together."""
    time.sleep(_REST_S)
    sums: dict[str, tuple[int, float, float]] = {}
    for pid in (process.pid, *_descendants(process.pid)):
        name = _name_of(pid)
        name = "postgres" if name.startswith("postgres") else name
        number, pss, rss = sums.get(name, (0, 0.0, 0.0))
        rss = max(rss, memory_mb(pid, "Rss"))
        sums[name] = number + 1, pss + memory_mb(pid, "Pss"), rss
    print("\n| process | number | Pss, MB | largest Rss, MB |\n|---|---:|---:|---:|")
    for name, (number, pss, rss) in sums.items():
        mark = " (!)" if name == "fieldstone.platform.web" and rss > WEB_MB else ""
        print(f"| {name} | {number} | {pss:.0f} | {rss:.0f}{mark} |")


def main() -> None:
    """Run the measurements."""
    parser = argparse.ArgumentParser(description="Measure the start of the server.")
    parser.add_argument("--rows", type=int, default=5, help="starts")
    options = parser.parse_args()
    with a_directory() as directory:
        data = directory / "data"
        with started(data) as (_, cold_s):
            print(f"First start, with a new data directory: {cold_s:.2f} s.")
        times = []
        for _ in range(options.rows):
            with started(data) as (process, warm_s):
                times.append(warm_s)
                if len(times) == options.rows:
                    listed = ", ".join(f"{one:.2f}" for one in times)
                    print(f"Warm starts: {listed} s; median {median(times):.2f} s", end=" ")
                    print(f"(at most {START_S:.0f} s).")
                    print_memory(process)


if __name__ == "__main__":
    main()
