"""A worker process: relays jobs from PostgreSQL to the queue, and runs what the queue gives it.

Run as `python -m fieldstone.platform.worker`, with settings in the environment. Any number may
run. All work happens on one event loop; a thread of dramatiq's waits for each job it took.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import asyncpg
import dramatiq
import redis
import uvloop
from dramatiq.brokers.redis import RedisBroker
from sqlalchemy import ARRAY, BigInteger, Integer, Text, column, func, select

from fieldstone.clock import Clock, SystemClock
from fieldstone.errors import Forbidden
from fieldstone.ids import RecordId
from fieldstone.metadata.standing import NOBODY
from fieldstone.metadata.tables import TENANT
from fieldstone.metadata.values import JsonObject
from fieldstone.platform import lifeline
from fieldstone.platform.app import Engine, open_engine
from fieldstone.platform.collector import calm_collector
from fieldstone.platform.identity.gate import viewer_for
from fieldstone.platform.identity.statements import MEMBER_BY_USER
from fieldstone.platform.job_kinds import job_kinds
from fieldstone.platform.platform_jobs import keep_ledger, platform_jobs, purge_due
from fieldstone.platform.queue import declare_actor, open_broker, send
from fieldstone.platform.settings import Settings, load_settings
from fieldstone.platform.working_parts import seal_key_of, storage_rules_of, witness_of
from fieldstone.runtime.audit.sealing import LogSealer
from fieldstone.runtime.job_runs import (
    JobContext,
    JobFunction,
    claim_job,
    run_claimed,
    unknown_kind,
)
from fieldstone.runtime.jobs import CHANNEL, Job
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.maintenance import Maintenance
from fieldstone.runtime.tenants import (
    ACTIVE,
    PLATFORM_STATUS,
    Tenant,
    tenant_from,
    tenant_rows,
)
from fieldstone.runtime.transactions import Viewer

LOGGER: Final = logging.getLogger("fieldstone.jobs")
THREADS: Final = 4
TENANT_JOBS: Final = 3
_RELAYED_AT_ONCE: Final = 200
_LOOK_EVERY_S: Final = 1.0
_PATIENCE_S: Final = 25.0
_WAITING: Final = prepare(
    select(column("tenant_id"), column("id")).select_from(
        func.waiting_jobs(parameter("most", Integer()), parameter("share", Integer())).table_valued(
            column("tenant_id", Integer), column("id", BigInteger), column("kind", Text)
        )
    )
)
_TENANT_BY_ID: Final = prepare(tenant_rows(TENANT.c.id == parameter("id", Integer())))


_OPEN: Final = prepare(
    select(TENANT.c.id).where(
        TENANT.c.id == func.any(parameter("numbers", ARRAY(Integer))),
        TENANT.c.status.in_([ACTIVE, PLATFORM_STATUS]),
    )
)


async def nobodys_job(context: JobContext) -> JsonObject:
    """Refuse a job of somebody who may not come in any more. Raises Forbidden."""
    raise Forbidden("Whoever asked for this may not come in any more.")


@dataclass(slots=True)
class Worker:
    """Runs jobs on an engine. stopping is set when no new step may begin.

    share: how many jobs of one tenant may be under way at a time. closed: tenants that were closed
    while jobs of theirs ran, which therefore stop at their next step.
    """

    engine: Engine
    kinds: Mapping[str, JobFunction]
    clock: Clock = field(default_factory=SystemClock)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    share: int = TENANT_JOBS
    closed: set[int] = field(default_factory=set)
    _poked: asyncio.Event = field(default_factory=asyncio.Event)
    _running: Counter[int] = field(default_factory=Counter)

    async def run_job(self, tenant_id: int, job_id: int) -> Job | None:
        """Run a job to its end or its next stop; None if there is nothing to do."""
        values = {"id": tenant_id}
        row = await self.engine.pool.fetchrow(_TENANT_BY_ID.sql, *_TENANT_BY_ID.arguments(values))
        if row is None or self.stopping.is_set():
            return None
        tenant = tenant_from(row)
        if not tenant.is_open:
            return None
        viewer = await self.engine.administrators.get(tenant)
        now = self.clock.now()
        job = await claim_job(self.engine.database, tenant, viewer, job_id, now)
        if job is None:
            return None
        work = self.kinds.get(job.kind, unknown_kind)
        in_name_of = await self._in_name_of(tenant, viewer, job)
        if in_name_of is None:
            in_name_of, work = replace(viewer, standing=NOBODY), nobodys_job
        context = JobContext(
            self.engine.database, tenant, in_name_of, job, partial(self._stops, tenant.id)
        )
        self._running[tenant.id] += 1
        try:
            return await run_claimed(context, work)
        finally:
            self._running[tenant.id] -= 1
            self._running += Counter()  # forgets those of whom none runs
            self._poked.set()  # another of the tenant's jobs may have its turn

    def _stops(self, tenant_id: int) -> bool:
        """Tell whether a tenant's jobs are to stop at their next step."""
        return self.stopping.is_set() or tenant_id in self.closed

    async def look_at_tenants(self) -> None:
        """Find out which of the tenants whose jobs run were closed since."""
        values = {"numbers": sorted(self._running)}
        rows = await self.engine.pool.fetch(_OPEN.sql, *_OPEN.arguments(values))
        self.closed = set(self._running) - {row["id"] for row in rows}

    async def _in_name_of(self, tenant: Tenant, viewer: Viewer, job: Job) -> Viewer | None:
        """A job acts in the name of whoever asked for it, with the rights they have by now.

        None if they may not come in any more. Work of the system itself has no actor.
        """
        if job.actor_id is None:
            return replace(viewer, user_id=None)
        actor = RecordId(job.actor_id)
        if not await self.engine.gate.is_closed(tenant):
            return replace(viewer, user_id=actor)
        async with self.engine.database.read(tenant, viewer) as tx:
            member = await tx.row(MEMBER_BY_USER, tenant=tenant.id, user_id=actor)
        if member is not None and member["ended_at"] is None:
            return viewer_for(member)
        # The operator acts as the administrator, member or not.
        return viewer if member is None and actor == viewer.user_id else None

    async def relay(self, broker: RedisBroker) -> None:
        """Send the jobs that wait to the queue, as soon as they are committed, until stopping."""
        poked = self._poked
        async with self._listening(poked):
            while not self.stopping.is_set():
                poked.clear()
                try:
                    if self._running:
                        await self.look_at_tenants()
                    found = await self._relay_once(broker)
                except (redis.RedisError, asyncpg.PostgresError, OSError) as error:
                    LOGGER.warning("jobs are not relayed: %s", error)
                    found = 0
                if found < _RELAYED_AT_ONCE:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(poked.wait(), _LOOK_EVERY_S)

    async def _relay_once(self, broker: RedisBroker) -> int:
        values = {"most": _RELAYED_AT_ONCE, "share": self.share}
        rows = await self.engine.pool.fetch(_WAITING.sql, *_WAITING.arguments(values))
        for row in rows:
            await asyncio.to_thread(send, broker, row["tenant_id"], row["id"])
        return len(rows)

    @asynccontextmanager
    async def _listening(self, poked: asyncio.Event) -> AsyncIterator[None]:
        """Be told of committed jobs at once; where a pooler prevents that, looking must do."""

        def heard(*_: Any) -> None:
            poked.set()

        async with self.engine.pool.acquire() as connection:
            await connection.add_listener(CHANNEL, heard)
            try:
                yield
            finally:
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await connection.remove_listener(CHANNEL, heard)


