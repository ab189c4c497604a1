"""Jobs: work that is written down with the change that asks for it, and done afterwards.

A job is a row. It is relayed to the queue once its transaction is committed, and as often again
as it takes: whoever gets it asks the row whether there is anything to do (job_runs.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Integer,
    Text,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.errors import Conflict, NotFound
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.tables import JOB
from fieldstone.metadata.values import Json, JsonObject, read_json, write_json
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.transactions import Transaction

CHANNEL: Final = "fieldstone_job"
"""The channel of PostgreSQL on which a committed job wakes the relay."""

CLEARED_BY: Final[Mapping[str, str]] = {"metadata.convert": "metadata.give_up_conversion"}
"""The kinds of jobs that clear up after others, by the kinds of those."""

_TENANT: Final = parameter("tenant", Integer())
_ID: Final = parameter("id", BigInteger())
_NOW: Final = parameter("now", DateTime(timezone=True))
_COLUMNS: Final = (
    JOB.c.id,
    JOB.c.kind,
    JOB.c.arguments,
    JOB.c.state,
    JOB.c.progress,
    JOB.c.result,
    JOB.c.attempts,
    JOB.c.cancel_requested,
    JOB.c.actor_id,
    JOB.c.created_at,
    JOB.c.heartbeat_at,
    JOB.c.finished_at,
)
_ADD: Final = prepare(
    insert(JOB)
    .from_select(
        [
            *("tenant_id", "kind", "arguments", "state", "attempts"),
            *("actor_id", "created_at", "run_after", "heartbeat_at"),
        ],
        select(
            _TENANT,
            parameter("kind", Text()),
            parameter("arguments", JSONB()),
            parameter("state", Text()),
            parameter("attempts", Integer()),
            parameter("actor", BigInteger()),
            _NOW,
            parameter("run_after", DateTime(timezone=True)),
            _NOW,
        ),
    )
    .returning(JOB.c.id)
)
_POKE: Final = prepare(select(func.pg_notify(parameter("channel", Text()), "")))
_ACTOR: Final = parameter("actor", BigInteger())
_IS_VISIBLE: Final = or_(parameter("all", Boolean()), JOB.c.actor_id == _ACTOR)
"""Whoever sets up sees every job of the tenant, everybody else their own: a result holds names."""

_ONE: Final = prepare(
    select(*_COLUMNS).where(JOB.c.tenant_id == _TENANT, JOB.c.id == _ID, _IS_VISIBLE)
)
_PAGE: Final = prepare(
    select(*_COLUMNS)
    .where(JOB.c.tenant_id == _TENANT, JOB.c.id < parameter("before", BigInteger()), _IS_VISIBLE)
    .order_by(JOB.c.id.desc())
    .limit(parameter("most", Integer()))
)
_LAST: Final = prepare(
    select(JOB.c.id)
    .where(JOB.c.tenant_id == _TENANT, JOB.c.kind == parameter("kind", Text()))
    .order_by(JOB.c.id.desc())
    .limit(1)
)
_CANCEL: Final = prepare(
    update(JOB)
    .where(JOB.c.tenant_id == _TENANT, JOB.c.id == _ID, JOB.c.state.in_(["waiting", "running"]))
    .values(cancel_requested=True)
    .returning(JOB.c.state)
)
_CANCEL_WAITING: Final = prepare(
    update(JOB)
    .where(JOB.c.tenant_id == _TENANT, JOB.c.id == _ID, JOB.c.state == "waiting")
    .values(state="cancelled", finished_at=_NOW, cancel_requested=parameter("yes", Boolean()))
)


class UnknownJob(NotFound):
    """No job of this number, or none of this tenant."""

    code = "job.unknown"


class JobEnded(Conflict):
    """The job has ended, so that it cannot be cancelled any more."""

    code = "job.ended"


class JobState(StrEnum):
    """Where a job stands. It waits, runs, perhaps waits again, and ends once."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_end(self) -> bool:
        """Whether nothing more will happen."""
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it lies in its row.

    progress: done, total and words, and under "checkpoint" what its kind needs to go on from
    there. attempts: how often it was taken up; the number also tells the runs apart.
    """

    id: int
    kind: str
    arguments: JsonObject
    state: JobState
    progress: JsonObject
    result: JsonObject | None
    attempts: int
    cancel_requested: bool
    actor_id: int | None
    created_at: datetime
    heartbeat_at: datetime | None = None
    finished_at: datetime | None = None


def job_of(row: Any) -> Job:
    """Read a job out of its row."""
    return Job(
        id=row["id"],
        kind=row["kind"],
        arguments=_object(row["arguments"]),
        state=JobState(row["state"]),
        progress=_object(row["progress"]),
        result=None if row["result"] is None else _object(row["result"]),
        attempts=row["attempts"],
        cancel_requested=row["cancel_requested"],
        actor_id=row["actor_id"],
        created_at=row["created_at"],
        heartbeat_at=row["heartbeat_at"],
        finished_at=row["finished_at"],
    )


async def enqueue(
    tx: Transaction, kind: str, arguments: Mapping[str, Json], *, delay_s: float = 0.0
) -> int:
    """Write a job down; it runs once tx is committed, and not at all if it is not."""
    run_after = tx.now + timedelta(seconds=delay_s)
    number = await _add(tx, kind, arguments, JobState.WAITING, run_after)
    await tx.value(_POKE, channel=CHANNEL)
    return number


async def start_here(tx: Transaction, kind: str, arguments: Mapping[str, Json]) -> int:
    """Write down a job that the caller runs at once; a worker takes it over if the caller dies."""
    return await _add(tx, kind, arguments, JobState.RUNNING, tx.now)


async def _add(
    tx: Transaction,
    kind: str,
    arguments: Mapping[str, Json],
    state: JobState,
    run_after: datetime,
) -> int:
    number = await tx.value(
        _ADD,
        tenant=tx.tenant.id,
        kind=kind,
        arguments=write_json(arguments),
        state=state.value,
        attempts=int(state is JobState.RUNNING),
        actor=tx.viewer.user_id,
        now=tx.now,
        run_after=run_after,
    )
    assert isinstance(number, int)
    return number


async def find_last_job(tx: Transaction, kind: str) -> Job | None:
    """Give the newest job of a kind, whoever asked for it; None if there was none of late."""
    number = await tx.value(_LAST, tenant=tx.tenant.id, kind=kind)
    return None if number is None else await load_job(tx.as_system(), number)


async def load_job(tx: Transaction, number: int) -> Job:
    """Load one job that the viewer may see. Raises UnknownJob."""
    row = await tx.row(_ONE, id=number, **_viewer(tx))
    if row is None:
        raise UnknownJob(f"There is no job {number}.")
    return job_of(row)


async def load_jobs(tx: Transaction, *, before: int, most: int) -> list[Job]:
    """Load the newest jobs that the viewer may see, of those whose number is lower than before."""
    rows = await tx.rows(_PAGE, before=before, most=most, **_viewer(tx))
    return [job_of(row) for row in rows]


def _viewer(tx: Transaction) -> dict[str, Any]:
    everything = tx.rights.may_set_up(SetupArea.STORAGE)
    return {"tenant": tx.tenant.id, "actor": tx.viewer.user_id, "all": everything}


async def request_cancel(tx: Transaction, number: int) -> Job:
    """Ask a job to end: at once if it waits, at its next step if it runs.

    Raises UnknownJob, and JobEnded for one that has ended.
    """
    job = await load_job(tx, number)
    state = await tx.value(_CANCEL, tenant=tx.tenant.id, id=number)
    if state is None:
        raise JobEnded(f"The job {number} is {job.state.value} already.")
    await tx.run(_CANCEL_WAITING, tenant=tx.tenant.id, id=number, now=tx.now, yes=True)
    asked = await load_job(tx, number)
    if asked.state is JobState.CANCELLED:
        await clear_after(tx, asked)
    return asked


async def clear_after(tx: Transaction, job: Job) -> None:
    """Have cleared up what a job leaves behind that ended without being asked to."""
    kind = CLEARED_BY.get(job.kind)
    if kind is not None:
        await enqueue(tx, kind, {"fields": job.arguments["fields"], "of": job.id})


def prepared_job_update(*conditions: Any, **values: Any) -> Prepared:
    """Build a change of one job's row, by tenant and id, giving the columns of job_of."""
    found = update(JOB).where(JOB.c.tenant_id == _TENANT, JOB.c.id == _ID, *conditions)
    return prepare(found.values(**values).returning(*_COLUMNS))


def _object(text: str) -> JsonObject:
    value = read_json(text)
    assert isinstance(value, dict)
    return value
