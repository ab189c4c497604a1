"""Fills a tenant with records by SQL, in rows that look as the write path writes them.

A record is one row of its heap; its unique values, links, search text and change are rows beside
it. `check_rows` writes some of them again through the write path and compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from bench.recipes import FIRST_IDS, SPACING, Counts, Recipe, owner, recipes, record_id
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.slots import SlotKind, kind_of
from fieldstone.metadata.values import read_json
from fieldstone.platform.app import Engine
from fieldstone.runtime.records.write import Incoming, write
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Transaction, Viewer

CHUNK: Final = 50_000
_AT: Final = "timestamptz '2025-06-01 12:00:00Z'"
_FAR: Final = 1_000_000
_NEIGHBOURS: Final = f"""
INSERT INTO bench_neighbour
SELECT row_number() OVER (ORDER BY id) - 1 AS place, id AS tenant_id
FROM generate_series({_FAR}, {_FAR} + 64 * $2::int) id
WHERE satisfies_hash_partition('record'::regclass, 16, $1, id) LIMIT $2
"""
_SLOTS: Final = {
    SlotKind.TEXT: "left(lower(d.data->>'{key}'), 255)",
    SlotKind.NUMBER: "(d.data->>'{key}')::float8",
    SlotKind.TIME: "(d.data->>'{key}')::timestamp",
    SlotKind.REFERENCE: "('x' || lpad(split_part(d.data->>'{key}', '_', 2), 16, '0'))"
    "::bit(64)::bigint",
}


@dataclass(frozen=True, slots=True)
class World:
    """A tenant full of records, and who looks at them."""

    engine: Engine
    tenant: Tenant
    viewer: Viewer
    catalog: Catalog
    counts: Counts

    def id_of(self, name: str, number: int) -> int:
        """Give the id of the n-th record of an object, from 0."""
        return FIRST_IDS[name] + number * SPACING


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Small tenants whose rows lie between those of a large one.

    They are rows alone, of tenants that nobody asks. every: one of their rows for so many.
    """

    every: int = 10
    tenants: int = 2000


async def fill(
    engine: Engine, owner_connection: Any, name: str, counts: Counts, between: Neighbours | None
) -> World:
    """Make a tenant with so many records of each object, interleaved with those of others."""
    tenant = await engine.tenants.create(name, name)
    viewer = await engine.administrators.get(tenant)
    async with engine.database.read(tenant, viewer) as tx:
        catalog = tx.catalog
    if between is not None:
        # PostgreSQL takes no parameters where it makes a table.
        await owner_connection.execute("CREATE TABLE bench_neighbour (place int, tenant_id int)")
        await owner_connection.execute(_NEIGHBOURS, int(tenant.leaf[-2:]), between.tenants)
    for recipe in recipes(counts):
        obj = catalog.get_object(recipe.object)
        for statement in _statements(recipe, obj, tenant, counts, between):
            for first in range(0, counts.of(recipe.object), CHUNK):
                last = min(first + CHUNK, counts.of(recipe.object)) - 1
                await owner_connection.execute(statement, first, last)
    await owner_connection.execute("ANALYZE")
    return World(engine, tenant, viewer, catalog, counts)


def _statements(
    recipe: Recipe, obj: ObjectDef, tenant: Tenant, counts: Counts, between: Neighbours | None
) -> Iterator[str]:
    """Yield the statements that make the records from number $1 to $2."""
    slotted = [f for f in obj.own_fields if f.slot and f.name in recipe.values]
    columns = ", ".join(str(f.slot) for f in slotted)
    slots = ", ".join(_SLOTS[kind_of(str(f.slot))].format(key=f.key) for f in slotted)
    own = f"{tenant.id}, {obj.id}, {record_id(recipe.object, 'g')}, {slots}"
    rows = (
        f"SELECT 2 * g AS place, {own}, {_system(counts)}, d.data, d.long FROM {_data(recipe, obj)}"
    )
    if between is not None:
        # Of the neighbours only the row counts: nobody looks for what lies beside it.
        rows += f" UNION ALL SELECT 2 * g + 1, {_neighbour(recipe, obj)}, {slots},"
        rows += f" {_system(counts)}, d.data, d.long FROM {_data(recipe, obj)}"
        rows += f" JOIN bench_neighbour n ON n.place = (g / {between.every}) % {between.tenants}"
        rows += f" WHERE g % {between.every} = 0"
    yield (
        f"INSERT INTO {tenant.leaf} (tenant_id, object_id, id, {columns}, owner_id, created_at,"
        f" created_by, updated_at, updated_by, data, data_long)"
        f" SELECT tenant_id, object_id, id, {columns}, owner_id, created_at, created_by,"
        f" updated_at, updated_by, data, long FROM ({rows} ORDER BY 1) made"
        f" (place, tenant_id, object_id, id, {columns}, owner_id, created_at, created_by,"
        f" updated_at, updated_by, data, long)"
    )
    yield from _side_statements(recipe, obj, tenant, counts)


def _neighbour(recipe: Recipe, obj: ObjectDef) -> str:
    return f"n.tenant_id, {_FAR + obj.id}, {record_id(recipe.object, 'g')}"


def _system(counts: Counts) -> str:
    by = record_id("User", "0")
    return f"{owner(counts)}, {_AT}, {by}, {_AT}, {by}"


