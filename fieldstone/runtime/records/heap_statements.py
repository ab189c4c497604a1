"""The statements that read and write a record heap, built once for each heap and set of slots.

Tenant and object are literals, so that PostgreSQL plans with their statistics; rows come as
arrays, so that one record and ten thousand take the same statement.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Integer,
    and_,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.tables import CHANGE, USAGE_ENTRY, heap
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare
from fieldstone.runtime.terms import Limit

Slots = tuple[str, ...]
_CACHED: Final = 4096
_FIXED: Final = ("id", "owner_id", "data", "data_long")
_NOTHING: Final = func.jsonb_build_object()


def inline(value: int | str) -> ColumnElement[Any]:
    """Give a value as a literal in the text of the statement, not as a parameter."""
    return literal(value, literal_execute=True)


def of_object(table: FromClause, tenant_id: int, object_id: int) -> ColumnElement[bool]:
    """Give the condition that a row belongs to this tenant and object."""
    return and_(table.c.tenant_id == inline(tenant_id), table.c.object_id == inline(object_id))


@lru_cache(maxsize=_CACHED)
def insert_rows(heap_name: str, tenant_id: int, object_id: int, slots: Slots) -> Prepared:
    """New records, what the change log says of them and that they are used, in one statement.

    Arrays id, owner_id, data, data_long and each slot; scalars now, actor and cause. The log takes
    what the heap was given: sent and read as JSON once only.
    """
    table = heap(heap_name)
    columns = (*_FIXED, *slots)
    x = incoming(table, *columns)
    now = parameter("now", DateTime(timezone=True))
    actor = parameter("actor", BigInteger())
    rows = select(
        inline(tenant_id),
        inline(object_id),
        *(x.c[name] for name in columns),
        now,
        actor,
        now,
        actor,
    )
    into = ["tenant_id", "object_id", *columns]
    into += ["created_at", "created_by", "updated_at", "updated_by"]
    made = (
        insert(table)
        .from_select(into, rows)
        .returning(*(table.c[name] for name in _FIXED))
        .cte("made")
    )
    said = made.c.data.concat(func.coalesce(made.c.data_long, _NOTHING)).concat(
        func.jsonb_build_object(inline("owner"), made.c.owner_id)
    )
    logged = {
        "tenant_id": inline(tenant_id),
        "at": now,
        "actor_id": actor,
        "cause": parameter("cause", JSONB()),
        "object_id": inline(object_id),
        "record_id": made.c.id,
        "version": inline(1),
        "operation": inline("create"),
        "after": said,
    }
    entries = insert(CHANGE).from_select(list(logged), select(*logged.values()))
    count = func.count()
    metered = {
        "tenant_id": inline(tenant_id),
        "day": cast(now, Date),
        "meter": inline(Limit.RECORDS.value),
        "value": count,
    }
    some = select(*metered.values()).select_from(made).having(count > 0)
    noted = insert(USAGE_ENTRY).from_select(list(metered), some).cte("metered")
    return prepare(entries.add_cte(made, noted))


@lru_cache(maxsize=_CACHED)
def update_rows(heap_name: str, tenant_id: int, object_id: int, slots: Slots) -> Prepared:
    """Changed records: arrays id, owner_id, data, data_long and each slot; now and actor."""
    table = heap(heap_name)
    x = incoming(table, *_FIXED, *slots)
    values: dict[str, Any] = {name: x.c[name] for name in (*_FIXED[1:], *slots)}
    values["version"] = table.c.version + 1
    values["updated_at"] = parameter("now", DateTime(timezone=True))
    values["updated_by"] = parameter("actor", BigInteger())
    return prepare(
        update(table)
        .where(of_object(table, tenant_id, object_id), table.c.id == x.c.id)
        .values(values)
    )


@lru_cache(maxsize=_CACHED)
def lock_rows(heap_name: str, tenant_id: int, object_id: int, *, deleted: bool) -> Prepared:
    """The rows of these ids, locked until the end of the transaction, in order of id.

    deleted: those in the bin rather than the live ones.
    """
    return prepare(_rows(heap_name, tenant_id, object_id, deleted=deleted).with_for_update())


@lru_cache(maxsize=_CACHED)
def load_rows(heap_name: str, tenant_id: int, object_id: int, *, deleted: bool = False) -> Prepared:
    """The live rows of these ids, unlocked. deleted: those in the bin instead."""
    return prepare(_rows(heap_name, tenant_id, object_id, deleted=deleted))


def _rows(heap_name: str, tenant_id: int, object_id: int, *, deleted: bool) -> Any:
    table = heap(heap_name)
    gone = table.c.deleted_at
    return (
        select(
            table.c.id,
            table.c.version,
            table.c.owner_id,
            table.c.data,
            table.c.data_long,
            table.c.created_at,
            table.c.updated_at,
            table.c.deleted_at,
        )
        .where(
            of_object(table, tenant_id, object_id),
            table.c.id == func.any(parameter("ids", ARRAY(BigInteger))),
            gone.is_not(None) if deleted else gone.is_(None),
        )
        .order_by(table.c.id)
    )


@lru_cache(maxsize=_CACHED)
def living_ids(heap_name: str, tenant_id: int, object_id: int) -> Prepared:
    """Those of these ids that are live records of the object, kept from being deleted until then.

    As a foreign key would: who deletes one waits for the transaction to end, and then finds what
    points to it.
    """
    table = heap(heap_name)
    return prepare(
        select(table.c.id)
        .where(
            of_object(table, tenant_id, object_id),
            table.c.id == func.any(parameter("ids", ARRAY(BigInteger))),
            table.c.deleted_at.is_(None),
        )
        .order_by(table.c.id)
        .with_for_update(key_share=True, read=True)
    )


@lru_cache(maxsize=_CACHED)
def mark_deleted(heap_name: str, tenant_id: int, object_id: int) -> Prepared:
    """Put records in the bin, or take them out where now_or_null is null; version goes up."""
    table = heap(heap_name)
    return prepare(
        update(table)
        .where(
            of_object(table, tenant_id, object_id),
            table.c.id == func.any(parameter("ids", ARRAY(BigInteger))),
        )
        .values(
            deleted_at=parameter("now_or_null", DateTime(timezone=True)),
            updated_at=parameter("now", DateTime(timezone=True)),
            updated_by=parameter("actor", BigInteger()),
            version=table.c.version + 1,
        )
    )


@lru_cache(maxsize=_CACHED)
def find_by_slot(heap_name: str, tenant_id: int, object_id: int, slot: str) -> Prepared:
    """Slot value and lowest id of the live records whose slot has one of these values."""
    table = heap(heap_name)
    column = table.c[slot]
    return prepare(
        select(column.label("value"), func.min(table.c.id).label("id"))
        .where(
            of_object(table, tenant_id, object_id),
            column == func.any(parameter("values", ARRAY(column.type))),
            table.c.deleted_at.is_(None),
        )
        .group_by(column)
    )


@lru_cache(maxsize=_CACHED)
def find_unset(
    heap_name: str, tenant_id: int, object_id: int, slot: str, empty_key: str
) -> Prepared:
    """Live records with one of these values in a slot and none under a key: id and slot value.

    Those whose id is above after, in order of id, at most as many as most.
    """
    table = heap(heap_name)
    column = table.c[slot]
    return prepare(
        select(column.label("value"), table.c.id)
        .where(
            of_object(table, tenant_id, object_id),
            column == func.any(parameter("values", ARRAY(column.type))),
            table.c.data[inline(empty_key)].is_(None),
            table.c.id > parameter("after", BigInteger()),
            table.c.deleted_at.is_(None),
        )
        .order_by(table.c.id)
        .limit(parameter("most", Integer()))
    )
