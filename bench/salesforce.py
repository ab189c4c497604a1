"""What a package of Salesforce costs: to be read and planned, and in every catalog from then on.

python -m bench.salesforce FOLDER
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time
from typing import Final

from bench.catalog import stored_rows
from fieldstone.builtin_objects.packages import CRM, shipped_package
from fieldstone.errors import Problem, Several
from fieldstone.ids import TenantId
from fieldstone.integrations.salesforce.archive import read_folder
from fieldstone.integrations.salesforce.items import read_source
from fieldstone.integrations.salesforce.mapping import map_source
from fieldstone.integrations.salesforce.settling import Components, places_of, settle
from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.carried_out import rows_after
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import StoredComponent
from fieldstone.query_language.formula.affected import affected
from fieldstone.query_language.formula.definitions import wrong_formulas

IMPORT_S: Final = 20
BUILD_MS: Final = 100
CATALOG_KB: Final = 3_000
_ROUNDS: Final = 9
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_PACKAGE: Final = "brought"


async def brought(folder: Path, rows: list[StoredComponent]) -> list[StoredComponent]:
    """Read a package, work out what can be applied of it, and give the components from then on."""
    before = _catalog_of(rows)
    there = [row.component for row in rows]
    mapped = map_source(read_source(read_folder(folder)), before, _PACKAGE, there)

    async def attempt(components: Components) -> tuple[Problem, ...]:
        proposal = Proposal(upserts=components, pointers=places_of(components))
        try:
            plan = plan_changes(rows, proposal)
        except Several as error:
            return error.problems
        after = _catalog_of(rows_after(rows, plan, _NOW))
        among = affected(after, before, proposal.pointers)
        return tuple(one.problem for one in wrong_formulas(after, among))

    components, _ = await settle(mapped, attempt)
    return rows_after(rows, plan_changes(rows, Proposal(upserts=components)), _NOW)


def _catalog_of(rows: list[StoredComponent]) -> Catalog:
    return build_catalog(TenantId(1), 1, "record_p00", rows)


def _print_catalog(name: str, rows: list[StoredComponent]) -> None:
    times = []
    for _ in range(_ROUNDS):
        begun = process_time()
        _catalog_of(rows)
        times.append(process_time() - begun)
    gc.collect()
    tracemalloc.start()
    catalog = _catalog_of(rows)
    gc.collect()
    size_kb = tracemalloc.get_traced_memory()[0] / 1000
    tracemalloc.stop()
    fields = sum(len(obj.own_fields) for obj in catalog.objects)
    print(
        f"| {name} | {len(catalog.objects)} | {fields} | {median(times) * 1000:.0f} ms"
        f" | {size_kb:,.0f} kB | {BUILD_MS} ms, {CATALOG_KB:,} kB |"
    )


def main() -> None:
    """Run the measurements on the package in the folder that is named."""
    folder = Path(sys.argv[1])
    rows = stored_rows(shipped_package(CRM).components)
    begun = process_time()
    after = asyncio.run(brought(folder, rows))
    print(f"Read, mapped and planned in {process_time() - begun:.1f} s (at most {IMPORT_S} s).\n")
    print("| catalog | objects | fields | built in | kept in | at most |")
    print("|---|---:|---:|---:|---:|---:|")
    _print_catalog("the CRM", rows)
    _print_catalog(f"with {folder.name}", after)


if __name__ == "__main__":
    main()
