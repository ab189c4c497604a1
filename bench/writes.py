"""The writing workloads: the statements of runtime/records against statements made by hand.

Each comes twice: the row of the record alone, and all that the write path writes for it (the change
log, links, search text, unique values) against native tables with a log and a search of their own.
Every write is undone, so that the tables stay as large as they were.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any, Final

from bench.native import TABLES
from bench.recipes import FIRST_IDS, SPACING
from bench.rows import World
from fieldstone.ids import IdMinter, RecordId, format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.values import Json, write_json
from fieldstone.runtime.records import store
from fieldstone.runtime.records.draft import Draft, StoredRecord
from fieldstone.runtime.records.heap_statements import insert_rows, update_rows
from fieldstone.runtime.records.write import load
from fieldstone.runtime.transactions import Transaction

Statement = tuple[str, tuple[Any, ...]]
Turn = list[Statement]
_MANY_TURNS: Final = 20
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
    """One kind of writing: by hand, through the heap's statement, and each with all beside it.

    Each is a list of turns, and a turn the statements that it runs, with what is bound.
    """

    name: str
    native: Sequence[Turn]
    row: Sequence[Turn]
    native_whole: Sequence[Turn]
    whole: Sequence[Turn]


class _Recorder:
    """Stands in for a connection and writes down what a write would run."""

    def __init__(self) -> None:
        self.seen: list[Statement] = []

    async def execute(self, sql: str, *arguments: Any, **more: Any) -> str:
        """Note a statement."""
        self.seen.append((sql, arguments))
        return "DONE 1"


class Writes:
    """Makes the writing workloads of a world; what they bind is worked out beforehand.

    turns: how many there are of each before the first comes again.
    """

    def __init__(self, world: World, turns: int) -> None:
        self._world = world
        self._turns = turns
        self._obj = world.catalog.get_object("Deal")
        self._ids = count(_FIRST_NEW, SPACING)
        self._touched = count()
        self._recorder = _Recorder()
        self._tx = Transaction(
            self._recorder, world.tenant, world.viewer, world.catalog, IdMinter(_Still(), 1), _NOW
        )

    async def all(self) -> list[Write]:
        """Give every workload."""
        return [
            await self._inserting("9a insert 1", 1),
            await self._inserting("9b insert 1,000", 1000),
            await self._updating("9c update a field with an index", "stage"),
            await self._updating("9d update a field without one", "next_step"),
        ]

    async def _inserting(self, name: str, size: int) -> Write:
        turns = range(min(self._turns, _MANY_TURNS) if size > 1 else self._turns)
        return Write(
            name,
            native=[self._native_insert(size, whole=False) for _ in turns],
            row=[await self._recorded(self._write_rows(insert_rows, size)) for _ in turns],
            native_whole=[self._native_insert(size, whole=True) for _ in turns],
            whole=[
                await self._recorded(store.insert(self._tx, self._obj, self._new(size)))
                for _ in turns
            ],
        )

    async def _updating(self, name: str, field: str) -> Write:
        turns = range(self._turns)
        before = await self._load()
        return Write(
            name,
            native=[self._native_update(field, whole=False) for _ in turns],
            row=[
                await self._recorded(
                    store._write_rows(
                        self._tx, self._obj, [self._changed(field, before)], update_rows
                    )
                )
                for _ in turns
            ],
            native_whole=[self._native_update(field, whole=True) for _ in turns],
            whole=[
                await self._recorded(
                    store.update(self._tx, self._obj, [self._changed(field, before)])
                )
                for _ in turns
            ],
        )

    async def _recorded(self, work: Coroutine[Any, Any, None]) -> Turn:
        await work
        seen, self._recorder.seen = self._recorder.seen, []
        return seen

    async def _write_rows(self, build: Any, size: int) -> None:
        # A statement that adds records writes the log of them as well.
        more = {"cause": "{}"} if build is insert_rows else {}
        await store._write_rows(self._tx, self._obj, self._new(size), build, **more)

    async def _load(self) -> Sequence[StoredRecord]:
        """Load records to be changed, spread over the whole object."""
        deals = self._world.counts.deals
        ids = [RecordId(self._world.id_of("Deal", n * 7919 % deals)) for n in range(self._turns)]
        async with self._world.engine.database.read(self._world.tenant, self._world.viewer) as tx:
            return list((await load(tx, self._obj, ids)).values())

    def _next(self, field: str) -> tuple[int, str]:
        """Give the place of the next record to change, and a value that it has not."""
        n = next(self._touched)
        return n, f"{field} {n}" if field == "next_step" else ("Lead", "Qualified")[n % 2]

    def _new(self, size: int) -> list[Draft]:
        return [self._draft(next(self._ids)) for _ in range(size)]

    def _draft(self, number: int) -> Draft:
        draft = Draft(RecordId(number), {})
        draft.owner_id = FIRST_IDS["User"]
        draft.data = _data_of(self._obj)
        return draft

    def _changed(self, field: str, before: Sequence[StoredRecord]) -> Draft:
        n, value = self._next(field)
        stored = before[n % len(before)]
        draft = Draft(stored.id, {}, before=stored)
        draft.owner_id = stored.owner_id
        draft.data = {**stored.data, self._obj.get_field(field).key: value}
        return draft

    def _native_update(self, field: str, *, whole: bool) -> Turn:
        n, value = self._next(field)
        number = self._world.id_of("Deal", n * 7919 % self._world.counts.deals)
        logged = (_NATIVE_LOG, ([number], "update", [write_json({field: value})]))
        return [(_NATIVE_UPDATE[field], (number, value)), *([logged] if whole else [])]

    def _native_insert(self, size: int, *, whole: bool) -> Turn:
        ids = [next(self._ids) for _ in range(size)]
        columns = [[_native_value(name)] * size for name in _COLUMNS]
        inserted = (_NATIVE_INSERT, (ids, *columns))
        if not whole:
            return [inserted]
        text = f"{_SAMPLE['name']} {_SAMPLE['competitor']} {_SAMPLE['description']}".lower()
        logged = (_NATIVE_LOG, (ids, "create", [write_json(_SAMPLE)] * size))
        return [inserted, logged, (_NATIVE_SEARCH, (ids, [text] * size))]


class _Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return _NOW


def _data_of(obj: ObjectDef) -> dict[str, Json]:
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
