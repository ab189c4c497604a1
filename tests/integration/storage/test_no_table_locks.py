"""Invariant 5: no administrator's action runs DDL or takes a table lock, and none is slow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, Final

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.definitions import field_component, object_components
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.values import Json
from fieldstone.runtime.metadata_changes import change_metadata
from tests.support.speed import slowness
from tests.support.storage_world import StorageWorld

WAITED_S: Final = 0.5
HARMLESS: Final = {"AccessShareLock", "RowShareLock", "RowExclusiveLock"}
LOCKS: Final = """
SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = $1 AND l.granted AND c.relnamespace = 'public'::regnamespace"""
SIMPLE: Final = ("text", "number", "checkbox", "date", "datetime", "email", "long_text", "url")


def an_object(number: int) -> dict[str, Json]:
    types = [name for name in SIMPLE if name in FIELD_TYPES]
    fields: list[Json] = [{"name": f"{name}_field", "type": name} for name in types]
    return {"name": f"Object{number}", "fields": fields}


@asynccontextmanager
async def every_record_table_locked(world: StorageWorld) -> AsyncIterator[None]:
    """Hold the strongest lock on every heap, as nothing in production ever would."""
    connection = await asyncpg.connect(world.dsn)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE record IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def locks_of(world: StorageWorld, creates: tuple[Component, ...]) -> dict[str, set[str]]:
    """Apply a change, look at the locks it holds before it is committed, and give them by table."""
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        await change_metadata(tx, Proposal(creates=creates))
        pid = await tx.connection.fetchval("SELECT pg_backend_pid()")
        held: dict[str, set[str]] = {}
        for row in await world.rows(LOCKS, pid):
            held.setdefault(row["relname"], set()).add(row["mode"])
        return held


async def test_objects_and_fields_are_made_while_all_records_are_locked(
    world: StorageWorld,
) -> None:
    took: list[float] = []
    async with every_record_table_locked(world):
        for number in range(8):
            began = perf_counter()
            await world.define(an_object(number))
            took.append(perf_counter() - began)
        creates = (field_component("Object0__c", {"name": "more", "type": "text"}),)
        async with world.database.change_metadata(world.tenant, world.viewer) as tx:
            applied = await change_metadata(tx, Proposal(creates=creates))

    assert applied.catalog.get_object("Object0__c").get_field("more").slot is not None
    # How fast it is stands in docs/performance.md; here, that it waits for nobody.
    assert min(took) < WAITED_S * slowness(), took


async def test_a_change_of_metadata_touches_no_table_of_records(world: StorageWorld) -> None:
    held = await locks_of(world, object_components(an_object(1)))

    assert {mode for modes in held.values() for mode in modes} <= HARMLESS
    assert not [name for name in held if name.startswith("record")]
    assert "component" in held


async def test_no_statement_of_a_change_is_ddl(world: StorageWorld) -> None:
    before = await classes(world)

    for number in range(3):
        await world.define(an_object(number))

    assert await classes(world) == before


async def classes(world: StorageWorld) -> list[Any]:
    return await world.rows("SELECT oid, relname FROM pg_class ORDER BY oid")


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(types=st.lists(st.sampled_from(SIMPLE), min_size=1, max_size=20))
async def test_whatever_is_defined_takes_harmless_locks_alone(
    world: StorageWorld, types: list[str]
) -> None:
    name = f"O{abs(hash(tuple(types)))}"
    fields: list[Json] = [{"name": f"f{n}", "type": type_} for n, type_ in enumerate(types)]
    try:
        held = await locks_of(world, object_components({"name": name, "fields": fields}))
    finally:
        async with world.database.change_metadata(world.tenant, world.viewer) as tx:
            key = ("object", f"{name.lower()}__c")
            await change_metadata(tx, Proposal(removals=(key,)))

    assert {mode for modes in held.values() for mode in modes} <= HARMLESS
    assert not [table for table in held if table.startswith("record")]
