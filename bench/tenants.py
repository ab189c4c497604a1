"""What ten thousand tenants in one database cost: signing up, first requests, and memory.

    python -m bench.tenants [--rows 10000] [--sign-ups 50]

--rows: how many tenants there are. They are copied by SQL from one that signed up; others sign up
beside them over HTTP, one after another and four at a time. Then one of them after another asks,
so that every tenant has been in the process, and the memory of the process is told on the way.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median, quantiles
from time import perf_counter
from typing import Final

import httpx

from bench.database import a_database, a_directory, an_engine, an_owner
from bench.served import Served, memory_mb, served

SIGN_UP_MS: Final = 200
GROWTH_MB: Final = 10
"""What the process may grow by from half of the tenants to all."""

_AT_ONCE: Final = 4
_SHARES: Final = (1, 2, 5, 10, 15, 20)
_COPY: Final = """
INSERT INTO component (tenant_id, id, kind, name, package, body, storage)
SELECT t.id, nextval('component_id_seq'), c.kind, c.name, c.package, c.body, c.storage
FROM tenant t CROSS JOIN component c WHERE t.name LIKE 'copy-%' AND c.tenant_id = $1
ORDER BY t.id, c.id
"""
_SIZES: Final = """
SELECT pg_size_pretty(pg_database_size(current_database())),
  (SELECT count(*) FROM tenant WHERE id > 0), (SELECT count(*) FROM component)
"""


async def make_tenants(dsn: str, count: int) -> None:
    """Make tenants with the CRM in them, copied from one that signed up."""
    async with an_engine(dsn) as engine, an_owner(dsn) as owner:
        first = await engine.tenants.ensure_default()
        await owner.execute(
            "SELECT create_tenant('copy-' || n, 'Copy', '{}') FROM generate_series(1, $1::int) n",
            count,
        )
        await owner.execute(_COPY, first.id)
        await owner.execute("VACUUM ANALYZE")
        size, tenants, components = await owner.fetchrow(_SIZES)
        print(f"{tenants} tenants with {components} components take {size}.")


def timed_s(work: Callable[[], object]) -> float:
    """Give how long some work took."""
    begun = perf_counter()
    work()
    return perf_counter() - begun


def sign_up(client: httpx.Client, name: str) -> None:
    """Sign a tenant up, as an operator's program does."""
    body = {"name": name, "label": "New"}
    client.post("/api/platform/tenants", json=body).raise_for_status()


def ask(client: httpx.Client, name: str) -> None:
    """Send a request of a tenant that needs its catalog."""
    answer = client.get("/api/records/Deal?limit=1", headers={"X-Tenant": name})
    answer.raise_for_status()


def print_sign_ups(client: httpx.Client, count: int) -> None:
    """Sign tenants up and tell how long each took."""
    first = timed_s(partial(sign_up, client, "first-of-all"))
    one_by_one = [timed_s(partial(sign_up, client, f"one-{n}")) for n in range(count)]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        at_once = list(
            threads.map(lambda n: timed_s(partial(sign_up, client, f"many-{n}")), range(count))
        )
    print(f"\nSigning up (at most {SIGN_UP_MS} ms): the first {first * 1000:.0f} ms;")
    print(f"one by one {_told_ms(one_by_one)}{_mark(one_by_one)};")
    print(f"{_AT_ONCE} at a time {_told_ms(at_once)}{_mark(at_once)}.")


def print_visits(client: httpx.Client, count: int, process: Served) -> None:
    """Send two requests of each tenant, and tell their time and the memory of the process."""
    marks = {max(1, count * share // _SHARES[-1]): share for share in _SHARES}
    first: list[float] = []
    second: list[float] = []
    held = {0: memory_mb(process.pid)}
    for number in range(1, count + 1):
        for times in (first, second):
            times.append(timed_s(partial(ask, client, f"copy-{number}")))
        if number in marks:
            held[number] = memory_mb(process.pid)
    print("\n| tenants that asked | memory of the process |\n|---:|---:|")
    for number, mb in held.items():
        print(f"| {number} | {mb:.0f} MB |")
    grown = held[count] - held[max(1, count // 2)]
    mark = " (!)" if grown > GROWTH_MB else ""
    print(f"\nFrom half of them to all: {grown:+.1f} MB (at most {GROWTH_MB}){mark}.")
    print(f"First request of a tenant: {_told_ms(first)}.")
    print(f"Second request of a tenant: {_told_ms(second)}.")


def _told_ms(times_s: Sequence[float]) -> str:
    """Give median and 95th percentile."""
    ms = [one * 1000 for one in times_s]
    return f"median {median(ms):.1f} ms, p95 {quantiles(ms, n=20)[-1]:.1f} ms"


def _mark(times_s: Sequence[float]) -> str:
    return " (!)" if median(times_s) * 1000 > SIGN_UP_MS else ""


def main() -> None:
    """Run the measurements."""
    parser = argparse.ArgumentParser(description="Measure what many tenants cost.")
    parser.add_argument("--rows", type=int, default=10_000, help="tenants")
    parser.add_argument("--sign-ups", type=int, default=50)
    options = parser.parse_args()
    with a_directory() as directory, a_database(directory) as dsn:
        took_s = timed_s(lambda: asyncio.run(make_tenants(dsn, options.rows)))
        print(f"They were copied in {took_s:.0f} s.")
        with served("fieldstone.platform.web", dsn) as process:
            base = f"http://127.0.0.1:{process.port}"
            with httpx.Client(base_url=base, timeout=60.0, trust_env=False) as client:
                print_sign_ups(client, options.sign_ups)
                print_visits(client, options.rows, process)


if __name__ == "__main__":
    main()
