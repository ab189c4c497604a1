"""The statements that bring an object's rows from one heap to another, whole and as they are.

Rows are picked by ranges and arrays of ids, and looked up by scalar subqueries: a shared heap whose
statistics are old is thought to hold one row of the object, and a join is then planned for that.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Table,
    Text,
    and_,
    cast,
    column,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.types import UserDefinedType

from fieldstone.metadata.tables import CHANGE, heap
from fieldstone.runtime.records.heap_statements import of_object
from fieldstone.runtime.statements import Prepared, parameter, prepare

_CACHED: Final = 256
_AFTER: Final = parameter("after", BigInteger())
_UP_TO: Final = parameter("up_to", BigInteger())
_MOST: Final = parameter("most", Integer())
_IDS: Final = parameter("ids", ARRAY(BigInteger))


class _Xid8(UserDefinedType[str]):
    """PostgreSQL's 64-bit number of a transaction."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


HORIZON: Final = prepare(
    select(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text()).label("xmin"))
)
"""The oldest transaction at work: what began before it has ended and can be seen."""

LAST_CHANGE: Final = prepare(select(func.nextval("change_seq")))
"""A place in the change log behind every change that was written so far."""

CHANGED: Final = prepare(
    select(CHANGE.c.record_id)
    .where(
        CHANGE.c.tenant_id == parameter("tenant", Integer()),
        CHANGE.c.seq > parameter("seq", BigInteger()),
        CHANGE.c.object_id == parameter("object", Integer()),
        column("xid", _Xid8()) >= cast(parameter("xmin", Text()), _Xid8()),
    )
    .distinct()
)
"""The records of an object that were changed behind a place in the log, since a horizon."""


def _columns(table: Table) -> list[str]:
    return [one.name for one in table.columns]


def _in_range(table: FromClause) -> ColumnElement[bool]:
    return and_(table.c.id > _AFTER, table.c.id <= _UP_TO)


def _is_wanted(table: FromClause) -> ColumnElement[bool]:
    return table.c.id == func.any(_IDS)


@lru_cache(maxsize=_CACHED)
def bounds(source: str, tenant_id: int, object_id: int) -> Prepared:
    """The last id, and the count, of the next most rows of the object after an id."""
    table = heap(source)
    batch = (
        select(table.c.id)
        .where(of_object(table, tenant_id, object_id), table.c.id > _AFTER)
        .order_by(table.c.id)
        .limit(_MOST)
        .subquery("batch")
    )
    return prepare(select(func.max(batch.c.id).label("last"), func.count().label("rows")))


@lru_cache(maxsize=_CACHED)
def ids_in_range(source: str, tenant_id: int, object_id: int) -> Prepared:
    """The ids of the object's rows above after and up to up_to."""
    table = heap(source)
    mine = of_object(table, tenant_id, object_id)
    return prepare(select(table.c.id).where(mine, _in_range(table)).order_by(table.c.id))


@lru_cache(maxsize=_CACHED)
def copy_range(source: str, target: str, tenant_id: int, object_id: int) -> Prepared:
    """Copy the rows whose ids are above after and up to up_to, over what is there."""
    table = heap(source)
    mine = of_object(table, tenant_id, object_id)
    return _upsert(target, select(*table.columns).where(mine, _in_range(table)))


@lru_cache(maxsize=_CACHED)
def copy_rows(source: str, target: str, tenant_id: int, object_id: int) -> Prepared:
    """Copy the rows of these ids."""
    table = heap(source)
    mine = of_object(table, tenant_id, object_id)
    return _upsert(target, select(*table.columns).where(mine, _is_wanted(table)))


@lru_cache(maxsize=_CACHED)
def catch_up(source: str, target: str, tenant_id: int, object_id: int) -> Prepared:
    """Copy those rows of these ids whose version the target does not have."""
    table, there = heap(source), heap(target).alias("there")
    mine = of_object(table, tenant_id, object_id)
    version = (
        select(there.c.version)
        .where(of_object(there, tenant_id, object_id), there.c.id == table.c.id)
        .scalar_subquery()
    )
    newer = version.is_distinct_from(table.c.version)
    return _upsert(target, select(*table.columns).where(mine, _is_wanted(table), newer))


def _upsert(target: str, rows: Select[Any]) -> Prepared:
    table = heap(target)
    names = _columns(table)
    fresh = insert(table).from_select(names, rows)
    replaced = {name: fresh.excluded[name] for name in names if name not in ("tenant_id", "id")}
    return prepare(fresh.on_conflict_do_update(index_elements=["tenant_id", "id"], set_=replaced))


@lru_cache(maxsize=_CACHED)
def differing(source: str, target: str, tenant_id: int, object_id: int) -> Prepared:
    """The ids above after and up to up_to whose rows are not the same in both heaps."""
    ours, theirs = _range(source, tenant_id, object_id), _range(target, tenant_id, object_id)
    unlike = or_(
        ours.c.id.is_distinct_from(theirs.c.id),
        *(
            ours.c[name].is_distinct_from(theirs.c[name])
            for name in _columns(heap(source))
            if name not in ("tenant_id", "object_id", "id")
        ),
    )
    both = ours.join(theirs, ours.c.id == theirs.c.id, full=True)
    return prepare(
        select(func.coalesce(ours.c.id, theirs.c.id).label("id")).select_from(both).where(unlike)
    )


def _range(name: str, tenant_id: int, object_id: int) -> Any:
    table = heap(name)
    mine = of_object(table, tenant_id, object_id)
    return select(*table.columns).where(mine, _in_range(table)).subquery()


@lru_cache(maxsize=_CACHED)
def remove_strangers(source: str, target: str, tenant_id: int, object_id: int) -> Prepared:
    """Remove those rows of these ids that the source does not have."""
    table, ours = heap(target), heap(source).alias("ours")
    in_source = (
        select(func.count())
        .select_from(ours)
        .where(of_object(ours, tenant_id, object_id), ours.c.id == table.c.id)
        .scalar_subquery()
    )
    mine = of_object(table, tenant_id, object_id)
    return prepare(delete(table).where(mine, _is_wanted(table), in_source == 0))


@lru_cache(maxsize=_CACHED)
def remove_rows(name: str, tenant_id: int, object_id: int) -> Prepared:
    """Remove the rows whose ids are above after and up to up_to."""
    table = heap(name)
    return prepare(delete(table).where(of_object(table, tenant_id, object_id), _in_range(table)))


@lru_cache(maxsize=_CACHED)
def count_rows(name: str, tenant_id: int, object_id: int) -> Prepared:
    """Count the object's rows, up to most."""
    table = heap(name)
    some = select(table.c.id).where(of_object(table, tenant_id, object_id)).limit(_MOST)
    return prepare(select(func.count()).select_from(some.subquery()))
