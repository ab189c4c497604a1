"""The writing workloads: the statements of runtime/records against statements made by hand.

Each comes twice: the row of the record alone, and all that the write path writes for it (the change
log, links, search text, unique values) against native tables with a log and a search of their own.
Every write is undone, so that the tables stay as large as they were.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any, Final

from bench.native import TABLES
from bench.recipes import FIRST_IDS, SPACING
from bench.rows import World
from fieldstone.ids import IdMinter, format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.values import Json, write_json
from fieldstone.runtime.records import store
from fieldstone.runtime.records.draft import Draft, StoredRecord
from fieldstone.runtime.records.heap_statements import insert_rows, update_rows
from fieldstone.runtime.transactions import Transaction

Work = Callable[[], Awaitable[object]]
_FIRST_NEW: Final = 0x700000000000000
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_COLUMNS: Final = tuple(name for name in TABLES["Deal"] if name != "external_id")
_SAMPLE: Final[dict[str, Json]] = {
    "name": "Machines deal",
    "value": Decimal("48211.5"),
    "stage": "Proposal",
    "probability": 50,
    "close_date": "2026-05-01",
    "type": "Renewal",
    "source": "Web",
    "forecast_category": "Commit",
    "next_step": "Call on day 7",
    "competitor": "Rival 7",
    "description": "They want to begin in spring and asked for terms. " * 4,
}


@dataclass(frozen=True, slots=True)
class Write:
    """One kind of writing: by hand, through the heap's statement, and each with all beside it."""

    name: str
    native: Work
    row: Work
    native_whole: Work
    whole: Work


class Writes:
    """Makes the writing workloads of a world. Each connection is inside a transaction."""

    def __init__(self, world: World, engine_connection: Any, native_connection: Any) -> None:
        self._world = world
        self._obj = world.catalog.get_object("Deal")
        self._engine = engine_connection
        self._native = native_connection
        self._ids = count(_FIRST_NEW, SPACING)
        self._touched = count(0, 7919)
        self._tx = Transaction(
            engine_connection,
            world.tenant,
            world.viewer,
            world.catalog,
            IdMinter(_Still(), 1),
            _NOW,
        )

    def all(self) -> tuple[Write, ...]:
        """Give every workload."""
        return (
            self._inserting("9a insert 1", 1),
            self._inserting("9b insert 1,000", 1000),
            self._updating("9c update a field with an index", "stage", ("Lead", "Qualified")),
            self._updating("9d update a field without one", "next_step", ("Call", "Write")),
        )

    def _inserting(self, name: str, size: int) -> Write:
        return Write(
            name,
            native=lambda: self._native_insert(size, whole=False),
            row=lambda: self._insert_rows(size),
            native_whole=lambda: self._native_insert(size, whole=True),
            whole=lambda: store.insert(self._tx, self._obj, self._new(size)),
        )

    def _updating(self, name: str, field: str, values: tuple[str, str]) -> Write:
        async def native(*, whole: bool) -> None:
            number, value = self._next(values)
            await self._native.execute(_NATIVE_UPDATE[field], number, value)
            if whole:
                await self._native.execute(
                    _NATIVE_LOG, [number], "update", [write_json({field: value})]
                )

        return Write(
            name,
            native=lambda: native(whole=False),
            row=lambda: self._update_row(field, values),
            native_whole=lambda: native(whole=True),
            whole=lambda: self._update_whole(field, values),
        )

    def _next(self, values: tuple[str, str]) -> tuple[int, str]:
        n = next(self._touched)
        deals = self._world.counts.deals
        return self._world.id_of("Deal", n % deals), values[n // deals % 2]

    def _new(self, size: int) -> list[Draft]:
        drafts = []
        for _ in range(size):
            number = next(self._ids)
            draft = Draft(number, {})  # type: ignore[arg-type]
            draft.owner_id = FIRST_IDS["User"]
            draft.data = _data_of(self._obj, number)
            drafts.append(draft)
        return drafts

    async def _insert_rows(self, size: int) -> None:
        await self._write_rows(insert_rows, self._new(size))

    async def _write_rows(self, build: Any, drafts: Sequence[Draft]) -> None:
        await store._write_rows(self._tx, self._obj, drafts, build)

    async def _draft(self, field: str, values: tuple[str, str]) -> Draft:
        """Make the draft of a change out of what is known; loading it is no part of the write."""
        number, value = self._next(values)
        draft = Draft(number, {})  # type: ignore[arg-type]
        before = _data_of(self._obj, number)
        draft.before = StoredRecord(draft.id, 1, FIRST_IDS["User"], before)
        draft.owner_id = FIRST_IDS["User"]
        draft.data = {**before, self._obj.get_field(field).key: value}
        return draft

    async def _update_row(self, field: str, values: tuple[str, str]) -> None:
        await self._write_rows(update_rows, [await self._draft(field, values)])

    async def _update_whole(self, field: str, values: tuple[str, str]) -> None:
        await store.update(self._tx, self._obj, [await self._draft(field, values)])

    async def _native_insert(self, size: int, *, whole: bool) -> None:
        ids = [next(self._ids) for _ in range(size)]
        columns = [[_native_value(name)] * size for name in _COLUMNS]
        await self._native.execute(_NATIVE_INSERT, ids, *columns)
        if whole:
            logged = [write_json(_SAMPLE)] * size
            await self._native.execute(_NATIVE_LOG, ids, "create", logged)
            text = f"{_SAMPLE['name']} {_SAMPLE['competitor']} {_SAMPLE['description']}"
            await self._native.execute(_NATIVE_SEARCH, ids, [text.lower()] * size)


class _Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return _NOW


def _data_of(obj: ObjectDef, number: int) -> dict[str, Json]:
    data = {obj.get_field(name).key: value for name, value in _SAMPLE.items()}
    company, contact = FIRST_IDS["Company"] + 3 * SPACING, FIRST_IDS["Contact"] + 3 * SPACING
    data[obj.get_field("company").key] = format_id("company", company)
    data[obj.get_field("contact").key] = format_id("contact", contact)
    return data


def _native_value(name: str) -> object:
    references = {"company": FIRST_IDS["Company"], "contact": FIRST_IDS["Contact"]}
    if name in references:
        return references[name] + 3 * SPACING
    return date(2026, 5, 1) if name == "close_date" else _SAMPLE.get(name)


def _array(name: str, place: int) -> str:
    return f"${place}::{TABLES['Deal'][name].split(maxsplit=1)[0]}[]"


_NATIVE_INSERT: Final = (
    f"INSERT INTO native_deal (id, {', '.join(_COLUMNS)})"
    f" SELECT * FROM unnest($1::bigint[],"
    f" {', '.join(_array(name, place) for place, name in enumerate(_COLUMNS, 2))})"
)
_NATIVE_UPDATE: Final = {
    field: f"UPDATE native_deal SET {field} = $2, version = version + 1, updated_at = now()"
    " WHERE id = $1"
    for field in ("stage", "next_step")
}
_NATIVE_LOG: Final = (
    "INSERT INTO native_change (actor_id, record_id, version, operation, after)"
    " SELECT 1, x.id, 1, $2, x.after FROM unnest($1::bigint[], $3::jsonb[]) x (id, after)"
)
_NATIVE_SEARCH: Final = "INSERT INTO native_search SELECT * FROM unnest($1::bigint[], $2::text[])"