async def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT. Jobs stop at their next step and go on at the next start."""
    assert settings.redis_url is not None
    engine = await open_engine(settings)
    kinds = {**job_kinds(settings), **platform_jobs(settings, engine.tenants)}
    worker = Worker(engine, kinds, share=settings.tenant_jobs)
    calm_collector()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stopping.set)
    broker = open_broker(settings.redis_url)

    def run(tenant_id: int, job_id: int) -> None:
        asyncio.run_coroutine_threadsafe(worker.run_job(tenant_id, job_id), loop).result()

    declare_actor(broker, run)
    threads = dramatiq.Worker(broker, worker_threads=THREADS)
    threads.start()
    rules, clock = storage_rules_of(settings), worker.clock
    besides = partial(purge_due, settings, engine.database, clock)
    maintenance = Maintenance(engine.pool, engine.database, rules, clock, besides)
    sealer = LogSealer(engine.pool, engine.database, seal_key_of(settings), witness_of(settings))
    keeping = asyncio.gather(
        maintenance.keep_up(worker.stopping),
        keep_ledger(engine.pool, worker.stopping),
        sealer.keep_up(worker.stopping),
    )
    try:
        await worker.relay(broker)
    finally:
        worker.stopping.set()
        await keeping
        # In a thread of its own, since the jobs that are waited for need this loop.
        await asyncio.to_thread(threads.stop, timeout=int(_PATIENCE_S * 1000))
        await engine.close()
        broker.close()


def main() -> None:
    """Run the process."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    lifeline.watch(os.environ)
    uvloop.run(work(load_settings(os.environ, {})))


if __name__ == "__main__":
    main()
