"""What callers see of where an object's records lie: rows, heap, slots, and what is under way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Column, Integer, MetaData, Table, Text, cast, func, select

from fieldstone.errors import Forbidden
from fieldstone.metadata.catalog import ObjectDef, ObjectIndex
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.slots import SLOTS
from fieldstone.metadata.tables import heap
from fieldstone.metadata.values import Json
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.records.heap_statements import inline
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.storage.heap_indexes import MAKE_INDEX
from fieldstone.runtime.storage.moving import INDEX_MARK, LEAVE_MARK, job_in, move_in
from fieldstone.runtime.storage.own_heaps import is_own_heap
from fieldstone.runtime.storage.slots import slots_taken
from fieldstone.runtime.transactions import Transaction

MOST_COUNTED: Final = 100_000
_PG_CLASS: Final = Table("pg_class", MetaData(), Column("relname", Text), Column("reltuples", Text))
_ESTIMATES: Final = prepare(
    select(_PG_CLASS.c.relname, cast(_PG_CLASS.c.reltuples, BigInteger).label("rows")).where(
        _PG_CLASS.c.relname == func.any(parameter("names", ARRAY(Text)))
    )
)


@lru_cache(maxsize=64)
def _counts(leaf: str, tenant_id: int) -> Prepared:
    """Count the rows of each of these objects up to most, by the index and in one statement."""
    table, given = heap(leaf), parameter("objects", ARRAY(Integer))
    asked = func.unnest(given).table_valued(Column("id", Integer)).render_derived().alias("asked")
    some = (
        select(table.c.id)
        .where(table.c.tenant_id == inline(tenant_id), table.c.object_id == asked.c.id)
        .limit(parameter("most", Integer()))
        .correlate(asked)
        .subquery("some")
    )
    counted = select(func.count()).select_from(some).correlate(asked).scalar_subquery()
    return prepare(select(asked.c.id, counted.label("rows")))


async def load_overview(tx: Transaction) -> list[Mapping[str, Json]]:
    """Tell of every object that the viewer may see, in order of name.

    rows: what PostgreSQL estimates for an own heap; in a shared one they are counted, up to a
    hundred thousand.
    """
    stored = {row.id: row for row in await load_components(tx)}
    visible = [obj for obj in tx.catalog.objects if tx.rights.may_read_object(obj.id)]
    rows = await load_row_counts(tx, visible)
    return [_line(obj, stored, rows[obj.id]) for obj in visible]


async def load_row_counts(
    tx: Transaction, visible: Iterable[ObjectDef]
) -> dict[int, tuple[int, bool]]:
    """Give the rows of each object, and whether that is exact."""
    visible = list(visible)
    own = {obj.heap: obj.id for obj in visible if is_own_heap(obj.heap)}
    found = await tx.rows(_ESTIMATES, names=list(own))
    rows = {own[row["relname"]]: (max(0, row["rows"]), False) for row in found}
    shared = [int(obj.id) for obj in visible if not is_own_heap(obj.heap)]
    statement = _counts(tx.tenant.leaf, tx.tenant.id)
    counted: list[Any] = await tx.rows(statement, objects=shared, most=MOST_COUNTED + 1)
    for row in counted:
        rows[row["id"]] = min(row["rows"], MOST_COUNTED), row["rows"] <= MOST_COUNTED
    return {int(number): counts for number, counts in rows.items()}


def _line(
    obj: ObjectDef, stored: Mapping[int, StoredComponent], rows: tuple[int, bool]
) -> Mapping[str, Json]:
    taken = slots_taken(list(stored.values()), obj.name)
    return {
        "object": obj.name,
        "label": obj.label,
        "place": "own" if is_own_heap(obj.heap) else "shared",
        "heap": obj.heap,
        "rows": rows[0],
        "rows_exact": rows[1],
        "slots": {
            kind.name.lower(): {"used": len(taken & set(names)), "of": len(names)}
            for kind, names in SLOTS.items()
        },
        "indexes": [_index(obj, index) for index in obj.indexes],
        "work": _work(stored[obj.id]),
    }


def _index(obj: ObjectDef, index: ObjectIndex) -> Mapping[str, Json]:
    names = {field.id: field.name for field in obj.fields}
    fields: list[Json] = [names[one] for one in index.fields if one in names]
    return {"name": index.name, "fields": fields, "made_on": index.made_on.isoformat()}


def _work(stored: StoredComponent) -> Mapping[str, Json] | None:
    """Tell what is being done to an object's rows; None for nothing."""
    move = move_in(stored.storage)
    if move is not None:
        return {"doing": "moving", "to": move.heap, "job": move.job}
    index = stored.storage.get(INDEX_MARK)
    if isinstance(index, Mapping):
        doing = "making" if index["kind"] == MAKE_INDEX else "dropping"
        return {"doing": f"{doing} an index", "job": job_in(index)}
    leave = stored.storage.get(LEAVE_MARK)
    return None if leave is None else {"doing": "removing old rows", "job": job_in(leave)}


def check_storage(tx: Transaction) -> None:
    """Refuse those who may not set up. Raises Forbidden."""
    if not tx.rights.may_set_up(SetupArea.STORAGE):
        raise Forbidden("Only who may set up objects sees how they are stored.")
