"""Jobs are lost by nobody: not by the queue, not by a killed worker, not by two at once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from fieldstone.clock import SystemClock
from fieldstone.metadata.values import JsonObject
from fieldstone.platform.worker import Worker
from fieldstone.runtime import job_runs
from fieldstone.runtime.imports import start
from fieldstone.runtime.job_runs import STALE, JobContext, claim_job
from fieldstone.runtime.jobs import Job, JobState, enqueue, load_job
from tests.support.app import owner_connection
from tests.support.imports import Desk, opened_desk

ROWS = 12_000
PATIENCE_S = 120.0


async def put(desk: Desk, kind: str = "count", **arguments: Any) -> int:
    """Write a job down."""
    engine = desk.worker.engine
    tenant = await engine.tenants.ensure_default()
    viewer = await engine.administrators.get(tenant)
    async with engine.database.write(tenant, viewer) as tx:
        return await enqueue(tx, kind, arguments)


async def job_of(desk: Desk, number: int) -> Job:
    """Give a job as it is now."""
    engine = desk.worker.engine
    tenant = await engine.tenants.ensure_default()
    viewer = await engine.administrators.get(tenant)
    async with engine.database.read(tenant, viewer) as tx:
        return await load_job(tx, number)


def working(desk: Desk, **kinds: Any) -> Worker:
    """Give a worker that knows these kinds."""
    return Worker(desk.worker.engine, kinds)


async def run(desk: Desk, worker: Worker, number: int) -> Job | None:
    """Run a job of the tenant default."""
    tenant = await desk.worker.engine.tenants.ensure_default()
    return await worker.run_job(tenant.id, number)


async def test_a_job_is_kept_with_its_transaction_and_not_without(desk: Desk):
    engine = desk.worker.engine
    tenant = await engine.tenants.ensure_default()
    viewer = await engine.administrators.get(tenant)

    async def write_and_fail() -> None:
        async with engine.database.write(tenant, viewer) as tx:
            await enqueue(tx, "count", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()
    assert (await desk.api.get("/api/jobs"))["jobs"] == []
    number = await put(desk)
    assert [one["id"] for one in (await desk.api.get("/api/jobs"))["jobs"]] == [number]


async def test_a_job_runs_once_however_often_it_is_sent(desk: Desk):
    seen: list[int] = []

    async def count(context: JobContext) -> JsonObject:
        seen.append(context.job.id)
        await asyncio.sleep(0.05)
        return {"counted": 1}

    worker, number = working(desk, count=count), await put(desk)
    ended = await asyncio.gather(*(run(desk, worker, number) for _ in range(5)))
    assert sum(job is not None for job in ended) == 1
    assert await run(desk, worker, number) is None
    assert seen == [number]
    shown = await desk.api.get(f"/api/jobs/{number}")
    assert (shown["state"], shown["result"], shown["attempts"]) == ("done", {"counted": 1}, 1)


async def test_an_error_of_the_caller_ends_a_job_at_once(desk: Desk):
    async def fail(context: JobContext) -> JsonObject:
        async with context.write() as tx:
            tx.catalog.get_object("Nope")
        return {}

    number = await put(desk)
    ended = await run(desk, working(desk, count=fail), number)
    assert ended is not None
    assert ended.state is JobState.FAILED
    errors = (await desk.api.get(f"/api/jobs/{number}"))["result"]["errors"]
    assert errors[0]["code"] == "metadata.unknown_object"


async def test_an_unknown_error_is_tried_again_later_and_then_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(job_runs, "_RETRY_S", 0.0)
    tries = 0

    async def fail(context: JobContext) -> JsonObject:
        nonlocal tries
        tries += 1
        raise RuntimeError("the secret of the house")

    worker, number = working(desk, count=fail), await put(desk)
    for _ in range(job_runs.MOST_ATTEMPTS + 2):
        await run(desk, worker, number)
    shown = await desk.api.get(f"/api/jobs/{number}")
    assert (shown["state"], tries) == ("failed", job_runs.MOST_ATTEMPTS)
    assert "secret" not in str(shown)


async def test_a_stale_job_is_taken_over_and_its_old_run_writes_nothing_more(desk: Desk):
    engine = desk.worker.engine
    tenant = await engine.tenants.ensure_default()
    viewer = await engine.administrators.get(tenant)
    number, now = await put(desk), SystemClock().now() + timedelta(seconds=1)
    first = await claim_job(engine.database, tenant, viewer, number, now)
    assert first is not None
    assert await claim_job(engine.database, tenant, viewer, number, now) is None
    second = await claim_job(
        engine.database, tenant, viewer, number, now + STALE + timedelta(seconds=1)
    )
    assert second is not None
    assert second.attempts == 2
    slow = JobContext(engine.database, tenant, viewer, first)
    async with slow.write() as tx:
        with pytest.raises(job_runs.JobLost):
            await slow.checkpoint(tx, {"done": 1})
    assert (await job_of(desk, number)).progress == {}


async def test_a_job_that_ends_its_process_again_and_again_fails(desk: Desk):
    engine, number = desk.worker.engine, await put(desk)
    tenant = await engine.tenants.ensure_default()
    viewer = await engine.administrators.get(tenant)
    later = SystemClock().now()
    for _ in range(job_runs.MOST_ATTEMPTS):
        later += STALE + timedelta(seconds=1)
        assert await claim_job(engine.database, tenant, viewer, number, later) is not None
    later += STALE + timedelta(seconds=1)
    assert await claim_job(engine.database, tenant, viewer, number, later) is None
    shown = await desk.api.get(f"/api/jobs/{number}")
    assert shown["state"] == "failed"
    assert "5 times" in shown["result"]["errors"][0]["message"]
    assert await claim_job(engine.database, tenant, viewer, number, later) is None


async def test_a_job_of_an_unknown_kind_fails_with_its_name(desk: Desk):
    number = await put(desk, kind="nothing_known")
    ended = await run(desk, working(desk), number)
    assert ended is not None
    assert ended.state is JobState.FAILED
    assert ended.result is not None
    errors: Any = ended.result["errors"]
    [error] = errors
    assert error["code"] == "job.unknown_kind"
    assert "nothing_known" in str(error)


async def test_how_far_a_job_got_is_told_while_metadata_changes(desk: Desk):
    engine, number = desk.worker.engine, await put(desk)
    tenant = await engine.tenants.ensure_default()
    viewer = await engine.administrators.get(tenant)
    now = SystemClock().now()
    async with engine.database.change_metadata(tenant, viewer), asyncio.timeout(10):
        job = await claim_job(engine.database, tenant, viewer, number, now)
        assert job is not None
        await JobContext(engine.database, tenant, viewer, job).tell({"done": 3})
    assert (await job_of(desk, number)).progress == {"done": 3}


async def test_a_running_job_stops_at_its_next_step_when_it_is_cancelled(desk: Desk):
    begun = asyncio.Event()

    async def count(context: JobContext) -> JsonObject:
        for done in range(1000):
            async with context.write() as tx:
                await context.checkpoint(tx, {"done": done, "total": 1000})
            context.go_on()
            begun.set()
        return {}

    number = await put(desk)
    running = asyncio.create_task(run(desk, working(desk, count=count), number))
    await begun.wait()
    asked = await desk.api.post(f"/api/jobs/{number}/cancel", "", status=200)
    assert asked["cancel_requested"]
    ended = await running
    assert ended is not None
    assert ended.state is JobState.CANCELLED
    [problem] = await desk.api.refused("POST", f"/api/jobs/{number}/cancel", status=409)
    assert problem["code"] == "job.ended"


async def test_a_waiting_job_is_cancelled_at_once(desk: Desk):
    number = await put(desk)
    shown = await desk.api.post(f"/api/jobs/{number}/cancel", "", status=200)
    assert shown["state"] == "cancelled"
    assert await run(desk, working(desk), number) is None


async def test_jobs_are_paged_from_the_newest(desk: Desk):
    numbers = [await put(desk) for _ in range(5)]
    first = await desk.api.get("/api/jobs?limit=3")
    rest = await desk.api.get(f"/api/jobs?limit=3&cursor={first['next']}")
    shown = [one["id"] for one in (*first["jobs"], *rest["jobs"])]
    assert shown == numbers[::-1]
    assert rest["next"] is None


@pytest.mark.parametrize("number", ["0", "99999", "x", "1e3", "-1", "9" * 30])
async def test_a_job_that_is_not_there_is_not_found(desk: Desk, number: str):
    [problem] = await desk.api.refused("GET", f"/api/jobs/{number}", status=404)
    assert problem["code"] == "job.unknown"


@contextmanager
def a_worker(dsn: str, redis_url: str, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker process for a block."""
    variables = {
        **os.environ,
        "FIELDSTONE_DATABASE_URL": dsn,
        "FIELDSTONE_REDIS_URL": redis_url,
        "FIELDSTONE_DATA": str(data),
    }
    command = [sys.executable, "-m", "fieldstone.platform.worker"]
    with subprocess.Popen(command, env=variables) as process:
        try:
            yield process
        finally:
            process.kill()


