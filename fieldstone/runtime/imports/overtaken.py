"""Records that somebody else changed while they are imported are not overwritten.

A row that changes a record by its key was written by somebody who knew the record as it was when
the import began, or at an instant that they name. What others did to it since is not theirs to undo
without a look: the row is left over, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, DateTime, Integer, Text, func, null, select

from fieldstone.errors import Problem
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.tables import CHANGE, heap
from fieldstone.metadata.values import read_json
from fieldstone.runtime.imports.plan import IMPORT
from fieldstone.runtime.imports.reading import ReadRow
from fieldstone.runtime.imports.stored import key_of
from fieldstone.runtime.records.draft import StoredRecord
from fieldstone.runtime.records.heap_statements import inline, of_object
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.records.write import load
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.transactions import Transaction

CHANGED_MEANWHILE: Final = "import.changed_meanwhile"
_CACHED: Final = 1024
_IDS: Final = parameter("ids", ARRAY(BigInteger))
_CHANGED_BY_OTHERS: Final = prepare(
    select(CHANGE.c.record_id)
    .where(
        CHANGE.c.tenant_id == parameter("tenant", Integer()),
        CHANGE.c.record_id == func.any(_IDS),
        CHANGE.c.at > parameter("since", DateTime(timezone=True)),
        CHANGE.c.cause[inline(IMPORT)].astext.is_distinct_from(parameter("job", Text())),
    )
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Guard:
    """Whose import it is, and up to when whoever sent it knew the records."""

    job: int
    since: datetime


@lru_cache(maxsize=_CACHED)
def _held(heap_name: str, tenant_id: int, object_id: int, key: str) -> Prepared:
    """Version, last change and one value of live rows, locked until the end, in order of id."""
    table = heap(heap_name)
    value = table.c.data[inline(key)] if key else null()
    return prepare(
        select(table.c.id, table.c.version, table.c.updated_at, value.label("value"))
        .where(
            of_object(table, tenant_id, object_id),
            table.c.id == func.any(_IDS),
            table.c.deleted_at.is_(None),
        )
        .order_by(table.c.id)
        .with_for_update()
    )


async def hold_records(
    tx: Transaction, obj: ObjectDef, key: Field, guard: Guard, rows: Mapping[int, ReadRow]
) -> dict[int, int]:
    """Lock the records that rows are about to change, by id, and give their versions.

    A row gets a problem if its record has another key by now, or if the row would undo something
    that somebody else has done to it since.
    """
    if not rows:
        return {}
    statement = _held(obj.heap, tx.tenant.id, obj.id, key.key)
    held = await tx.rows(statement, ids=sorted(rows))
    seen = await seen_of(tx, obj, (one["id"] for one in held))
    held = [one for one in held if one["id"] in seen]
    recent = [one["id"] for one in held if one["updated_at"] > guard.since]
    overtaken = await _overtaken(tx, obj, guard, recent, rows)
    for one in held:
        if one["id"] in overtaken or _lost_its_key(key, one, rows[one["id"]]):
            rows[one["id"]].problems.append(_changed(obj, one))
    return {one["id"]: one["version"] for one in held}


async def _overtaken(
    tx: Transaction,
    obj: ObjectDef,
    guard: Guard,
    recent: Sequence[int],
    rows: Mapping[int, ReadRow],
) -> set[RecordId]:
    """Give those records that others changed and whose rows say something else than they do."""
    if not recent:
        return set()
    found = await tx.rows(
        _CHANGED_BY_OTHERS,
        tenant=tx.tenant.id,
        ids=list(recent),
        since=guard.since,
        job=str(guard.job),
    )
    there = await load(tx, obj, [RecordId(row["record_id"]) for row in found])
    return {number for number, record in there.items() if _says_otherwise(rows[number], record)}


def _says_otherwise(row: ReadRow, record: StoredRecord) -> bool:
    """Tell whether a row would change anything of a record; of an owner it is taken to do so."""
    changes = any(record.data.get(key) != value for key, value in row.data.items())
    return changes or any(of.is_system and of.column != "id" for of in row.values)


def _lost_its_key(key: Field, held: Any, row: ReadRow) -> bool:
    if not key.key:
        return False
    value = None if held["value"] is None else read_json(held["value"])
    return bool(key_of(key, value) != key_of(key, row.values.get(key)))


def _changed(obj: ObjectDef, held: Any) -> Problem:
    return Problem(
        CHANGED_MEANWHILE,
        f"{obj.label} {format_id(obj.prefix, held['id'])} was changed by somebody else meanwhile"
        f" and is at version {held['version']} by now.",
        "",
        "Look at it, and import the row again.",
    )
