"""What tenants cost: their catalogs in memory and time, signing up, and the first request of each.

    python -m bench.catalog [--rows 2000]

--rows: how many tenants. Most of them are copied by SQL from the first; a few sign up.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import tracemalloc
from collections.abc import Callable, Sequence
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any, Final

import httpx

from bench.database import a_database, a_directory, an_engine, an_owner
from bench.served import Served, memory_mb, served
from fieldstone.builtin_objects.packages import CRM, shipped_package
from fieldstone.ids import TenantId
from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component, StoredComponent

OBJECTS: Final = 50
FIELDS: Final = 40
BUILD_MS: Final = 50
CATALOG_KB: Final = 1000
SIGN_UP_MS: Final = 200
_SIGN_UPS: Final = 12
_TYPES: Final[Sequence[dict[str, Any]]] = (
    {"type": "text"},
    {"type": "number"},
    {"type": "date"},
    {"type": "picklist", "options": ["New", "Open", "Done"]},
    {"type": "currency"},
    {"type": "checkbox"},
    {"type": "email"},
    {"type": "long_text"},
)
_COPY: Final = """
INSERT INTO component (tenant_id, id, kind, name, package, body, storage)
SELECT t.id, nextval('component_id_seq'), c.kind, c.name, c.package, c.body, c.storage
FROM tenant t CROSS JOIN component c WHERE t.name LIKE 'copy-%' AND c.tenant_id = $1
ORDER BY t.id, c.id
"""


def large_package() -> tuple[Component, ...]:
    """Give fifty objects of forty fields, one of them pointing to the object before."""
    found: list[Component] = []
    for number in range(OBJECTS):
        name = f"Thing{number}__c"
        found.append(Component("object", name, {"label": f"Thing {number}"}))
        for place in range(FIELDS):
            body: dict[str, Any] = {"object": name, **_TYPES[place % len(_TYPES)]}
            if place == 1 and number:
                body = {"object": name, "type": "lookup", "references": f"Thing{number - 1}__c"}
            own = "name" if place == 0 else f"field_{place}"
            found.append(Component("field", f"{name}.{own}", body))
    return tuple(found)


def stored_rows(components: tuple[Component, ...]) -> list[StoredComponent]:
    """Give components as a tenant keeps them."""
    plan = plan_changes((), Proposal(creates=components))
    return [
        StoredComponent(number, change.after, change.storage)
        for number, change in enumerate(plan.changes, 1)
        if change.after is not None
    ]


def _built(rows: list[StoredComponent]) -> Catalog:
    return build_catalog(TenantId(1), 2, "record_p00", rows)


def _print_build(name: str, rows: list[StoredComponent]) -> None:
    times = [_timed(lambda: _built(rows)) for _ in range(15)]
    gc.collect()
    tracemalloc.start()
    catalog = _built(rows)
    gc.collect()
    size_kb = tracemalloc.get_traced_memory()[0] / 1000
    tracemalloc.stop()
    fields = sum(len(obj.own_fields) for obj in catalog.objects)
    print(
        f"| {name} | {len(catalog.objects)} | {fields} | {median(times) * 1000:.0f} ms"
        f" | {size_kb:.0f} kB | {BUILD_MS} ms, {CATALOG_KB} kB |"
    )


def _timed(work: Callable[[], object]) -> float:
    """Give the processor's time, which others on a busy machine do not lengthen."""
    begun = process_time()
    work()
    return process_time() - begun


def _told_ms(times_s: Sequence[float]) -> str:
    """Give median and 95th percentile."""
    ms = [one * 1000 for one in times_s]
    return f"median {median(ms):.1f} ms, p95 {quantiles(ms, n=20)[-1]:.1f} ms"


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


def sign_up(client: httpx.Client) -> list[float]:
    """Sign tenants up over HTTP and give the time of each."""
    times = []
    for number in range(_SIGN_UPS):
        body = {"name": f"new-{number}", "label": "New"}
        begun = perf_counter()
        client.post("/api/platform/tenants", json=body).raise_for_status()
        times.append(perf_counter() - begun)
    return times


def visit(client: httpx.Client, count: int, process: Served) -> None:
    """Send each tenant's first request, and some second ones, and tell time and memory."""
    marks = {max(1, count * share // 20) for share in (1, 2, 5, 10, 20)}
    first: list[float] = []
    second: list[float] = []
    print("\n| tenants that asked | memory of the process |\n|---:|---:|")
    print(f"| 0 | {memory_mb(process.pid):.0f} MB |")
    for number in range(1, count + 1):
        for times in (first, second):
            begun = perf_counter()
            headers = {"X-Tenant": f"copy-{number}"}
            client.get("/api/records/Deal?limit=1", headers=headers).raise_for_status()
            times.append(perf_counter() - begun)
        if number in marks:
            print(f"| {number} | {memory_mb(process.pid):.0f} MB |", flush=True)
    print(f"\nFirst request of a tenant: {_told_ms(first)}.")
    print(f"Second request of a tenant: {_told_ms(second)}.")


def main() -> None:
    """Run the measurements."""
    parser = argparse.ArgumentParser(description="Measure what tenants cost.")
    parser.add_argument("--rows", type=int, default=2000, help="tenants")
    options = parser.parse_args()
    print("| catalog | objects | fields | built in | kept in | at most |")
    print("|---|---:|---:|---:|---:|---:|")
    _print_build("the CRM", stored_rows(shipped_package(CRM).components))
    _print_build(f"{OBJECTS} x {FIELDS}", stored_rows(large_package()))
    with a_directory() as directory, a_database(directory) as dsn:
        asyncio.run(make_tenants(dsn, options.rows))
        with served("fieldstone.platform.web", dsn) as process:
            base = f"http://127.0.0.1:{process.port}"
            with httpx.Client(base_url=base, timeout=60.0, trust_env=False) as client:
                times = sign_up(client)
                print(f"\nSigning up: first {times[0] * 1000:.0f} ms, then {_told_ms(times[1:])}")
                print(f"(at most {SIGN_UP_MS} ms).")
                visit(client, options.rows, process)


if __name__ == "__main__":
    main()
