"""The baseline: tables made by hand for these very objects, filled with the same records.

Typed columns, the indexes that the slots have, no tenants, no policies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bench.rows import World
from fieldstone.metadata.catalog import ObjectDef

_SYSTEM: Final = {
    "id": "bigint PRIMARY KEY",
    "version": "int NOT NULL DEFAULT 1",
    "owner_id": "bigint",
    "created_at": "timestamptz NOT NULL DEFAULT now()",
    "created_by": "bigint",
    "updated_at": "timestamptz NOT NULL DEFAULT now()",
    "updated_by": "bigint",
}
TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "User": {"name": "text", "email": "text", "is_active": "boolean"},
    "Campaign": {"name": "text", "status": "text", "is_active": "boolean"},
    "Company": {
        "name": "text NOT NULL",
        "domain": "text",
        "website": "text",
        "website_domain": "text",
        "industry": "text",
        "type": "text",
        "employees": "int",
        "annual_revenue": "numeric",
        "is_key": "boolean",
        "description": "text",
        "external_id": "text UNIQUE",
    },
    "Contact": {
        "name": "text NOT NULL",
        "first_name": "text",
        "last_name": "text",
        "email": "text",
        "email_domain": "text",
        "company": "bigint",
        "role": "text",
        "title": "text",
        "is_key": "boolean",
        "email_opt_out": "boolean",
        "do_not_call": "boolean",
    },
    "Deal": {
        "name": "text NOT NULL",
        "value": "numeric",
        "stage": "text NOT NULL",
        "probability": "numeric",
        "close_date": "date",
        "company": "bigint",
        "contact": "bigint",
        "type": "text",
        "source": "text",
        "campaign": "bigint",
        "forecast_category": "text",
        "next_step": "text",
        "lost_reason": "text",
        "competitor": "text",
        "description": "text",
        "external_id": "text UNIQUE",
    },
}
LOG: Final = """
CREATE TABLE native_change (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),
  actor_id bigint, record_id bigint NOT NULL, version int NOT NULL, operation text NOT NULL,
  before jsonb, after jsonb);
CREATE INDEX ON native_change (record_id, seq);
CREATE TABLE native_search (id bigint PRIMARY KEY, txt text NOT NULL);
"""


def table_of(name: str) -> str:
    """Give the name of an object's table."""
    return f"native_{name.lower()}"


def columns_of(name: str) -> tuple[str, ...]:
    """Give the names of a table's columns."""
    return (*_SYSTEM, *TABLES[name])


async def copy_tables(world: World, owner_connection: Any) -> None:
    """Make all tables and fill them with the records of a world."""
    await owner_connection.execute(LOG)
    for name in TABLES:
        obj = world.catalog.get_object(name)
        await _copy(world, obj, owner_connection)
        await _index(obj, owner_connection)
    await owner_connection.execute(
        "INSERT INTO native_search SELECT id, txt FROM record_search WHERE tenant_id = $1",
        world.tenant.id,
    )
    await owner_connection.execute("CREATE INDEX ON native_search USING gin (txt gin_trgm_ops)")
    await owner_connection.execute("ANALYZE")


async def _copy(world: World, obj: ObjectDef, connection: Any) -> None:
    table = table_of(obj.name)
    columns = {**_SYSTEM, **TABLES[obj.name]}
    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    await connection.execute(f"CREATE TABLE {table} ({declared}) WITH (fillfactor=90)")
    values = [_value(obj, name, kind) for name, kind in TABLES[obj.name].items()]
    await connection.execute(
        f"INSERT INTO {table} SELECT {', '.join(_SYSTEM)}, {', '.join(values)} FROM {obj.heap}"
        " WHERE tenant_id = $1 AND object_id = $2 ORDER BY id",
        world.tenant.id,
        obj.id,
    )


def _value(obj: ObjectDef, name: str, kind: str) -> str:
    field = obj.get_field(name)
    stored = f"{'data_long' if field.type.long else 'data'}->>'{field.key}'"
    if field.is_reference:
        return str(field.slot)
    bare = kind.split(maxsplit=1)[0]
    return stored if bare == "text" else f"({stored})::{bare}"


async def _index(obj: ObjectDef, connection: Any) -> None:
    """Index what has a slot, as a careful person would: by column and id."""
    for field in obj.own_fields:
        if field.slot and field.name in TABLES[obj.name]:
            await connection.execute(f"CREATE INDEX ON {table_of(obj.name)} ({field.name}, id)")
    await connection.execute(f"CREATE INDEX ON {table_of(obj.name)} (owner_id, id)")
