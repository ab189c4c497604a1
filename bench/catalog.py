"""What a catalog costs in time and memory: that of the CRM, and that of a tenant who built much.

python -m bench.catalog
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from statistics import median
from time import process_time
from typing import Any, Final

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


def main() -> None:
    """Run the measurements."""
    print("| catalog | objects | fields | built in | kept in | at most |")
    print("|---|---:|---:|---:|---:|---:|")
    _print_build("the CRM", stored_rows(shipped_package(CRM).components))
    _print_build(f"{OBJECTS} x {FIELDS}", stored_rows(large_package()))


if __name__ == "__main__":
    main()
