"""The statements that read the values of one field and write what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.tables import CHANGE, heap
from fieldstone.runtime.records.heap_statements import inline, of_object
from fieldstone.runtime.statements import Prepared, parameter, prepare

_CACHED: Final = 256
_AFTER: Final = parameter("after", BigInteger())
_UP_TO: Final = parameter("up_to", BigInteger())
_MOST: Final = parameter("most", Integer())
_LOOK_AT: Final = parameter("look_at", Integer())
_BYTES: Final = parameter("bytes", BigInteger())
_IDS: Final = parameter("ids", ARRAY(BigInteger))
_VALUES: Final = "value"


def _stored(table: FromClause, key: str) -> ColumnElement[Any]:
    """Give the JSON under a key, in whichever of the two columns it lies."""
    where = inline(key)
    return func.coalesce(table.c.data[where], table.c.data_long[where])


@dataclass(frozen=True, slots=True)
class Read:
    """What is read of a field: the keys of its values and, where asked, whether the log has one.

    logged: the key that is looked for in the log of each record; None where nobody needs to know.
    since_s: from when on, in seconds of Unix time, an entry without its values may have had it.
    """

    keys: tuple[str, ...]
    logged: str | None = None
    since_s: int = 0

    def columns(self, table: FromClause, tenant_id: int) -> list[ColumnElement[Any]]:
        """Give the columns v0, v1 … and is_logged."""
        values: list[ColumnElement[Any]] = [
            _stored(table, key).label(f"v{number}") for number, key in enumerate(self.keys)
        ]
        if self.logged is None:
            return values
        key = inline(self.logged)
        # Retention lets the values of an entry go, and nobody can tell any more what they were of.
        is_cut = and_(
            CHANGE.c.operation == inline("update"),
            CHANGE.c.before.is_(None),
            CHANGE.c.after.is_(None),
            func.extract("epoch", CHANGE.c.at) >= inline(self.since_s),
        )
        said = exists().where(
            CHANGE.c.tenant_id == inline(tenant_id),
            CHANGE.c.record_id == table.c.id,
            or_(CHANGE.c.before.has_key(key), CHANGE.c.after.has_key(key), is_cut),
        )
        return [*values, said.label("is_logged")]


@lru_cache(maxsize=_CACHED)
def held_values(heap_name: str, tenant_id: int, object_id: int, read: Read) -> Prepared:
    """The values that live records hold, and how many hold each, those of most records first.

    Of at most so many records, so many values, and as many bytes; "looked_at" tells how many
    records that are.
    """
    table = heap(heap_name)
    some = (
        select(*read.columns(table, tenant_id))
        .where(
            of_object(table, tenant_id, object_id),
            table.c.deleted_at.is_(None),
            or_(*(_stored(table, key).is_not(None) for key in read.keys)),
        )
        .limit(_LOOK_AT)
        .subquery("some")
    )
    times = func.count()
    held = (
        select(*some.c, times.label("times"), func.sum(times).over().label("looked_at"))
        .group_by(*some.c)
        .order_by(times.desc(), *some.c)
        .limit(_MOST)
        .subquery("held")
    )
    length = func.coalesce(func.octet_length(cast(held.c.v0, Text())), 0)
    before = func.sum(length).over(order_by=(held.c.times.desc(), *_named(held, some))) - length
    sized = select(*held.c, before.label("bytes_before")).subquery("sized")
    return prepare(
        select(*_named(sized, held))
        .where(sized.c.bytes_before <= _BYTES)
        .order_by(sized.c.times.desc(), *_named(sized, some))
    )


def _named(table: FromClause, other: FromClause) -> list[ColumnElement[Any]]:
    """Give the columns of a table that another one has too."""
    return [table.c[one.name] for one in other.c]


@lru_cache(maxsize=_CACHED)
def values_in_range(heap_name: str, tenant_id: int, object_id: int, read: Read) -> Prepared:
    """The values of the rows above after and up to up_to, locked until the end."""
    table = heap(heap_name)
    wanted = and_(table.c.id > _AFTER, table.c.id <= _UP_TO)
    return _of_rows(table, read, wanted, tenant_id, object_id)


@lru_cache(maxsize=_CACHED)
def values_of_rows(heap_name: str, tenant_id: int, object_id: int, read: Read) -> Prepared:
    """The values of the rows of these ids."""
    table = heap(heap_name)
    return _of_rows(table, read, table.c.id == func.any(_IDS), tenant_id, object_id)


def _of_rows(
    table: Any, read: Read, wanted: ColumnElement[bool], tenant_id: int, object_id: int
) -> Prepared:
    values = read.columns(table, tenant_id)
    return prepare(
        select(table.c.id, table.c.deleted_at.is_(None).label("is_live"), *values)
        .where(of_object(table, tenant_id, object_id), wanted)
        .order_by(table.c.id)
        .with_for_update()
    )


@lru_cache(maxsize=_CACHED)
def put_values(
    heap_name: str, tenant_id: int, object_id: int, place: tuple[str, bool, str | None]
) -> Prepared:
    """Write values: arrays id, value (JSON or null for none), and slot where the field has one.

    place: the key, whether its values lie in data_long, and the slot.
    """
    table = heap(heap_name)
    key, is_long, slot = place
    typed: list[tuple[str, Any]] = [("id", BigInteger()), (_VALUES, JSONB())]
    if slot is not None:
        typed.append((slot, table.c[slot].type))
    x = (
        func.unnest(*(parameter(name, ARRAY(type_)) for name, type_ in typed))
        .table_valued(*(column(name, type_) for name, type_ in typed))
        .render_derived()
        .alias("x")
    )
    where = table.c.data_long if is_long else table.c.data
    nothing = func.jsonb_build_object(type_=JSONB())
    held = func.coalesce(where, nothing, type_=JSONB())
    put = held.op("||")(func.jsonb_build_object(inline(key), x.c[_VALUES], type_=JSONB()))
    taken = held.op("-")(inline(key))
    filled = case((x.c[_VALUES].is_(None), taken), else_=put)
    whole = func.nullif(filled, nothing, type_=JSONB()) if is_long else filled
    values: dict[str, Any] = {where.name: whole}
    lies = where.has_key(inline(key))
    if is_long:
        # Who writes the record beside a job knows the key of no field, and leaves it in data.
        values["data"] = table.c.data.op("-")(inline(key))
        lies = or_(lies, table.c.data.has_key(inline(key)))
    if slot is not None:
        values[slot] = x.c[slot]
    return prepare(
        update(table)
        .where(
            of_object(table, tenant_id, object_id),
            table.c.id == x.c.id,
            or_(x.c[_VALUES].is_not(None), lies),
        )
        .values(values)
    )


@lru_cache(maxsize=_CACHED)
def names_of(heap_name: str, tenant_id: int, object_id: int, key: str) -> Prepared:
    """The JSON under a key of the rows of these ids."""
    table = heap(heap_name)
    return prepare(
        select(table.c.id, _stored(table, key).label("name")).where(
            of_object(table, tenant_id, object_id), table.c.id == func.any(_IDS)
        )
    )
