"""How queries ask for each object, counted in the process and added up by day.

Counting a query costs a few additions. What was counted is written now and then; a process that is
killed loses a minute of it, which advice can bear. Fields alone are counted, never values.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    Float,
    Integer,
    Text,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from fieldstone.errors import FieldstoneError
from fieldstone.ids import FieldId, ObjectId
from fieldstone.metadata.tables import QUERY_USE
from fieldstone.query_language.named_fields import Named
from fieldstone.query_language.used_fields import ObjectUse
from fieldstone.runtime.client_use import ClientCounter, forget_clients, write_clients
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Transaction, Viewer

DAYS_KEPT: Final = 30
WEEK: Final = 7
EVERY_S: Final = 60.0
MOST_COUNTED: Final = 10_000
MOST_A_DAY: Final = 1_000
MOST_LOADED: Final = 2_000
_HALF_LIFE_DAYS: Final = 7.0
_KEY: Final = ("object_id", "equal", "ranged", "sorted")
_NOBODY: Final = Viewer(None, "Fieldstone")
_TENANT: Final = parameter("tenant", Integer())
_DAY: Final = parameter("day", Date())
_MINE: Final = QUERY_USE.c.tenant_id == _TENANT


def _add() -> Prepared:
    """Add counts up; ways to ask beyond the day's limit are not begun any more."""
    x = incoming(QUERY_USE, *_KEY, "times", "spent_us")
    today = QUERY_USE.alias("today")
    is_today = (today.c.tenant_id == _TENANT, today.c.day == _DAY)
    same = exists().where(*is_today, *(today.c[key] == x.c[key] for key in _KEY))
    count = select(func.count()).select_from(today).where(*is_today).scalar_subquery()
    known = or_(same, count < parameter("most", Integer()))
    keys = [x.c[key] for key in _KEY]
    rows = select(_TENANT, _DAY, *keys, x.c.times, x.c.spent_us).where(known)
    fresh = insert(QUERY_USE).from_select(["tenant_id", "day", *_KEY, "times", "spent_us"], rows)
    return prepare(
        fresh.on_conflict_do_update(
            index_elements=["tenant_id", "day", *_KEY],
            set_={
                "times": QUERY_USE.c.times + fresh.excluded.times,
                "spent_us": QUERY_USE.c.spent_us + fresh.excluded.spent_us,
            },
        )
    )


def _sums() -> Prepared:
    lately = QUERY_USE.c.day > parameter("week", Date())
    age = cast(parameter("today", Date()) - QUERY_USE.c.day, Float)
    weight = func.sum(QUERY_USE.c.times * func.power(0.5, age / _HALF_LIFE_DAYS))
    return prepare(
        select(
            *(QUERY_USE.c[key] for key in _KEY),
            cast(func.sum(QUERY_USE.c.times), BigInteger).label("times"),
            cast(func.sum(QUERY_USE.c.times).filter(lately), BigInteger).label("week"),
            cast(func.sum(QUERY_USE.c.spent_us).filter(lately), BigInteger).label("spent_us"),
            weight.label("weight"),
            func.max(QUERY_USE.c.day).label("last"),
        )
        .where(_MINE, QUERY_USE.c.day >= _DAY)
        .group_by(*(QUERY_USE.c[key] for key in _KEY))
        .order_by(weight.desc())
        .limit(parameter("most", Integer()))
    )


def _forget_fields() -> Prepared:
    gone = parameter("fields", ARRAY(Text()))
    lists = (QUERY_USE.c.equal, QUERY_USE.c.ranged, QUERY_USE.c.sorted)
    named = (func.string_to_array(one, ",").op("&&")(gone) for one in lists)
    return prepare(delete(QUERY_USE).where(_MINE, or_(*named)))


