"""The recycle bin as callers see it: what was deleted, by whom, when, and what went along."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, DateTime, Integer, func, select, tuple_

from fieldstone.errors import Forbidden
from fieldstone.ids import ObjectId, RecordId
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.tables import BIN, heap
from fieldstone.metadata.values import read_json
from fieldstone.runtime.records.heap_statements import inline, of_object
from fieldstone.runtime.records.levels import count_seen, seen_of
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.storage.errors import WrongCount
from fieldstone.runtime.storage.purge import request_purge
from fieldstone.runtime.transactions import Transaction

_TENANT: Final = parameter("tenant", Integer())
_ROOTS: Final = (
    BIN.c.tenant_id == _TENANT,
    BIN.c.field_id == 0,
    BIN.c.record_id == BIN.c.root_id,
)
_PAGE: Final = prepare(
    select(BIN.c.root_id, BIN.c.root_object_id, BIN.c.at, BIN.c.actor_id)
    .where(
        *_ROOTS,
        BIN.c.root_object_id == func.any(parameter("objects", ARRAY(Integer))),
        tuple_(BIN.c.at, BIN.c.root_id)
        < tuple_(
            parameter("before", DateTime(timezone=True)), parameter("before_id", BigInteger())
        ),
    )
    .order_by(BIN.c.at.desc(), BIN.c.root_id.desc())
    .limit(parameter("most", Integer()))
)
_ALONG: Final = prepare(
    select(BIN.c.root_id, BIN.c.object_id, func.array_agg(BIN.c.record_id).label("ids"))
    .where(
        BIN.c.tenant_id == _TENANT,
        BIN.c.field_id == 0,
        BIN.c.record_id != BIN.c.root_id,
        BIN.c.root_id == func.any(parameter("ids", ARRAY(BigInteger))),
    )
    .group_by(BIN.c.root_id, BIN.c.object_id)
)
_COUNT: Final = prepare(select(func.count()).select_from(BIN).where(*_ROOTS))


_LEAST_READ: Final = 1_000
_MOST_PAGES: Final = 100
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LARGEST: Final = 2**63
NEWEST: Final = (datetime(9999, 1, 1, tzinfo=UTC), _LARGEST - 1)


@lru_cache(maxsize=1024)
def _titles(heap_name: str, tenant_id: int, object_id: int, key: str) -> Prepared:
    """The JSON of one value of these records."""
    table = heap(heap_name)
    ids = parameter("ids", ARRAY(BigInteger))
    return prepare(
        select(table.c.id, table.c.data[inline(key)].label("title")).where(
            of_object(table, tenant_id, object_id), table.c.id == func.any(ids)
        )
    )


@dataclass(frozen=True, slots=True)
class Deletion:
    """One deletion: a record, and how many went along with it that the viewer sees.

    name: None without a title.
    """

    obj: ObjectDef
    id: RecordId
    at: datetime
    actor_id: int | None
    name: str | None
    along: int


def cursor_behind(one: Deletion) -> str:
    """Give the text that read_cursor reads as the place of a deletion."""
    return f"{(one.at - _EPOCH) // _MICROSECOND:x}-{one.id:x}"


def read_cursor(cursor: str) -> tuple[datetime, int] | None:
    """Read the place that cursor_behind wrote; None if it wrote nothing of the kind."""
    try:
        at, number = (int(part, 16) for part in cursor.split("-"))
        place = _EPOCH + at * _MICROSECOND, number
    except (ValueError, OverflowError):
        return None
    return place if 0 <= number < _LARGEST else None


async def load_bin(tx: Transaction, before: tuple[datetime, int], most: int) -> list[Deletion]:
    """Load the newest deletions before an instant and a record, of objects the viewer may see."""
    rows = await _page(tx, before, most)
    along = await _along(tx, [row["root_id"] for row in rows])
    names = await _names(tx, rows)
    return [
        Deletion(
            tx.catalog.by_id[ObjectId(row["root_object_id"])],
            RecordId(row["root_id"]),
            row["at"],
            row["actor_id"],
            names.get(row["root_id"]),
            along[row["root_id"]],
        )
        for row in rows
    ]


async def _along(tx: Transaction, roots: Sequence[int]) -> Counter[int]:
    """Count what went along with deletions, as far as the viewer may see it."""
    along = Counter[int]()
    for row in await tx.rows(_ALONG, tenant=tx.tenant.id, ids=list(roots)):
        obj = tx.catalog.by_id.get(ObjectId(row["object_id"]))
        if obj is not None:
            along[row["root_id"]] += await count_seen(tx, obj, row["ids"])
    return along


async def _page(tx: Transaction, before: tuple[datetime, int], most: int) -> list[Any]:
    """Give the rows of a page: what the viewer may not see is passed over, page by page."""
    visible = [int(obj.id) for obj in tx.catalog.objects if tx.rights.may_read_object(obj.id)]
    found, asked = list[Any](), most
    for _ in range(_MOST_PAGES):
        rows = await tx.rows(
            _PAGE,
            tenant=tx.tenant.id,
            objects=visible,
            before=before[0],
            before_id=before[1],
            most=asked,
        )
        seen = await _seen(tx, rows)
        found += [row for row in rows if row["root_id"] in seen]
        if len(found) >= most or len(rows) < asked:
            break
        asked = max(most, _LEAST_READ)
        before = rows[-1]["at"], rows[-1]["root_id"]
    return found[:most]


async def _seen(tx: Transaction, rows: Sequence[Any]) -> set[int]:
    seen: set[int] = set()
    for object_id in {row["root_object_id"] for row in rows}:
        ids = [row["root_id"] for row in rows if row["root_object_id"] == object_id]
        seen |= await seen_of(tx, tx.catalog.by_id[ObjectId(object_id)], ids)
    return seen


async def _names(tx: Transaction, rows: Sequence[Any]) -> dict[int, str]:
    """Give what the deleted records are called: one statement for each object among them."""
    names: dict[int, str] = {}
    for object_id in {row["root_object_id"] for row in rows}:
        obj = tx.catalog.by_id[ObjectId(object_id)]
        title = obj.title
        if title.is_system or not tx.rights.may_read_field(title.id):
            continue
        ids = [row["root_id"] for row in rows if row["root_object_id"] == object_id]
        statement = _titles(obj.heap, tx.tenant.id, obj.id, title.key)
        for found in await tx.rows(statement, ids=ids):
            if found["title"] is not None:
                value = title.type.decode(read_json(found["title"]))
                names[found["id"]] = title.type.show(value, title.options)
    return names


async def empty_bin(tx: Transaction, confirmed: int) -> int:
    """Have everything in the bin purged; the number of the job.

    confirmed: how many deletions the caller believes there are. Raises WrongCount, Forbidden.
    """
    if not tx.rights.may_set_up(SetupArea.STORAGE):
        raise Forbidden("You may not empty the recycle bin.")
    count = await tx.value(_COUNT, tenant=tx.tenant.id)
    if count != confirmed:
        raise WrongCount(
            f"There are {count} deletions in the recycle bin, not {confirmed}.",
            hint="Look again, and confirm the number that is there.",
            details={"count": count},
        )
    return await request_purge(tx, tx.now, components=False)
