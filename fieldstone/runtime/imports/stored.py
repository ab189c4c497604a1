"""Records that are there already, as far as an import has to know them: set by set."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Integer, func, select, true

from fieldstone.errors import Problem
from fieldstone.ids import BadId, parse_id
from fieldstone.metadata.catalog import Derivation, Field, ObjectDef
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.tables import heap
from fieldstone.metadata.values import Json
from fieldstone.runtime.encryption.sealing import unique_key
from fieldstone.runtime.imports.matcher import Known, Matching
from fieldstone.runtime.imports.reading import ReadRow
from fieldstone.runtime.records.draft import Data
from fieldstone.runtime.records.heap_statements import of_object
from fieldstone.runtime.records.levels import all_open, seen_of
from fieldstone.runtime.records.side_statements import WHO_HOLDS
from fieldstone.runtime.records.store import slot_value, stored_record
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_KEPT: Final = 20_000
"""Up to so many records an object is known as a whole; of larger ones, what rows look up."""

_PAGE: Final = 2_000
_PER_VALUE: Final = 5
_MOST_PAGES: Final = 50
_CACHED: Final = 1024
# While an object grows, PostgreSQL's statistics take it for empty, and the general plan compares
# every record with every value. Knowing the values, it takes the slot's index or hashes them.
_FOR_VALUES: Final = prepare(
    select(func.set_config("plan_cache_mode", "force_custom_plan", true()))
)


@dataclass(slots=True)
class StoredRecords:
    """Feeds a matching with the records of an object. complete: whether it knows all of them.

    Of a large object, or one that grows large while it is imported, a matching knows what the rows
    of a batch look up, and only until the batch is over: so memory stays flat.
    """

    matching: Matching
    complete: bool = False
    _known: set[int] = field(default_factory=set)
    _kept: int = 0

    async def load_all(self, tx: Transaction, obj: ObjectDef) -> None:
        """Let the matching know the whole object, unless it is large."""
        found: list[Known] = []
        after, read = 0, 0
        while read <= MOST_KEPT:
            statement = _page(obj.heap, tx.tenant.id, obj.id)
            rows = await tx.rows(statement, after=after, most=_PAGE)
            seen = await seen_of(tx, obj, (row["id"] for row in rows))
            found.extend(known_record(row) for row in rows if row["id"] in seen)
            read += len(rows)
            if len(rows) < _PAGE:
                self.complete = True
                break
            after = rows[-1]["id"]
        if self.complete:
            for known in found:
                self.remember(known)

    async def look_up(self, tx: Transaction, obj: ObjectDef, rows: Sequence[ReadRow]) -> None:
        """Let the matching know what rows of a batch may double."""
        if self.complete or not rows:
            return
        await tx.run(_FOR_VALUES)
        for of, values in self.matching.lookups([row.data for row in rows]).items():
            if of.slot is None or not values:
                continue
            statement = _by_slot(obj.heap, tx.tenant.id, obj.id, of.slot)
            most = _PER_VALUE * len(values)
            for row in await _seen_rows(tx, obj, statement, sorted(values), most):
                if row["id"] not in self._known:
                    self._known.add(row["id"])
                    self.remember(known_record(row))

    def remember(self, known: Known) -> None:
        """Let later rows be compared with a record or row."""
        self.matching.remember(known)
        self._kept += 1

    def end_batch(self) -> None:
        """Forget what the matching knows, unless it is the whole of a small object."""
        if not self.complete or self._kept > MOST_KEPT:
            self.complete = False
            self.matching.forget_all()
            self._known.clear()
            self._kept = 0


async def _seen_rows(
    tx: Transaction, obj: ObjectDef, statement: Prepared, values: Sequence[Any], most: int
) -> list[Any]:
    """Give the first records of these values that the viewer sees, as many pages as that takes."""
    found, after = list[Any](), 0
    for _ in range(1 if all_open(tx, obj) else _MOST_PAGES):
        rows = await tx.rows(statement, values=values, most=most, after=after)
        seen = await seen_of(tx, obj, (row["id"] for row in rows))
        found += [row for row in rows if row["id"] in seen]
        if len(rows) < most or len(found) >= most:
            break
        after = rows[-1]["id"]
    return found[:most]


def known_record(row: Any) -> Known:
    """Read a record as a matching knows it."""
    record = stored_record(row)
    return Known(record.data, record_id=record.id, version=record.version)


def _columns(heap_name: str) -> tuple[Any, ...]:
    c = heap(heap_name).c
    names = ("id", "version", "owner_id", "data", "data_long")
    return tuple(c[name] for name in (*names, "created_at", "updated_at", "deleted_at"))


@lru_cache(maxsize=_CACHED)
def _page(heap_name: str, tenant_id: int, object_id: int) -> Prepared:
    table = heap(heap_name)
    return prepare(
        select(*_columns(heap_name))
        .where(
            of_object(table, tenant_id, object_id),
            table.c.id > parameter("after", BigInteger()),
            table.c.deleted_at.is_(None),
        )
        .order_by(table.c.id)
        .limit(parameter("most", Integer()))
    )


@lru_cache(maxsize=_CACHED)
def _by_slot(heap_name: str, tenant_id: int, object_id: int, slot: str) -> Prepared:
    table = heap(heap_name)
    column = table.c[slot]
    return prepare(
        select(*_columns(heap_name))
        .where(
            of_object(table, tenant_id, object_id),
            column == func.any(parameter("values", ARRAY(column.type))),
            table.c.deleted_at.is_(None),
            # Not the bare id: its index would be walked from the first record on, for every batch.
            table.c.id + constant(0) > parameter("after", BigInteger()),
        )
        .order_by(table.c.id + constant(0))
        .limit(parameter("most", Integer()))
    )


@lru_cache(maxsize=_CACHED)
def _holders(heap_name: str, tenant_id: int, object_id: int, slot: str) -> Prepared:
    table = heap(heap_name)
    column = table.c[slot]
    return prepare(
        select(
            column.label("value"),
            func.min(table.c.id).label("record_id"),
            func.count().label("times"),
        )
        .where(
            of_object(table, tenant_id, object_id),
            column == func.any(parameter("values", ARRAY(column.type))),
            table.c.deleted_at.is_(None),
        )
        .group_by(column)
    )


def key_of(of: Field, value: Json) -> Any:
    """Give what rows and records of the same key have in common; None for a row without one."""
    if value is None:
        return None
    if of.unique or of.external_id:
        return unique_key(of, value)
    return value if of.column == "id" else slot_value(of, value)


async def find_holders(
    tx: Transaction, obj: ObjectDef, of: Field, rows: Sequence[ReadRow]
) -> dict[Any, int]:
    """Give the ids of the records that hold the rows' keys, in one statement.

    A row whose key several records hold gets a problem, and so does one whose id is no id.
    """
    if of.column == "id":
        return _ids(obj, of, rows)
    keys = {key_of(of, row.values.get(of)) for row in rows} - {None}
    if not keys:
        return {}
    if of.unique or of.external_id:
        return await _unique_holders(tx, obj, of, sorted(keys))
    assert of.slot is not None
    statement = _holders(obj.heap, tx.tenant.id, obj.id, of.slot)
    found = await tx.rows(statement, values=sorted(keys))
    if not all_open(tx, obj):
        found = await _seen_holders(tx, obj, of, found)
    several = {row["value"] for row in found if row["times"] > 1}
    for row in rows:
        if key_of(of, row.values.get(of)) in several:
            message = f"Several {obj.plural_label} have this {of.label}."
            hint = "Choose a field as key that tells records apart."
            row.problems.append(Problem("import.ambiguous_key", message, f"/{of.name}", hint))
    return {row["value"]: row["record_id"] for row in found}


async def _seen_holders(
    tx: Transaction, obj: ObjectDef, of: Field, found: Sequence[Any]
) -> list[dict[str, Any]]:
    """Give the holders of keys anew, counting those alone that the viewer sees."""
    statement = _by_slot(obj.heap, tx.tenant.id, obj.id, str(of.slot))
    every = sum(row["times"] for row in found)
    rows = await tx.rows(statement, values=[row["value"] for row in found], most=every, after=0)
    seen = await seen_of(tx, obj, (row["id"] for row in rows))
    held: dict[Any, list[int]] = {}
    for row in rows:
        if row["id"] in seen:
            value = slot_value(of, stored_record(row).data.get(of.key))
            held.setdefault(value, []).append(row["id"])
    return [
        {"value": value, "record_id": min(ids), "times": len(ids)} for value, ids in held.items()
    ]


async def _unique_holders(
    tx: Transaction, obj: ObjectDef, of: Field, keys: Collection[str]
) -> dict[Any, int]:
    held = await tx.rows(
        WHO_HOLDS,
        tenant=tx.tenant.id,
        object_id=[obj.id] * len(keys),
        field_id=[of.id] * len(keys),
        value=list(keys),
    )
    seen = await seen_of(tx, obj, (row["record_id"] for row in held))
    return {row["value"]: row["record_id"] for row in held if row["record_id"] in seen}


def _ids(obj: ObjectDef, of: Field, rows: Sequence[ReadRow]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for row in rows:
        text = str(row.values.get(of) or "")
        try:
            prefix, number = parse_id(text)
        except BadId:
            prefix, number = "", 0  # type: ignore[assignment]
        if text and prefix == obj.prefix:
            found[text] = number
        elif text:
            message = f"{text[:80]!r} is not the id of a {obj.label}."
            row.problems.append(Problem("import.unknown_id", message, f"/{of.name}"))
    return found


def name_of(obj: ObjectDef, data: Data) -> str:
    """Give the name of a record or row; of one whose name follows from others, by these."""
    title = obj.title
    value = data.get(title.key)
    if value is None and isinstance(title.derivation, Derivation):
        parts = (data.get(obj.get_field(name).key) for name in title.derivation.fields)
        return title.derivation.separator.join(str(part) for part in parts if part)
    return "" if value is None else title.type.show(title.type.decode(value), title.options)