def _data(recipe: Recipe, obj: ObjectDef) -> str:
    """Give the SQL of g with the JSON of each record, d.data and d.long."""
    fields = [f for f in obj.own_fields if f.name in recipe.values]
    short = _json([f for f in fields if not f.type.long], recipe)
    long = _json([f for f in fields if f.type.long], recipe)
    return (
        "generate_series($1::bigint, $2::bigint) g"
        f" CROSS JOIN LATERAL (SELECT {short} AS data,"
        f" nullif({long}, '{{}}'::jsonb) AS long) d"
    )


def _json(fields: list[Field], recipe: Recipe) -> str:
    members = ", ".join(f"'{f.key}', {recipe.values[f.name]}" for f in fields)
    return f"jsonb_strip_nulls(jsonb_build_object({members}))"


def _side_statements(
    recipe: Recipe, obj: ObjectDef, tenant: Tenant, counts: Counts
) -> Iterator[str]:
    """Yield the statements that make what lies beside the rows."""
    source, record = _data(recipe, obj), record_id(recipe.object, "g")
    whole = "(d.data || coalesce(d.long, '{}'))"
    for unique in (f for f in obj.own_fields if f.unique and f.name in recipe.values):
        yield (
            f"INSERT INTO record_unique SELECT {tenant.id}, {obj.id}, {unique.id},"
            f" lower(d.data->>'{unique.key}'), {record} FROM {source}"
        )
    for name in recipe.links:
        link = obj.get_field(name)
        target = _SLOTS[SlotKind.REFERENCE].format(key=link.key)
        yield (
            f"INSERT INTO link SELECT {tenant.id}, {target}, {link.id}, {record}, {obj.id}"
            f" FROM {source} WHERE d.data ? '{link.key}'"
        )
    searched = ", ".join(_search_text(f) for f in obj.own_fields if f.searchable)
    yield (
        f"INSERT INTO record_search (tenant_id, id, object_id, txt)"
        f" SELECT {tenant.id}, {record}, {obj.id}, lower(concat_ws(' ', {searched}))"
        f" FROM {source} CROSS JOIN LATERAL (SELECT {whole} AS whole) w"
    )
    yield (
        f"INSERT INTO change (tenant_id, at, actor_id, cause, object_id, record_id, version,"
        f" operation, after) SELECT {tenant.id}, {_AT}, {record_id('User', '0')}, '{{}}',"
        f" {obj.id}, {record}, 1, 'create', {whole} || jsonb_build_object('owner', {owner(counts)})"
        f" FROM {source}"
    )


def _search_text(field: Field) -> str:
    text = f"w.whole->>'{field.key}'"
    return f"substr({text}, strpos({text}, '//') + 2)" if field.type.name == "url" else text


class _Undone(Exception):
    """Ends a transaction without keeping what it wrote."""


async def check_rows(world: World, name: str, numbers: tuple[int, ...]) -> None:
    """Compare generated records with the same ones written through the write path."""
    obj = world.catalog.get_object(name)
    for number in numbers:
        try:
            async with world.engine.database.write(world.tenant, world.viewer) as tx:
                await _check_row(tx, obj, world.id_of(name, number))
                raise _Undone
        except _Undone:
            pass


async def _check_row(tx: Transaction, obj: ObjectDef, made_id: int) -> None:
    made = await _row(tx, obj, made_id)
    values = {**made["data"], **(made["data_long"] or {})}
    await tx.connection.execute("DELETE FROM record_unique WHERE record_id = $1", made_id)
    given = {f: values[f.key] for f in obj.own_fields if f.key in values and not f.read_only}
    given |= {obj.by_name["owner"]: f"user_{made['owner_id']:x}"}
    [outcome] = await write(tx, obj, [Incoming(given)])
    assert outcome.id is not None, outcome
    written = await _row(tx, obj, outcome.id)
    differing = {key: (made[key], written[key]) for key in made if made[key] != written[key]}
    assert not differing, f"{obj.name}: generated and written differ: {differing}"


async def _row(tx: Transaction, obj: ObjectDef, record: int) -> dict[str, Any]:
    """Give all of a record that does not depend on when and by whom it was written."""
    slots = [str(f.slot) for f in obj.own_fields if f.slot]
    found = await tx.connection.fetchrow(
        f"SELECT owner_id, version, data, data_long, {', '.join(slots)},"
        " (SELECT txt FROM record_search s WHERE s.tenant_id = r.tenant_id AND s.id = r.id) AS txt,"
        " (SELECT array_agg((target_id, field_id, source_object_id) ORDER BY target_id) FROM link l"
        "  WHERE l.tenant_id = r.tenant_id AND l.source_id = r.id) AS links,"
        " (SELECT after FROM change"
        "  WHERE change.tenant_id = r.tenant_id AND change.record_id = r.id) AS log"
        f" FROM {obj.heap} r WHERE tenant_id = $1 AND id = $2",
        tx.tenant.id,
        record,
    )
    assert found is not None, f"there is no {obj.name} {record}"
    return {key: _read(value) for key, value in found.items()}


def _read(value: Any) -> Any:
    return read_json(value) if isinstance(value, str) and value.startswith("{") else value
