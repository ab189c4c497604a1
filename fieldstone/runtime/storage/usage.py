"""Which fields queries filter and sort by, counted in the process and added up by day.

Counting a query costs a few additions. What was counted is written now and then; a process that is
killed loses a minute of it, which advice can bear.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import asyncpg
from sqlalchemy import ARRAY, BigInteger, Date, Integer, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from fieldstone.errors import FieldstoneError
from fieldstone.ids import FieldId
from fieldstone.metadata.tables import FIELD_USE
from fieldstone.query_language.used_fields import UsedFields
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Transaction, Viewer

DAYS_KEPT: Final = 30
EVERY_S: Final = 60.0
MOST_COUNTED: Final = 10_000
_NOBODY: Final = Viewer(None, "Fieldstone")
_TENANT: Final = parameter("tenant", Integer())
_DAY: Final = parameter("day", Date())


def _add() -> Prepared:
    x = incoming(FIELD_USE, "field_id", "filtered", "sorted")
    rows = select(_TENANT, x.c.field_id, _DAY, x.c.filtered, x.c.sorted)
    fresh = insert(FIELD_USE).from_select(
        ["tenant_id", "field_id", "day", "filtered", "sorted"], rows
    )
    return prepare(
        fresh.on_conflict_do_update(
            index_elements=["tenant_id", "field_id", "day"],
            set_={
                "filtered": FIELD_USE.c.filtered + fresh.excluded.filtered,
                "sorted": FIELD_USE.c.sorted + fresh.excluded.sorted,
            },
        )
    )


_ADD: Final = _add()
_SUMS: Final = prepare(
    select(
        FIELD_USE.c.field_id,
        func.sum(FIELD_USE.c.filtered).cast(BigInteger).label("filtered"),
        func.sum(FIELD_USE.c.sorted).cast(BigInteger).label("sorted"),
    )
    .where(FIELD_USE.c.tenant_id == _TENANT, FIELD_USE.c.day >= _DAY)
    .group_by(FIELD_USE.c.field_id)
)
_FORGET: Final = prepare(
    delete(FIELD_USE).where(FIELD_USE.c.tenant_id == _TENANT, FIELD_USE.c.day < _DAY)
)
_FORGET_FIELDS: Final = prepare(
    delete(FIELD_USE).where(
        FIELD_USE.c.tenant_id == _TENANT,
        FIELD_USE.c.field_id == func.any(parameter("fields", ARRAY(Integer))),
    )
)


@dataclass(frozen=True, slots=True)
class FieldUse:
    """How often a field was filtered and sorted by in the last thirty days."""

    filtered: int = 0
    sorted: int = 0

    @property
    def total(self) -> int:
        """Both together."""
        return self.filtered + self.sorted


@dataclass(slots=True)
class _Counted:
    filtered: Counter[FieldId] = field(default_factory=Counter)
    sorted: Counter[FieldId] = field(default_factory=Counter)


class UsageCounter:
    """Counts for a process. What does not fit any more until the next flush is not counted."""

    def __init__(self, most: int = MOST_COUNTED) -> None:
        self._most = most
        self._room = most
        self._counted: dict[Tenant, _Counted] = {}

    def saw(self, tenant: Tenant, used: UsedFields) -> None:
        """Count one query."""
        if not (used.filtered or used.sorted):
            return
        if self._room <= 0:
            return
        counted = self._counted.get(tenant)
        if counted is None:
            counted = self._counted[tenant] = _Counted()
        before = len(counted.filtered) + len(counted.sorted)
        counted.filtered.update(used.filtered)
        counted.sorted.update(used.sorted)
        self._room -= len(counted.filtered) + len(counted.sorted) - before

    async def flush(self, database: Database) -> None:
        """Write down what was counted since the last time."""
        counted, self._counted, self._room = self._counted, {}, self._most
        for tenant, counts in counted.items():
            async with database.write(tenant, _NOBODY) as tx:
                await _write(tx, counts)

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


async def _write(tx: Transaction, counts: _Counted) -> None:
    # In order of their numbers, so that two processes that flush at once do not wait in a ring.
    fields = sorted({*counts.filtered, *counts.sorted})
    await tx.run(
        _ADD,
        tenant=tx.tenant.id,
        day=tx.now.date(),
        field_id=fields,
        filtered=[counts.filtered[one] for one in fields],
        sorted=[counts.sorted[one] for one in fields],
    )


async def load_use(tx: Transaction) -> dict[FieldId, FieldUse]:
    """Load how often each field of the tenant was asked for in the last thirty days."""
    since = tx.now.date() - timedelta(days=DAYS_KEPT)
    rows = await tx.rows(_SUMS, tenant=tx.tenant.id, day=since)
    return {FieldId(row["field_id"]): FieldUse(row["filtered"], row["sorted"]) for row in rows}


async def forget_use(tx: Transaction, before: date) -> None:
    """Remove the counts of earlier days."""
    await tx.run(_FORGET, tenant=tx.tenant.id, day=before)


async def forget_fields(tx: Transaction, fields: list[int]) -> None:
    """Remove the counts of fields that are purged."""
    await tx.run(_FORGET_FIELDS, tenant=tx.tenant.id, fields=fields)
