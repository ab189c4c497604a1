"""What callers see of where an object's records lie: rows, heap, slots, and what is under way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Column, MetaData, Table, Text, cast, func, select

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.slots import SLOTS
from fieldstone.metadata.values import Json
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.heap_moves import count_rows
from fieldstone.runtime.storage.moving import LEAVE_MARK, job_in, move_in
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


async def load_overview(tx: Transaction) -> list[Mapping[str, Json]]:
    """Tell of every object that the viewer may see, in order of name.

    rows: what PostgreSQL estimates for an own heap; in a shared one they are counted, up to a
    hundred thousand.
    """
    stored = {row.id: row for row in await load_components(tx)}
    own = [obj.heap for obj in tx.catalog.objects if is_own_heap(obj.heap)]
    found = await tx.rows(_ESTIMATES, names=own)
    estimates = {row["relname"]: max(0, row["rows"]) for row in found}
    return [
        await _line(tx, obj, stored, estimates)
        for obj in tx.catalog.objects
        if tx.rights.may_read_object(obj.id)
    ]


async def _line(
    tx: Transaction,
    obj: ObjectDef,
    stored: Mapping[int, StoredComponent],
    estimates: Mapping[str, int],
) -> Mapping[str, Json]:
    taken = slots_taken(list(stored.values()), obj.name)
    rows, exact = estimates.get(obj.heap), False
    if rows is None:
        counted: Any = await tx.value(
            count_rows(obj.heap, tx.tenant.id, obj.id), most=MOST_COUNTED + 1
        )
        rows, exact = min(counted, MOST_COUNTED), counted <= MOST_COUNTED
    return {
        "object": obj.name,
        "label": obj.label,
        "place": "own" if is_own_heap(obj.heap) else "shared",
        "heap": obj.heap,
        "rows": rows,
        "rows_exact": exact,
        "slots": {
            kind.name.lower(): {"used": len(taken & set(names)), "of": len(names)}
            for kind, names in SLOTS.items()
        },
        "work": _work(stored[obj.id]),
    }


def _work(stored: StoredComponent) -> Mapping[str, Json] | None:
    """Tell what is being done to an object's rows; None for nothing."""
    move = move_in(stored.storage)
    if move is not None:
        return {"doing": "moving", "to": move.heap, "job": move.job}
    leave = stored.storage.get(LEAVE_MARK)
    return None if leave is None else {"doing": "removing old rows", "job": job_in(leave)}
