"""Purging a deleted tenant, as a job of the platform: nothing is left of it in any table or file.

It removes some rows at a time and can be stopped between; whoever goes on after a crash or a stop
finds what is left. The tenant's row goes last, once every table was counted and none has a row.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import DateTime, Integer, Text, column, exists, func, select

from fieldstone.ids import TenantId
from fieldstone.metadata.tables import JOB, TENANT
from fieldstone.metadata.values import JsonObject
from fieldstone.platform.tenants import DELETE, PURGE, SYSTEM, Tenants, WrongState
from fieldstone.runtime.files import FileStore
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.jobs import enqueue
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.job_steps import end_with, result_of
from fieldstone.runtime.tenants import DELETED, PLATFORM, PURGING
from fieldstone.runtime.transactions import Database, Transaction, Viewer

PURGE_TENANT: Final = "tenant.purge"
_AT_ONCE: Final = 5_000
_MOST_DUE: Final = 100
_NUMBER: Final = parameter("number", Integer())
_PURGE_ROWS: Final = prepare(select(func.purge_tenant_rows(_NUMBER, parameter("most", Integer()))))
_LEFT: Final = prepare(
    select(column("table_name", Text()), column("row_count")).select_from(
        func.rows_of_purged(_NUMBER).table_valued("table_name", "row_count")
    )
)
_DROP: Final = prepare(select(func.drop_tenant(_NUMBER)))
_TABLES: Final = prepare(
    select(func.count()).select_from(func.tables_of_tenants().table_valued("name"))
)
_UNDER_WAY: Final = (
    exists()
    .where(
        JOB.c.tenant_id == PLATFORM.id,
        JOB.c.kind == PURGE_TENANT,
        JOB.c.state.in_(["waiting", "running"]),
        JOB.c.arguments["tenant"].as_integer() == TENANT.c.id,
    )
    .correlate(TENANT)
)
_IS_UNDER_WAY: Final = prepare(select(TENANT.c.id).where(TENANT.c.id == _NUMBER, _UNDER_WAY))
_DUE: Final = prepare(
    select(TENANT.c.id, TENANT.c.name)
    .where(
        TENANT.c.deleted_at < parameter("before", DateTime(timezone=True)),
        TENANT.c.status.in_([DELETED, PURGING]),
        ~_UNDER_WAY,
    )
    .order_by(TENANT.c.id)
    .limit(_MOST_DUE)
)


async def request_tenant_purge(tx: Transaction, number: int, name: str) -> int:
    """Have a deleted tenant purged; the number of the job of the platform that does."""
    return await enqueue(tx, PURGE_TENANT, {"tenant": number, "name": name})


async def is_purge_under_way(tx: Transaction, number: int) -> bool:
    """Tell whether a job purges a tenant, or is about to."""
    return await tx.row(_IS_UNDER_WAY, number=number) is not None


async def request_due_purges(database: Database, kept: timedelta, now: datetime) -> int:
    """Have all tenants purged that were deleted long enough ago; how many."""
    async with database.write(PLATFORM, Viewer(None, SYSTEM)) as tx:
        due = await tx.rows(_DUE, before=now - kept)
        for row in due:
            await request_tenant_purge(tx, row["id"], row["name"])
    return len(due)


async def purge_tenant(context: JobContext, tenants: Tenants, files: FileStore) -> JsonObject:
    """Do the job of kind tenant.purge: arguments {"tenant": number, "name": name}.

    The result tells what was removed, in how many tables nothing was found afterwards, and what is
    left, which is nothing. Raises WrongState for a tenant that was not deleted.
    """
    done = result_of(context)
    if done is not None:
        return done
    number, name = int(str(context.job.arguments["tenant"])), str(context.job.arguments["name"])
    await tenants.move(name, PURGE, SYSTEM)
    await _purge_branches(context, tenants, name)
    removed = await _remove_rows(context, number)
    context.go_on()
    gone = await files.remove_all(TenantId(number))
    async with context.write() as tx:
        left = {row["table_name"]: row["row_count"] for row in await tx.rows(_LEFT, number=number)}
        assert not left, left
        tables = await tx.value(_TABLES)
        await tx.value(_DROP, number=number)
        proof: JsonObject = {
            "tenant": name,
            "rows_removed": removed,
            "files_removed": gone,
            "tables_looked_at": tables,
            "rows_left": sum(left.values()),
        }
        await end_with(context, tx, proof)
    await tenants.note_gone(number, name, proof)
    return proof


async def _purge_branches(context: JobContext, tenants: Tenants, name: str) -> None:
    """Have the branches of a tenant purged as well, while it still tells which they are."""
    for number, branch in await tenants.branches_of(name):
        with suppress(WrongState):
            await tenants.move(branch, DELETE, SYSTEM)
        async with context.write() as tx:
            if not await is_purge_under_way(tx, number):
                await request_tenant_purge(tx, number, branch)


async def _remove_rows(context: JobContext, number: int) -> int:
    done: Any = context.job.progress.get("done", 0)
    removed: int = int(done)
    while True:
        context.go_on()
        async with context.write() as tx:
            count = await tx.value(_PURGE_ROWS, number=number, most=_AT_ONCE)
            removed += count
            await context.checkpoint(tx, {"done": removed, "words": f"{removed} rows removed"})
        if not count:
            return removed
