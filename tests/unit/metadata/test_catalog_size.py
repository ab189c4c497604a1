"""A catalog is small: every process keeps hundreds of them. bench/catalog.py tells its time."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import UTC, datetime
from typing import Any

from fieldstone.ids import TenantId
from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.definitions import object_components

OBJECTS = 50
FIELDS = 40
MOST_BYTES = 1_000_000
TYPES: list[dict[str, Any]] = [
    {"type": "text"},
    {"type": "currency"},
    {"type": "picklist", "options": ["Planning", "Active", "Complete"]},
    {"type": "date"},
    {"type": "lookup", "references": "Object0__c"},
    {"type": "number", "places": 0},
    {"type": "checkbox"},
    {"type": "email"},
]


def stored_components() -> list[StoredComponent]:
    """Give the components of a large tenant, as they come out of the database."""
    parts = [
        component
        for number in range(OBJECTS)
        for component in object_components(
            {
                "name": f"Object{number}",
                "fields": [
                    {"name": "name", "type": "text"},
                    *({"name": f"field_{n}", **TYPES[n % len(TYPES)]} for n in range(1, FIELDS)),
                ],
            }
        )
    ]
    plan = plan_changes([], Proposal(creates=tuple(parts)))
    now = datetime(2026, 1, 31, tzinfo=UTC)
    return [
        StoredComponent(number, change.after, change.storage, now, None)
        for number, change in enumerate(plan.changes, start=1)
        if change.after is not None
    ]


def build(rows: list[StoredComponent]) -> Any:
    return build_catalog(TenantId(1), 1, "record_p00", rows)


def test_catalog_of_fifty_objects_is_under_a_megabyte() -> None:
    rows = stored_components()
    warm = build(rows)
    gc.collect()
    tracemalloc.start()
    try:
        catalog = build(rows)
        gc.collect()
        size_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(catalog.objects) == len(warm.objects) == OBJECTS
    assert size_bytes < MOST_BYTES