_ADD: Final = _add()
_SUMS: Final = _sums()
_BEGAN: Final = prepare(select(func.min(QUERY_USE.c.day)).where(_MINE))
_FORGET: Final = prepare(delete(QUERY_USE).where(_MINE, QUERY_USE.c.day < _DAY))
_FORGET_FIELDS: Final = _forget_fields()
_FORGET_OBJECT: Final = prepare(
    delete(QUERY_USE).where(_MINE, QUERY_USE.c.object_id == parameter("object", Integer()))
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One way in which records of an object are asked for, over the last thirty days.

    times: in all; week: in the last seven days; spent_ms: in these, by the database. weight: times,
    of which a week makes a half. last: the day of the last one.
    """

    use: ObjectUse
    times: int
    week: int
    spent_ms: float
    weight: float
    last: date


@dataclass(slots=True)
class _Count:
    times: int = 0
    spent_us: int = 0


class UsageCounter:
    """Counts for a process. What does not fit any more until the next flush is not counted."""

    def __init__(self, most: int = MOST_COUNTED) -> None:
        self._most = most
        self._room = most
        self._counted: dict[Tenant, dict[ObjectUse, _Count]] = {}
        self._programs = ClientCounter()

    def saw_program(self, tenant: Tenant, token: int, named: Named) -> None:
        """Count what a program asks for."""
        self._programs.saw(tenant, token, named)

    def saw(self, tenant: Tenant, uses: tuple[ObjectUse, ...], spent_s: float) -> None:
        """Count one query."""
        counted = self._counted.get(tenant)
        if counted is None:
            if self._room <= 0:
                return
            counted = self._counted[tenant] = {}
        for use in uses:
            count = counted.get(use)
            if count is None:
                if self._room <= 0:
                    continue
                self._room -= 1
                count = counted[use] = _Count()
            count.times += 1
            count.spent_us += int(spent_s * 1e6)

    async def flush(self, database: Database) -> None:
        """Write down what was counted since the last time."""
        counted, self._counted, self._room = self._counted, {}, self._most
        for tenant, counts in counted.items():
            async with database.write_apart(tenant, _NOBODY) as tx:
                await _write(tx, counts)
        for tenant, asked in self._programs.take().items():
            async with database.write_apart(tenant, _NOBODY) as tx:
                await write_clients(tx, asked)

    @asynccontextmanager
    async def flushing(self, database: Database, every_s: float = EVERY_S) -> AsyncIterator[None]:
        """Flush every minute for the length of a block, and at its end."""
        task = asyncio.create_task(self._keep_flushing(database, every_s))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self._try_flush(database)

    async def _keep_flushing(self, database: Database, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await self._try_flush(database)

    async def _try_flush(self, database: Database) -> None:
        try:
            await self.flush(database)
        except (FieldstoneError, asyncpg.PostgresError, OSError):
            return  # the counts are lost, and the next minute's are as good


async def _write(tx: Transaction, counts: Mapping[ObjectUse, _Count]) -> None:
    # In one order, so that two processes that flush at once do not wait in a ring.
    rows = sorted(
        (use.object_id, *map(_packed, (use.equal, use.ranged, use.sorted)), one.times, one.spent_us)
        for use, one in counts.items()
    )
    columns = zip(*rows, strict=True)
    arrays = dict(zip((*_KEY, "times", "spent_us"), map(list, columns), strict=True))
    await tx.run(_ADD, tenant=tx.tenant.id, day=tx.now.date(), most=MOST_A_DAY, **arrays)


async def load_use(tx: Transaction) -> list[Asked]:
    """Load how the tenant's objects were asked for in the last thirty days, the most asked first.

    No more than two thousand ways to ask.
    """
    today = tx.now.date()
    rows = await tx.rows(
        _SUMS,
        tenant=tx.tenant.id,
        today=today,
        day=today - timedelta(days=DAYS_KEPT),
        week=today - timedelta(days=WEEK),
        most=MOST_LOADED,
    )
    return [_asked(row) for row in rows]


async def load_first_day(tx: Transaction) -> date:
    """Give the first day of which counts are kept; today if there are none."""
    found = await tx.value(_BEGAN, tenant=tx.tenant.id)
    return found if isinstance(found, date) else tx.now.date()


async def forget_use(tx: Transaction, before: date) -> None:
    """Remove the counts of earlier days."""
    await tx.run(_FORGET, tenant=tx.tenant.id, day=before)
    await forget_clients(tx, before)


async def forget_fields(tx: Transaction, object_id: int, fields: list[int]) -> None:
    """Remove the counts that name fields that are purged."""
    texts = [str(field) for field in fields]
    await tx.run(_FORGET_FIELDS, tenant=tx.tenant.id, fields=texts)
    if tx.catalog.by_id.get(ObjectId(object_id)) is None:
        await tx.run(_FORGET_OBJECT, tenant=tx.tenant.id, object=object_id)


def _asked(row: Any) -> Asked:
    lists = (_unpacked(row[key]) for key in ("equal", "ranged", "sorted"))
    return Asked(
        ObjectUse(ObjectId(row["object_id"]), *lists),
        row["times"],
        row["week"] or 0,
        (row["spent_us"] or 0) / 1000,
        row["weight"],
        row["last"],
    )


def _packed(fields: Iterable[FieldId]) -> str:
    return ",".join(map(str, fields))


def _unpacked(text: str) -> tuple[FieldId, ...]:
    return tuple(FieldId(int(part)) for part in text.split(",")) if text else ()
