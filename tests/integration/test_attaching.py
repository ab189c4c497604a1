"""Attach rules where more records wait than one request attaches, and what a job does then."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fieldstone.runtime.job_runs import JobContext, JobInterrupted, claim_job
from fieldstone.runtime.jobs import JobState
from fieldstone.runtime.records.attach_job import run_attach
from fieldstone.runtime.records.attaching import MOST_AT_ONCE
from tests.support.imports import Desk

ACME = {"name": "Acme Corp", "domain": "acme.example"}
MORE = MOST_AT_ONCE * 2 + 100


async def waiting_contacts(desk: Desk, count: int, **more: Any) -> None:
    """Make contacts that wait for a company of their domain."""
    for first in range(0, count, 5_000):
        records = [
            {"name": f"Person {n}", "email": f"p{n}@acme.example", **more}
            for n in range(first, min(count, first + 5_000))
        ]
        await desk.api.post("/api/records/Contact", {"records": records}, status=200)


async def attached(desk: Desk, api: Any = None) -> int:
    """Count the contacts with a company."""
    page = await (api or desk.api).get("/api/records/Contact?where=company != null&count=1&limit=1")
    total: int = page["total"]
    return total


async def job_of(desk: Desk) -> dict[str, Any] | None:
    """Give the newest job that attaches."""
    jobs = (await desk.api.get("/api/jobs"))["jobs"]
    return next((job for job in jobs if job["kind"] == "records.attach"), None)


async def test_few_records_are_attached_at_once_and_without_a_job(desk: Desk) -> None:
    await waiting_contacts(desk, 3)

    await desk.api.post("/companies", ACME)

    assert await attached(desk) == 3
    assert await job_of(desk) is None


async def test_however_many_wait_all_are_attached(desk: Desk) -> None:
    await waiting_contacts(desk, MORE)

    made = await desk.api.post("/companies", ACME)
    at_once = await attached(desk)
    job = await job_of(desk)
    assert job is not None
    ended = await desk.run(job["id"])

    assert at_once == MOST_AT_ONCE
    assert ended is not None
    assert (ended.state, ended.result) == (JobState.DONE, {"attached": MORE - MOST_AT_ONCE})
    assert await attached(desk) == MORE
    last = (await desk.api.get("/contacts?order_by=id DESC&limit=1"))["data"][0]
    assert last["company"]["id"] == made["id"]
    history = await desk.api.get(f"/api/records/Contact/{last['id']}/history")
    assert [change["operation"] for change in history["changes"]] == ["update", "create"]


async def test_job_that_was_stopped_goes_on_where_it_was(desk: Desk) -> None:
    await waiting_contacts(desk, MORE)
    await desk.api.post("/companies", ACME)
    job = await job_of(desk)
    assert job is not None
    engine = desk.worker.engine
    tenant = await engine.tenants.ensure_default()
    viewer = await engine.administrators.get(tenant)
    async with engine.database.read(tenant, viewer) as tx:
        now = tx.now
    claimed = await claim_job(engine.database, tenant, viewer, job["id"], now)
    assert claimed is not None
    context = JobContext(engine.database, tenant, viewer, claimed)
    told = iter([False, True])
    context.stopping = lambda: next(told)

    with pytest.raises(JobInterrupted):
        await run_attach(context)
    halfway = await attached(desk)
    result = await run_attach(JobContext(engine.database, tenant, viewer, context.job))

    assert halfway == 2 * MOST_AT_ONCE
    assert result == {"attached": MORE - MOST_AT_ONCE}
    assert await attached(desk) == MORE


async def test_what_was_attached_or_moved_away_meanwhile_is_left_alone(desk: Desk) -> None:
    await waiting_contacts(desk, MOST_AT_ONCE + 3)
    await desk.api.post("/companies", ACME)
    other = await desk.api.post("/companies", {"name": "Other"})
    first, second, third = (
        await desk.api.get("/contacts?order_by=id DESC&limit=3&fields=id,name")
    )["data"]
    await desk.api.patch(f"/contacts/{first['id']}", {"company": other["id"]})
    await desk.api.patch(f"/contacts/{second['id']}", {"email": "p@elsewhere.example"})
    await desk.api.delete(f"/contacts/{third['id']}")
    job = await job_of(desk)
    assert job is not None

    await desk.run(job["id"])

    assert (await desk.api.get(f"/contacts/{first['id']}"))["company"]["id"] == other["id"]
    assert (await desk.api.get(f"/contacts/{second['id']}"))["company"] is None


async def test_records_that_cannot_be_attached_do_not_keep_a_job_from_its_end(desk: Desk) -> None:
    await waiting_contacts(desk, MOST_AT_ONCE + 5)
    await desk.api.post("/companies", ACME)
    # Nothing that was there before has the value that is asked for from now on.
    field = {"name": "badge", "type": "text", "required": True}
    await desk.api.post("/api/objects/Contact/fields", field)
    job = await job_of(desk)
    assert job is not None

    ended = await asyncio.wait_for(desk.run(job["id"]), 60)

    assert ended is not None
    assert (ended.state, ended.result) == (JobState.DONE, {"attached": 0})


async def test_job_of_a_rule_that_is_gone_ends(desk: Desk) -> None:
    await waiting_contacts(desk, MOST_AT_ONCE + 1)
    await desk.api.post("/companies", ACME)
    job = await job_of(desk)
    assert job is not None
    rules = await desk.api.get("/api/metadata/components/attach_rule")
    for rule in rules["components"]:
        await desk.api.delete(f"/api/metadata/components/attach_rule/{rule['name']}", status=204)

    ended = await desk.run(job["id"])

    assert ended is not None
    assert ended.result == {"attached": 0}


async def test_contacts_of_another_tenant_are_not_attached(desk: Desk) -> None:
    await waiting_contacts(desk, MOST_AT_ONCE + 1)

    await desk.other.post("/companies", ACME)

    assert (await desk.other.get("/api/jobs"))["jobs"] == []
    assert await attached(desk) == 0
