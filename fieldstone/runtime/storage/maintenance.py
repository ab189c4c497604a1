"""Maintenance: what has to be done every hour, by one process of all, for all tenants.

Whoever holds the row of the task does it; the others find it locked, or done. All that takes long
becomes a job of its tenant.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy import (
    Date,
    DateTime,
    Integer,
    Text,
    and_,
    column,
    delete,
    exists,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from fieldstone.clock import Clock
from fieldstone.errors import Conflict, FieldstoneError
from fieldstone.ids import ObjectId
from fieldstone.metadata.retention import Kept
from fieldstone.metadata.tables import BIN, COMPONENT, FILE, IDEMPOTENCY, JOB, MAINTENANCE, TENANT
from fieldstone.runtime.privacy.bin_terms import bin_terms, kept_for
from fieldstone.runtime.privacy.retaining import request_retention
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.storage.advising import apply_strongest, find_strongest
from fieldstone.runtime.storage.job_steps import PATIENCE_S
from fieldstone.runtime.storage.moving import Place, request_move
from fieldstone.runtime.storage.purge import is_purging, request_purge
from fieldstone.runtime.storage.purge_statements import IS_OVERDUE
from fieldstone.runtime.storage.resuming import find_stuck, resume_stuck
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.storage.usage import DAYS_KEPT, WEEK, forget_use
from fieldstone.runtime.tenants import Tenant, tenant_from, tenant_rows
from fieldstone.runtime.transactions import CatalogBusy, Database, Transaction, Viewer

LOGGER: Final = logging.getLogger("fieldstone.maintenance")
EVERY: Final = timedelta(hours=1)
ANSWERS_KEPT: Final = timedelta(days=1)
JOBS_KEPT: Final = timedelta(days=30)
ENDED_KEPT: Final = timedelta(days=1)
"""Sessions and invitations after their end, and sessions of which nothing is heard."""

RETAINED_EVERY: Final = timedelta(hours=23)
"""How often retention policies are carried out: every day, at the first hour that comes."""

TRIES_KEPT: Final = timedelta(days=90)
ACCESS_LOG_KEPT: Final = timedelta(days=400)
_LOOK_EVERY_S: Final = 60.0
_TASK: Final = "hourly"
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_AT_ONCE: Final = 5_000
_NOBODY: Final = Viewer(None, "Fieldstone")

_TENANT: Final = parameter("tenant", Integer())
_INSTANT: Final = DateTime(timezone=True)
_BEFORE: Final = parameter("before", _INSTANT)
_DELETED: Final = parameter("deleted", _INSTANT)
_NAME: Final = parameter("task", Text())
_NO_TIME_LIMIT: Final = prepare(select(func.set_config("statement_timeout", "0", true())))
_BEGIN: Final = prepare(
    insert(MAINTENANCE).values(task=_NAME, done_at=_BEFORE).on_conflict_do_nothing()
)
_CLAIM: Final = prepare(
    select(MAINTENANCE.c.done_at)
    .where(MAINTENANCE.c.task == _NAME, MAINTENANCE.c.done_at < _BEFORE)
    .with_for_update(skip_locked=True)
)
_DONE: Final = prepare(
    update(MAINTENANCE).where(MAINTENANCE.c.task == _NAME).values(done_at=_BEFORE)
)
_FORGET_ACCESS: Final = prepare(
    select(
        func.forget_access(
            parameter("ended", _INSTANT), parameter("tried", _INSTANT), parameter("told", _INSTANT)
        )
    )
)
_EXTEND_LOG: Final = prepare(select(func.extend_change_log()))
_DUE: Final = prepare(
    select(column("due", Integer())).select_from(
        func.tenants_due(
            _DELETED,
            parameter("answered", _INSTANT),
            parameter("ended", _INSTANT),
            parameter("used", Date()),
        ).table_valued("due")
    )
)
_ADVISED: Final = prepare(
    select(column("advised", Integer())).select_from(
        func.tenants_advised(parameter("since", Date())).table_valued("advised")
    )
)
_RETAINING: Final = prepare(
    select(column("retaining", Integer())).select_from(
        func.tenants_retaining(parameter("since", _INSTANT)).table_valued("retaining")
    )
)
_BIG: Final = prepare(
    select(column("of_tenant", Integer()), column("object_id", Integer())).select_from(
        func.big_objects(parameter("above", Integer())).table_valued("of_tenant", "object_id")
    )
)
_ONE_TENANT: Final = prepare(tenant_rows(TENANT.c.id == _TENANT))
_TO_PURGE: Final = prepare(
    select(
        or_(
            exists().where(BIN.c.tenant_id == _TENANT, IS_OVERDUE),
            exists().where(COMPONENT.c.tenant_id == _TENANT, COMPONENT.c.deleted_at < _DELETED),
            exists().where(FILE.c.tenant_id == _TENANT, FILE.c.released_at.is_not(None)),
        )
    )
)


def _some(table: Any, key: Any, condition: Any) -> Prepared:
    """Build the removal of some rows of a tenant that meet a condition."""
    mine = table.c.tenant_id == _TENANT
    some = select(key).where(mine, condition).limit(_AT_ONCE)
    return prepare(delete(table).where(mine, key.in_(some)))


_OLD_ANSWERS: Final = _some(IDEMPOTENCY, IDEMPOTENCY.c.key, IDEMPOTENCY.c.created_at < _BEFORE)
_OLD_JOBS: Final = _some(
    JOB, JOB.c.id, and_(JOB.c.finished_at.is_not(None), JOB.c.finished_at < _BEFORE)
)


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Does the hourly work. pool: connections as the application's role.

    besides: what a higher room wants done as well.
    """

    pool: Any
    database: Database
    rules: StorageRules
    clock: Clock
    besides: Callable[[], Awaitable[object]] | None = None

    async def keep_up(self, stopping: asyncio.Event, every_s: float = _LOOK_EVERY_S) -> None:
        """Look every minute whether it is time, until stopping."""
        while not stopping.is_set():
            try:
                await self.run_if_due()
            except (FieldstoneError, asyncpg.PostgresError, OSError):
                LOGGER.exception("maintenance failed; it is tried again")
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), every_s)

    async def run_if_due(self) -> bool:
        """Do the work unless it was done within the hour or another process does it now."""
        async with self._turn() as connection:
            if connection is None:
                return False
            await self._run(connection)
        return True

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[Any]:
        """Hold the task for a block, and give the connection that does; None if it is not ours."""
        now = self.clock.now()
        async with self.pool.acquire() as connection, connection.transaction():
            await _run(connection, _NO_TIME_LIMIT)
            await _run(connection, _BEGIN, task=_TASK, before=_LONG_AGO)
            if not await _run(connection, _CLAIM, task=_TASK, before=now - EVERY):
                yield None
                return
            yield connection
            await _run(connection, _DONE, task=_TASK, before=now)

    async def _run(self, connection: Any) -> None:
        now = self.clock.now()
        await _run(connection, _EXTEND_LOG)
        await _run(
            connection,
            _FORGET_ACCESS,
            ended=now - ENDED_KEPT,
            tried=now - TRIES_KEPT,
            told=now - ACCESS_LOG_KEPT,
        )
        due = await _run(
            connection,
            _DUE,
            deleted=now - self.rules.keep_deleted,
            answered=now - ANSWERS_KEPT,
            ended=now - JOBS_KEPT,
            used=now.date() - timedelta(days=DAYS_KEPT),
        )
        big = await _run(connection, _BIG, above=self.rules.promote_above)
        for row in due:
            await self._tidy(await self._tenant(connection, row["due"]))
        for row in big:
            tenant = await self._tenant(connection, row["of_tenant"])
            await self._promote(tenant, ObjectId(row["object_id"]))
        for row in await _run(connection, _ADVISED, since=now.date() - timedelta(days=WEEK)):
            await self._heed_advice(await self._tenant(connection, row["advised"]))
        for row in await _run(connection, _RETAINING, since=now - RETAINED_EVERY):
            tenant = await self._tenant(connection, row["retaining"])
            async with self.database.write(tenant, _NOBODY) as tx:
                await request_retention(tx)
        if self.besides is not None:
            await self.besides()

    async def _tenant(self, connection: Any, tenant_id: int) -> Tenant:
        (row,) = await _run(connection, _ONE_TENANT, tenant=tenant_id)
        return tenant_from(row)

    async def _tidy(self, tenant: Tenant) -> None:
        """Clear away what a tenant has no more use for, and begin again what is stuck."""
        async with self.database.write(tenant, _NOBODY) as tx:
            before = tx.now - self.rules.keep_deleted
            terms = bin_terms(tx, self.rules.keep_deleted)
            overdue = {**terms.arguments(), "deleted": before}
            wanted = await tx.value(_TO_PURGE, tenant=tenant.id, **overdue)
            if wanted and not await is_purging(tx):
                await request_purge(tx, before, components=True, terms=terms)
            jobs_kept = kept_for(tx.catalog, Kept.JOBS, JOBS_KEPT)
            await forget_use(tx, tx.now.date() - timedelta(days=DAYS_KEPT))
            stuck = await find_stuck(tx)
        await self._remove(tenant, _OLD_ANSWERS, ANSWERS_KEPT)
        await self._remove(tenant, _OLD_JOBS, jobs_kept)
        if stuck:
            with suppress(CatalogBusy):
                async with self._alone(tenant) as tx:
                    await resume_stuck(tx)

    async def _remove(self, tenant: Tenant, statement: Prepared, kept: timedelta) -> None:
        removed = _AT_ONCE
        while removed == _AT_ONCE:
            async with self.database.write(tenant, _NOBODY) as tx:
                removed = await tx.run(statement, tenant=tenant.id, before=tx.now - kept)

    async def _promote(self, tenant: Tenant, object_id: ObjectId) -> None:
        """Have an object promoted; whatever is in the way may be gone an hour later."""
        with suppress(Conflict, CatalogBusy):
            async with self._alone(tenant) as tx:
                obj = tx.catalog.by_id.get(object_id)
                if obj is not None:
                    await request_move(tx, obj, Place.OWN)

    async def _heed_advice(self, tenant: Tenant) -> None:
        """Apply the strongest advice in a tenant, if any is strong and nothing else is at work."""
        async with self.database.read(tenant, _NOBODY) as tx:
            wanted = await find_strongest(tx)
        if wanted is not None:
            with suppress(Conflict, CatalogBusy):
                async with self._alone(tenant) as tx:
                    await apply_strongest(tx, self.rules)

    @asynccontextmanager
    async def _alone(self, tenant: Tenant) -> AsyncIterator[Transaction]:
        cause = {"maintenance": _TASK}
        async with self.database.change_metadata(
            tenant, _NOBODY, cause, patience_s=PATIENCE_S
        ) as tx:
            yield tx


async def _run(connection: Any, statement: Prepared, **values: Any) -> list[Any]:
    rows: list[Any] = await connection.fetch(statement.sql, *statement.arguments(values))
    return rows
