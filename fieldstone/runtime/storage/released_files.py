"""Files that records no longer hold: noted when the value is purged, removed when nothing has them.

The bytes go first and the row after them: whoever dies between does it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from sqlalchemy import ARRAY, BigInteger, DateTime, Integer, Text, delete, func, select, update
from sqlalchemy.sql.expression import null

from fieldstone.errors import FieldstoneError
from fieldstone.ids import format_id
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.tables import FILE, heap
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.files import PREFIX, FileStore, file_number
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.metering import meter
from fieldstone.runtime.records.heap_statements import inline, of_object
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.storage.job_steps import stop_if_told, work_in_background
from fieldstone.runtime.terms import Limit
from fieldstone.runtime.transactions import Transaction

FILE_TYPES: Final = frozenset({"file", "image"})
_AT_ONCE: Final = 200
_TENANT: Final = parameter("tenant", Integer())
_IDS: Final = parameter("ids", ARRAY(BigInteger))
_OF_IDS: Final = (FILE.c.tenant_id == _TENANT, FILE.c.id == func.any(_IDS))
_RELEASE: Final = prepare(
    update(FILE).where(*_OF_IDS).values(released_at=parameter("now", DateTime(timezone=True)))
)
_KEEP: Final = prepare(update(FILE).where(*_OF_IDS).values(released_at=null()))
_REMOVE: Final = prepare(
    delete(FILE).where(*_OF_IDS, FILE.c.released_at.is_not(None)).returning(FILE.c.size_bytes)
)
_RELEASED: Final = prepare(
    select(FILE.c.id)
    .where(FILE.c.tenant_id == _TENANT, FILE.c.released_at.is_not(None))
    .order_by(FILE.c.id)
    .limit(_AT_ONCE)
)


@lru_cache(maxsize=256)
def _holding(heap_name: str, tenant_id: int, object_id: int, key: str) -> Prepared:
    """Which of these files the records of an object hold under a key."""
    table = heap(heap_name)
    held = table.c.data[inline(key)]["id"].astext
    texts = parameter("texts", ARRAY(Text))
    mine = of_object(table, tenant_id, object_id)
    return prepare(select(held.label("held")).where(mine, held == func.any(texts)).distinct())


def files_in(values: Iterable[Json]) -> Iterator[int]:
    """Give the numbers of the files among stored values."""
    for value in values:
        number = value.get("id") if isinstance(value, Mapping) else None
        if isinstance(number, str) and number.startswith(f"{PREFIX}_"):
            try:
                yield file_number(number)
            except FieldstoneError:
                continue  # a value that only looks like a file


async def release_files(tx: Transaction, numbers: Iterable[int]) -> None:
    """Note that records held these files and are gone."""
    ids = sorted(set(numbers))
    if ids:
        await tx.run(_RELEASE, tenant=tx.tenant.id, ids=ids, now=tx.now)


async def remove_released(context: JobContext, files: FileStore) -> int:
    """Remove the files that were released and that no record holds; how many."""
    removed = 0
    while True:
        stop_if_told(context)
        async with context.write() as tx:
            await work_in_background(tx)
            rows = await tx.rows(_RELEASED, tenant=tx.tenant.id)
            ids = {row["id"] for row in rows}
            if not ids:
                return removed
            held = await _held(tx, ids)
            if held:
                await tx.run(_KEEP, tenant=tx.tenant.id, ids=sorted(held))
            for number in sorted(ids - held):
                await files.remove(tx.tenant.id, number)
            gone = await tx.rows(_REMOVE, tenant=tx.tenant.id, ids=sorted(ids - held))
            await meter(tx, Limit.STORAGE, -sum(row["size_bytes"] for row in gone))
            await context.checkpoint(tx, context.job.progress)
            removed += len(ids - held)


async def _held(tx: Transaction, ids: set[int]) -> set[int]:
    """Give those files that any record holds, of objects and fields in the bin as well."""
    texts = [format_id(PREFIX, number) for number in sorted(ids)]
    held: set[int] = set()
    for heap_name, object_id, key in _places(tx, await load_components(tx)):
        statement = _holding(heap_name, tx.tenant.id, object_id, key)
        held |= {file_number(row["held"]) for row in await tx.rows(statement, texts=texts)}
    return held


def _places(tx: Transaction, rows: list[StoredComponent]) -> Iterator[tuple[str, int, str]]:
    """Give heap, object and key of every field that holds files."""
    owners: dict[str, list[StoredComponent]] = {}
    for row in rows:
        if row.component.kind == "object":
            owners.setdefault(fold(row.component.name), []).append(row)
    for row in rows:
        if row.component.kind == "field" and row.component.body.get("type") in FILE_TYPES:
            for owner in owners.get(fold(split_name(row.component.name)[0]), []):
                heap_name = str(owner.storage.get("heap") or tx.tenant.leaf)
                yield heap_name, owner.id, str(row.storage["key"])