async def until(desk: Desk, number: int, wanted: Any) -> Job:
    """Wait until a job is as it should be."""
    async with asyncio.timeout(PATIENCE_S):
        while not wanted(job := await job_of(desk, number)):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)
    return job


async def pass_time(dsn: str) -> None:
    """Let two minutes pass for all jobs."""
    async with owner_connection(dsn) as connection:
        await connection.execute(
            "UPDATE job SET relayed_at = relayed_at - interval '2 minutes',"
            " heartbeat_at = heartbeat_at - interval '2 minutes'"
        )


def a_long_list() -> str:
    """Give a file that takes a few batches."""
    return "Name,Email\n" + "\n".join(f"Person {n},p{n}@c.example" for n in range(ROWS))


@pytest.fixture
async def far_desk(fresh_app_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """An application on a database of its own, whose jobs another process runs."""
    async with opened_desk(fresh_app_dsn, tmp_path) as opened:
        yield opened


@pytest.mark.slow
async def test_a_killed_worker_loses_and_doubles_nothing(
    far_desk: Desk, fresh_app_dsn: str, valkey_url: str, tmp_path: Path
):
    answer = await far_desk.upload(a_long_list(), object="Company", status=202)
    number = answer["job"]["id"]
    with a_worker(fresh_app_dsn, valkey_url, tmp_path) as first:
        await until(far_desk, number, lambda job: job.progress.get("done", 0) > 0)
        first.send_signal(signal.SIGKILL)
        first.wait()
    killed = await job_of(far_desk, number)
    assert killed.state is JobState.RUNNING
    assert killed.progress["done"] < ROWS  # type: ignore[operator]
    await pass_time(fresh_app_dsn)
    with a_worker(fresh_app_dsn, valkey_url, tmp_path):
        ended = await until(far_desk, number, lambda job: job.state.is_end)
    assert ended.state is JobState.DONE
    assert ended.attempts == 2
    assert ended.result is not None
    assert (ended.result["imported"], ended.result["rows"]) == (ROWS, ROWS)
    count = await far_desk.api.get("/api/query?q=SELECT COUNT() FROM Company")
    assert count["total"] == ROWS


@pytest.mark.slow
async def test_a_lost_queue_loses_no_job(
    far_desk: Desk,
    fresh_app_dsn: str,
    valkey_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(start, "SMALL_ROWS", 0)
    answer = await far_desk.upload("Name\nAcme\n", object="Company", status=202)
    async with owner_connection(fresh_app_dsn) as connection:
        # The message was sent, and then the queue lost it.
        await connection.execute("UPDATE job SET relayed_at = now()")
    queue: Any = redis.Redis.from_url(valkey_url)
    queue.flushdb()
    queue.close()
    await pass_time(fresh_app_dsn)
    with a_worker(fresh_app_dsn, valkey_url, tmp_path):
        ended = await until(far_desk, answer["job"]["id"], lambda job: job.state.is_end)
    assert ended.state is JobState.DONE
    assert await far_desk.names() == ["Acme"]


@pytest.mark.slow
async def test_a_worker_that_is_told_to_stop_leaves_its_job_for_the_next(
    far_desk: Desk, fresh_app_dsn: str, valkey_url: str, tmp_path: Path
):
    answer = await far_desk.upload(a_long_list(), object="Company", status=202)
    number = answer["job"]["id"]
    with a_worker(fresh_app_dsn, valkey_url, tmp_path) as first:
        await until(far_desk, number, lambda job: job.progress.get("done", 0) > 0)
        first.terminate()
        assert await asyncio.to_thread(first.wait, 60) == 0
    stopped = await job_of(far_desk, number)
    assert stopped.state in {JobState.WAITING, JobState.DONE}
    with a_worker(fresh_app_dsn, valkey_url, tmp_path):
        ended = await until(far_desk, number, lambda job: job.state.is_end)
    assert ended.state is JobState.DONE
    assert ended.result is not None
    assert ended.result["imported"] == ROWS
