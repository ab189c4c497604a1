"""How jobs on storage take their steps: alone for a moment, or in the background."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from sqlalchemy import func, select, true

from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.job_runs import JobContext, JobInterrupted
from fieldstone.runtime.statements import prepare
from fieldstone.runtime.transactions import CatalogBusy, Transaction

PATIENCE_S: Final = 0.25
_PAUSE_S: Final = 0.5
_TRIES: Final = 240
_IN_BACKGROUND: Final = prepare(
    select(
        func.set_config("statement_timeout", "0", true()),
        func.set_config("plan_cache_mode", "force_custom_plan", true()),
    )
)


@asynccontextmanager
async def alone(context: JobContext) -> AsyncIterator[Transaction]:
    """Open a transaction that holds the tenant's catalog alone, in a gap between writers.

    Waiting for a long write would hold up the short ones behind it, so it waits a moment only,
    lets them all through and tries again. Raises CatalogBusy when there is no gap for minutes.
    """
    for _ in range(_TRIES):
        async with AsyncExitStack() as stack:
            try:
                tx = await stack.enter_async_context(
                    context.database.change_metadata(
                        context.tenant,
                        context.viewer,
                        {"job": context.job.id},
                        patience_s=PATIENCE_S,
                    )
                )
            except CatalogBusy:
                await asyncio.sleep(_PAUSE_S)
                continue
            yield tx
            return
    raise CatalogBusy("Records are being written all the time.")


async def work_in_background(tx: Transaction) -> None:
    """Let the statements of a transaction take as long as they need, planned for their values.

    The general plan of a range, which suits the statements of requests, may read a whole table.
    """
    await tx.run(_IN_BACKGROUND)


def result_of(context: JobContext) -> JsonObject | None:
    """Give the result of a job whose work was done before it could be told; None before that."""
    at = context.job.progress.get("checkpoint")
    ended = at.get("result") if isinstance(at, Mapping) else None
    return ended if isinstance(ended, Mapping) else None


async def end_with(context: JobContext, tx: Transaction, result: JsonObject) -> JsonObject:
    """Write down a result in the transaction that brings it about."""
    told = {key: value for key, value in context.job.progress.items() if key != "checkpoint"}
    await context.checkpoint(tx, {**told, "checkpoint": {"result": result}})
    return result


def stop_if_told(context: JobContext) -> None:
    """Return unless the process is about to stop, for steps that nobody may cancel any more.

    Raises JobInterrupted.
    """
    if context.stopping():
        raise JobInterrupted
