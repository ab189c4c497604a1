"""Runs of jobs: taken up by one process at a time, resumed by another if that one dies.

A run holds its job by the number of the attempt. Every step writes what it did and how far it got
in one transaction, which fails if another process has taken the job up since: so a worker that
was only slow writes nothing twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import DateTime, Integer, Text, and_, null, or_
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.errors import Conflict, FieldstoneError, InvalidInput, Problem, Unavailable
from fieldstone.metadata.tables import JOB
from fieldstone.metadata.values import Json, JsonObject, write_json
from fieldstone.runtime.jobs import Job, JobState, clear_after, job_of, prepared_job_update
from fieldstone.runtime.statements import Prepared, parameter
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Transaction, Viewer

LOGGER: Final = logging.getLogger("fieldstone.jobs")
HEARTBEAT_S: Final = 5.0
STALE: Final = timedelta(seconds=20)
MOST_ATTEMPTS: Final = 5
_RETRY_S: Final = 10.0

_NOW: Final = parameter("now", DateTime(timezone=True))
_IS_MINE: Final = and_(JOB.c.state == "running", JOB.c.attempts == parameter("mine", Integer()))
_IS_ABANDONED: Final = and_(
    JOB.c.state == "running", JOB.c.heartbeat_at < parameter("stale", DateTime(timezone=True))
)
_FAIL_ABANDONED: Final = prepared_job_update(
    _IS_ABANDONED,
    JOB.c.attempts >= parameter("most", Integer()),
    state="failed",
    result=parameter("result", JSONB()),
    finished_at=_NOW,
)
_CLAIM: Final = prepared_job_update(
    or_(and_(JOB.c.state == "waiting", JOB.c.run_after <= _NOW), _IS_ABANDONED),
    state="running",
    attempts=JOB.c.attempts + 1,
    heartbeat_at=_NOW,
)
_BEAT: Final = prepared_job_update(_IS_MINE, heartbeat_at=_NOW)
_CHECKPOINT: Final = prepared_job_update(
    _IS_MINE, progress=parameter("progress", JSONB()), heartbeat_at=_NOW
)
_END: Final = prepared_job_update(
    _IS_MINE,
    state=parameter("state", Text()),
    result=parameter("result", JSONB()),
    finished_at=_NOW,
)
_PUT_BACK: Final = prepared_job_update(
    _IS_MINE,
    state="waiting",
    run_after=parameter("run_after", DateTime(timezone=True)),
    relayed_at=null(),
)


class JobLost(Conflict):
    """Another process has taken the job up, or it has ended."""

    code = "job.lost"


class UnknownKind(InvalidInput):
    """A job of a kind that this version does not know."""

    code = "job.unknown_kind"


class JobCancelled(Exception):
    """Somebody asked for the end of the job, which its last checkpoint has told."""


class JobInterrupted(Exception):
    """The process is about to stop; the job goes on elsewhere from its checkpoint."""


@dataclass(slots=True)
class JobContext:
    """What a job's function gets: its row, and the door to the database in its viewer's name.

    stopping: tells whether the process is about to stop.
    """

    database: Database
    tenant: Tenant
    viewer: Viewer
    job: Job
    stopping: Callable[[], bool] = lambda: False

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """Open a transaction whose changes have the job as their cause."""
        cause: Mapping[str, Json] = {"job": self.job.id, self.job.kind: self.job.id}
        async with self.database.write(self.tenant, self.viewer, cause) as tx:
            yield tx

    async def checkpoint(self, tx: Transaction, progress: Mapping[str, Json]) -> None:
        """Note how far the job got, in the transaction that got it there.

        Raises JobLost if the job is no longer this run's; then nothing of tx may be kept.
        """
        row = await tx.row(
            _CHECKPOINT,
            tenant=tx.tenant.id,
            id=self.job.id,
            mine=self.job.attempts,
            now=tx.now,
            progress=write_json(progress),
        )
        if row is None:
            raise JobLost(f"The job {self.job.id} is run elsewhere.")
        self.job = job_of(row)

    async def tell(self, progress: Mapping[str, Json]) -> None:
        """Note how far the job got where nothing else is written. Raises JobLost."""
        async with self.database.write_apart(self.tenant, self.viewer) as tx:
            await self.checkpoint(tx, progress)

    def go_on(self) -> None:
        """Return if the job may go on; between transactions.

        Raises JobCancelled, JobInterrupted.
        """
        if self.job.cancel_requested:
            raise JobCancelled
        if self.stopping():
            raise JobInterrupted


JobFunction = Callable[[JobContext], Awaitable[JsonObject]]
"""Does the work of one kind and gives the job's result. It may be called again after a crash,
with the progress of its last checkpoint, and must then go on from there."""


async def claim_job(
    database: Database, tenant: Tenant, viewer: Viewer, number: int, now: datetime
) -> Job | None:
    """Take a job up; None if there is nothing to do or another process does it.

    A job that was left behind by its process once too often fails instead: it may be what ends
    them.
    """
    stale = now - STALE
    async with database.write_apart(tenant, viewer) as tx:
        failed = await tx.row(
            _FAIL_ABANDONED,
            tenant=tenant.id,
            id=number,
            now=now,
            stale=stale,
            most=MOST_ATTEMPTS,
            result=write_json(_failure([_abandoned(number)])),
        )
        if failed is not None:
            LOGGER.error("job %s was left behind %s times", number, failed["attempts"])
            await clear_after(tx, job_of(failed))
            return None
        row = await tx.row(_CLAIM, tenant=tenant.id, id=number, now=now, stale=stale)
        return None if row is None else job_of(row)


def _abandoned(number: int) -> Problem:
    return Problem(
        "internal.error",
        f"The job stopped {MOST_ATTEMPTS} times without a word and is not tried again.",
        hint=f"Quote job {number} when you report it.",
    )


async def unknown_kind(context: JobContext) -> JsonObject:
    """Fail a job that nobody here can do. Raises UnknownKind."""
    raise UnknownKind(
        f"There is no kind of job named {context.job.kind}.",
        hint="A newer version may have written it down: bring all workers to one version.",
    )


async def run_claimed(context: JobContext, work: JobFunction) -> Job:
    """Do the work of a job that this process holds, and write its end; gives the job as it is then.

    An error that the caller caused fails the job at once; any other is tried again, later and
    later, five times in all.
    """
    beating = asyncio.create_task(_beat(context))
    try:
        result = await work(context)
    except (JobCancelled, JobInterrupted, JobLost) as news:
        return await _leave(context, news)
    except Unavailable as error:
        return await _give_up_or_retry(context, error)
    except FieldstoneError as error:
        return await _end(context, JobState.FAILED, _failure(error.problems))
    except Exception as error:  # noqa: BLE001 - the job loop is where unknown errors end
        return await _give_up_or_retry(context, error)
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
    return await _end(context, JobState.DONE, result)


async def _leave(context: JobContext, news: Exception) -> Job:
    if isinstance(news, JobCancelled):
        return await _end(context, JobState.CANCELLED, _partial(context.job))
    return await _put_back(context, 0.0) if isinstance(news, JobInterrupted) else context.job


async def _give_up_or_retry(context: JobContext, error: Exception) -> Job:
    number, attempts = context.job.id, context.job.attempts
    LOGGER.error("job %s failed in attempt %s", number, attempts, exc_info=error)
    if attempts < MOST_ATTEMPTS:
        return await _put_back(context, _RETRY_S * 2.0 ** (attempts - 1))
    problem = Problem(
        "internal.error",
        "Something went wrong on our side.",
        hint=f"Quote job {number} when you report it.",
    )
    failed = await _end(context, JobState.FAILED, _failure([problem]))
    if failed.state is JobState.FAILED:
        async with context.database.write_apart(context.tenant, context.viewer) as tx:
            await clear_after(tx, failed)
    return failed


async def _beat(context: JobContext) -> None:
    """Tell every five seconds that the job is still worked at."""
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        with suppress(FieldstoneError, OSError):
            await _update(context, _BEAT)


async def _end(context: JobContext, state: JobState, result: JsonObject) -> Job:
    return await _update(context, _END, state=state.value, result=write_json(result))


async def _put_back(context: JobContext, delay_s: float) -> Job:
    return await _update(context, _PUT_BACK, delay_s=delay_s)


async def _update(
    context: JobContext, statement: Prepared, *, delay_s: float = 0.0, **values: Any
) -> Job:
    async with context.database.write_apart(context.tenant, context.viewer) as tx:
        values["run_after"] = tx.now + timedelta(seconds=delay_s)
        row = await tx.row(
            statement,
            tenant=context.tenant.id,
            id=context.job.id,
            mine=context.job.attempts,
            now=tx.now,
            **values,
        )
    return context.job if row is None else job_of(row)


def _partial(job: Job) -> JsonObject:
    """What a cancelled job got done, by its last checkpoint."""
    shown = job.progress.get("result")
    return shown if isinstance(shown, dict) else {}


def _failure(problems: Any) -> JsonObject:
    return {
        "errors": [
            {"code": problem.code, "message": problem.message, "hint": problem.hint}
            for problem in problems
        ]
    }
