"""The statements that remove records and values for good."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Text,
    column,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.expression import null

from fieldstone.metadata.lock_tables import RECORD_LOCK
from fieldstone.metadata.tables import (
    BIN,
    CHANGE,
    COUNTER,
    IMPORT_ROW,
    LINK,
    RECORD_SHARE,
    RECORD_UNIQUE,
    heap,
)
from fieldstone.runtime.privacy.held import is_held
from fieldstone.runtime.records.heap_statements import of_object
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare

BEING_PURGED: Final = -1
"""Stands in the bin in the place of a field's number for a record that cannot be restored."""

_CACHED: Final = 256
_TENANT: Final = parameter("tenant", Integer())
_IDS: Final = parameter("ids", ARRAY(BigInteger))
_AFTER: Final = parameter("after", BigInteger())
_UP_TO: Final = parameter("up_to", BigInteger())
_MOST: Final = parameter("most", Integer())
_KEY: Final = parameter("key", Text())
_OBJECT: Final = parameter("object", Integer())
_FIELDS: Final = parameter("fields", ARRAY(Integer))
_IN_TENANT: Final = BIN.c.tenant_id == _TENANT

_TERMS: Final = (
    func.unnest(
        parameter("objects", ARRAY(Integer)), parameter("befores", ARRAY(DateTime(timezone=True)))
    )
    .table_valued(column("id", Integer), column("before", DateTime(timezone=True)))
    .render_derived()
    .alias("terms")
)
IS_OVERDUE: Final = BIN.c.at <= func.coalesce(
    select(_TERMS.c.before).where(_TERMS.c.id == BIN.c.root_object_id).scalar_subquery(),
    parameter("before", DateTime(timezone=True)),
)
"""Whether a deletion is kept no longer: until before, or what befores says of its object."""

_ALONG: Final = BIN.alias("along")
_HOLDS_HELD: Final = exists().where(
    _ALONG.c.tenant_id == _TENANT,
    _ALONG.c.root_id == BIN.c.root_id,
    _ALONG.c.field_id == 0,
    is_held(_ALONG.c.record_id),
)
"""Whether anything that one deletion took along is under legal hold: then all of it stays."""

OLD_ROOTS: Final = prepare(
    select(BIN.c.root_id)
    .where(
        _IN_TENANT,
        IS_OVERDUE,
        BIN.c.field_id != BEING_PURGED,
        ~_HOLDS_HELD,
    )
    .distinct()
    .limit(_MOST)
)
MARK_FREE_ROOTS: Final = prepare(
    update(BIN)
    .where(_IN_TENANT, BIN.c.root_id == func.any(_IDS), BIN.c.field_id == 0, ~_HOLDS_HELD)
    .values(field_id=BEING_PURGED)
    .returning(BIN.c.root_id)
)
MARK_ROOTS: Final = prepare(
    update(BIN)
    .where(_IN_TENANT, BIN.c.root_id == func.any(_IDS), BIN.c.field_id == 0)
    .values(field_id=BEING_PURGED)
)
DROP_NOTES: Final = prepare(
    delete(BIN).where(_IN_TENANT, BIN.c.root_id == func.any(_IDS), BIN.c.field_id > 0)
)
TO_PURGE: Final = prepare(
    select(BIN.c.root_id, BIN.c.record_id, BIN.c.object_id)
    .where(
        _IN_TENANT,
        BIN.c.field_id == BEING_PURGED,
        ~is_held(BIN.c.record_id),
        tuple_(BIN.c.root_id, BIN.c.record_id)
        > tuple_(parameter("root", BigInteger()), parameter("record", BigInteger())),
    )
    .order_by(BIN.c.root_id, BIN.c.record_id)
    .limit(_MOST)
)


def _out_of_bin() -> Any:
    x = incoming(BIN, "root_id", "record_id")
    return delete(BIN).where(
        _IN_TENANT,
        BIN.c.root_id == x.c.root_id,
        BIN.c.record_id == x.c.record_id,
        BIN.c.field_id == BEING_PURGED,
    )


OUT_OF_BIN: Final = prepare(_out_of_bin())
REMOVE_LINKS_TO: Final = prepare(
    delete(LINK).where(LINK.c.tenant_id == _TENANT, LINK.c.target_id == func.any(_IDS))
)
_FROM_OTHERS: Final = (
    LINK.c.tenant_id == _TENANT,
    LINK.c.target_id == func.any(_IDS),
    LINK.c.source_id != func.all(_IDS),
)
_HOLDER: Final = (LINK.c.source_object_id, LINK.c.source_id)
HOLDERS: Final = prepare(
    select(*_HOLDER, func.array_agg(LINK.c.field_id.distinct()).label("field_ids"))
    .where(*_FROM_OTHERS, tuple_(*_HOLDER) > tuple_(_OBJECT, _AFTER))
    .group_by(*_HOLDER)
    .order_by(*_HOLDER)
    .limit(_MOST)
)
"""The next records, other than these, with the fields by which they point to any of these."""

REMOVE_SHARES: Final = prepare(
    delete(RECORD_SHARE).where(
        RECORD_SHARE.c.tenant_id == _TENANT, RECORD_SHARE.c.record_id == func.any(_IDS)
    )
)
REMOVE_LOCKS: Final = prepare(
    delete(RECORD_LOCK).where(
        RECORD_LOCK.c.tenant_id == _TENANT, RECORD_LOCK.c.record_id == func.any(_IDS)
    )
)
REDACT: Final = prepare(
    update(CHANGE)
    .where(CHANGE.c.tenant_id == _TENANT, CHANGE.c.record_id == func.any(_IDS))
    .values(before=null(), after=null())
)
"""Who did what and when stays in the log; the values go."""

REDACT_KEY: Final = prepare(
    update(CHANGE)
    .where(
        CHANGE.c.tenant_id == _TENANT,
        CHANGE.c.record_id == func.any(_IDS),
        or_(CHANGE.c.before.has_key(_KEY), CHANGE.c.after.has_key(_KEY)),
    )
    .values(before=CHANGE.c.before.op("-")(_KEY), after=CHANGE.c.after.op("-")(_KEY))
)

OBJECT_OUT_OF_BIN: Final = prepare(delete(BIN).where(_IN_TENANT, BIN.c.object_id == _OBJECT))
FIELDS_OUT_OF_BIN: Final = prepare(
    delete(BIN).where(_IN_TENANT, BIN.c.field_id == func.any(_FIELDS))
)
DROP_COUNTERS: Final = prepare(
    delete(COUNTER).where(COUNTER.c.tenant_id == _TENANT, COUNTER.c.field_id == func.any(_FIELDS))
)
DROP_IMPORTED: Final = prepare(
    delete(IMPORT_ROW).where(IMPORT_ROW.c.tenant_id == _TENANT, IMPORT_ROW.c.object_id == _OBJECT)
)
DROP_UNIQUE: Final = prepare(
    delete(RECORD_UNIQUE).where(
        RECORD_UNIQUE.c.tenant_id == _TENANT,
        RECORD_UNIQUE.c.object_id == _OBJECT,
        RECORD_UNIQUE.c.field_id == func.any(_FIELDS),
    )
)


def _whole(table: Any) -> Any:
    return select(table.c.id, table.c.version, table.c.data, table.c.data_long, table.c.deleted_at)


@lru_cache(maxsize=_CACHED)
def any_rows(heap_name: str, tenant_id: int, object_id: int) -> Prepared:
    """Those of these rows that there are, live or in the bin, locked."""
    table = heap(heap_name)
    mine = of_object(table, tenant_id, object_id)
    found = _whole(table).where(mine, table.c.id == func.any(_IDS)).order_by(table.c.id)
    return prepare(found.with_for_update())


@lru_cache(maxsize=_CACHED)
def deleted_rows(heap_name: str, tenant_id: int, object_id: int) -> Prepared:
    """Those of these rows that lie in the bin, locked; what somebody holds is passed over."""
    table = heap(heap_name)
    return prepare(
        _whole(table)
        .where(
            of_object(table, tenant_id, object_id),
            table.c.id == func.any(_IDS),
            table.c.deleted_at.is_not(None),
        )
        .order_by(table.c.id)
        .with_for_update(skip_locked=True)
    )


@lru_cache(maxsize=_CACHED)
def next_rows(heap_name: str, tenant_id: int, object_id: int) -> Prepared:
    """The next rows of an object that lies in the bin itself."""
    table = heap(heap_name)
    return prepare(
        _whole(table)
        .where(of_object(table, tenant_id, object_id), table.c.id > _AFTER)
        .order_by(table.c.id)
        .limit(_MOST)
        .with_for_update()
    )


@lru_cache(maxsize=_CACHED)
def stored_ids(heap_name: str, tenant_id: int, object_id: int) -> Prepared:
    """Those of these ids that have a row, whether or not it is in the bin."""
    table = heap(heap_name)
    mine = of_object(table, tenant_id, object_id)
    return prepare(select(table.c.id).where(mine, table.c.id == func.any(_IDS)))


@lru_cache(maxsize=_CACHED)
def remove_rows(heap_name: str, tenant_id: int, object_id: int) -> Prepared:
    """Remove the rows of these ids."""
    table = heap(heap_name)
    mine = of_object(table, tenant_id, object_id)
    return prepare(delete(table).where(mine, table.c.id == func.any(_IDS)))


@lru_cache(maxsize=_CACHED)
def rows_in_range(heap_name: str, tenant_id: int, object_id: int) -> Prepared:
    """Id, deleted_at and values of the rows in a range of ids, locked in their order."""
    table = heap(heap_name)
    return prepare(
        _whole(table)
        .add_columns(table.c.deleted_at)
        .where(of_object(table, tenant_id, object_id), table.c.id > _AFTER, table.c.id <= _UP_TO)
        .order_by(table.c.id)
        .with_for_update()
    )


@lru_cache(maxsize=_CACHED)
def remove_key(heap_name: str, tenant_id: int, object_id: int, slot: str | None) -> Prepared:
    """Take the value of a key, and the slot's, from the rows of these ids."""
    table = heap(heap_name)
    values: dict[str, Any] = {
        "data": table.c.data.op("-")(_KEY),
        "data_long": func.nullif(table.c.data_long.op("-")(_KEY), func.jsonb_build_object()),
    }
    if slot is not None:
        values[slot] = null()
    holds = [table.c.data.has_key(_KEY), table.c.data_long.has_key(_KEY)]
    if slot is not None:
        holds.append(table.c[slot].is_not(None))
    mine = of_object(table, tenant_id, object_id)
    return prepare(
        update(table).where(mine, table.c.id == func.any(_IDS), or_(*holds)).values(values)
    )
