"""Exports in the background: a job writes the file, tells how far it is, and can be ended."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from fieldstone.metadata.rights import Rights
from fieldstone.runtime.export_job import begin_export
from fieldstone.runtime.exports import Form, Format
from fieldstone.runtime.job_runs import STALE, claim_job
from fieldstone.runtime.jobs import JobState
from tests.support.app import owner_connection
from tests.support.imports import Desk
from tests.support.rights import having

QUERY = "SELECT name, value, close_date, company.name FROM Deal ORDER BY value"


async def begin(desk: Desk, **asked: Any) -> int:
    """Ask for an export and give the number of its job."""
    body = {"q": QUERY, "format": "csv", **asked}
    job = await desk.api.post("/api/exports", body, status=202)
    assert job["state"] == "waiting"
    assert job["url"] == f"/api/exports/{job['id']}"
    number: int = job["id"]
    return number


async def add_deals(desk: Desk, count: int) -> None:
    """Make deals of one company."""
    company = await desk.api.post("/companies", {"name": "Acme"})
    records = [
        {"name": f"Deal {n}", "value": n, "close_date": "2026-03-20", "company": company["id"]}
        for n in range(count)
    ]
    await desk.api.post("/api/records/Deal?show=ids", {"records": records}, status=200)


async def until_running(desk: Desk, number: int) -> None:
    """Wait until a worker has taken a job up."""
    for _ in range(500):
        if (await desk.api.get(f"/api/exports/{number}"))["state"] != "waiting":
            return
        await asyncio.sleep(0.02)


async def file_of(desk: Desk, number: int) -> bytes:
    """Download what an export has written."""
    moved = await desk.api.send("GET", f"/api/exports/{number}/file")
    assert moved.status_code == 303
    answer = await desk.api.send("GET", moved.headers["location"])
    assert answer.headers["content-disposition"].startswith("attachment")
    return answer.content


async def test_a_job_writes_the_file_of_an_export(desk: Desk) -> None:
    await add_deals(desk, 3)
    number = await begin(desk, headers="labels")

    await desk.run(number)

    job = await desk.api.get(f"/api/exports/{number}")
    assert (job["state"], job["result"]["rows"]) == ("done", 3)
    assert job["progress"] == {"done": 3, "total": 3, "words": "Wrote 3 of 3 rows."}
    rows = list(csv.reader(io.StringIO((await file_of(desk, number)).decode())))
    assert rows[0] == ["Name", "Value", "Close date", "Company: Name"]
    assert rows[1] == ["Deal 0", "0", "2026-03-20", "Acme"]
    assert len(rows) == 4


async def test_a_workbook_of_a_job_goes_on_in_further_sheets(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldstone.runtime.workbooks.MOST_IN_SHEET", 2)
    await add_deals(desk, 5)
    number = await begin(desk, format="xlsx")

    await desk.run(number)

    path = tmp_path / "deals.xlsx"
    path.write_bytes(await file_of(desk, number))
    book = CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["Deal", "Deal 2", "Deal 3"]
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    assert [sheet[0] for sheet in sheets] == [["name", "value", "close_date", "company.name"]] * 3
    assert [row[0] for sheet in sheets for row in sheet[1:]] == [f"Deal {n}" for n in range(5)]
    assert sheets[0][1] == ["Deal 0", 0.0, dt.date(2026, 3, 20), "Acme"]


async def test_a_cancelled_export_leaves_no_file(desk: Desk, app_dsn: str, tmp_path: Path) -> None:
    await add_deals(desk, 3)
    number = await begin(desk)
    async with owner_connection(app_dsn) as owner, owner.transaction():
        await owner.execute("LOCK TABLE record IN ACCESS EXCLUSIVE MODE")
        running = asyncio.create_task(desk.run(number))
        await until_running(desk, number)
        await desk.api.post(f"/api/jobs/{number}/cancel", {}, status=200)
    await running

    job = await desk.api.get(f"/api/exports/{number}")
    assert job["state"] == "cancelled"
    refused = await desk.api.refused("GET", f"/api/exports/{number}/file", status=409)
    assert refused[0]["code"] == "export.not_done"
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


async def test_an_export_whose_worker_died_begins_anew(desk: Desk) -> None:
    await add_deals(desk, 3)
    number = await begin(desk)
    worker = desk.worker
    tenant = await worker.engine.tenants.ensure_default()
    viewer = await worker.engine.administrators.get(tenant)
    long_ago = worker.clock.now() - 2 * STALE
    taken = await claim_job(worker.engine.database, tenant, viewer, number, worker.clock.now())
    assert taken is not None
    async with worker.engine.database.write(tenant, viewer) as tx:
        await tx.fetch("UPDATE job SET heartbeat_at = $1 WHERE id = $2", [long_ago, number])

    job = await desk.run(number)

    assert job is not None
    assert (job.state, job.attempts) == (JobState.DONE, 2)
    assert (await file_of(desk, number)).count(b"Deal") == 3


async def test_files_of_exports_are_cleared_after_some_days(desk: Desk) -> None:
    await add_deals(desk, 1)
    number = await begin(desk)
    await desk.run(number)
    jobs = (await desk.api.get("/api/jobs"))["jobs"]
    [clear] = [job for job in jobs if job["kind"] == "export.clear"]
    await _due(desk, clear["id"])

    await desk.run(clear["id"])

    moved = await desk.api.send("GET", f"/api/exports/{number}/file")
    assert (await desk.api.send("GET", moved.headers["location"])).status_code == 404


async def _due(desk: Desk, number: int) -> None:
    tenant = await desk.worker.engine.tenants.ensure_default()
    viewer = await desk.worker.engine.administrators.get(tenant)
    async with desk.worker.engine.database.write(tenant, viewer) as tx:
        await tx.fetch("UPDATE job SET run_after = now() WHERE id = $1", [number])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"q": "SELECT nope FROM Deal"}, "query.unknown_field"),
        ({"format": ""}, "export.bad_format"),
        ({"format": "pdf"}, "export.bad_format"),
        ({"cursor": "x"}, "query.contradiction"),
    ],
)
async def test_a_bad_export_is_refused_before_it_is_a_job(
    desk: Desk, asked: dict[str, Any], code: str
) -> None:
    body = {"q": QUERY, "format": "csv", **asked}

    [problem] = await desk.api.refused("POST", "/api/exports", body, status=422)

    assert problem["code"] == code


async def test_a_tenant_has_so_many_exports_under_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldstone.runtime.export_job.MOST_OPEN", 1)
    await begin(desk)

    body = {"q": QUERY, "format": "csv"}
    [problem] = await desk.api.refused("POST", "/api/exports", body, status=503)

    assert problem["code"] == "export.too_many"


async def test_an_export_is_written_under_the_rights_it_was_asked_with(desk: Desk) -> None:
    worker = desk.worker
    tenant = await worker.engine.tenants.ensure_default()
    viewer = replace(
        await worker.engine.administrators.get(tenant), standing=having(Rights(digest="hardly any"))
    )
    async with worker.engine.database.write(tenant, viewer) as tx:
        waiting = await begin_export(tx, {"q": QUERY}, Form(Format.CSV))

    job = await desk.run(waiting.id)

    assert job is not None
    assert job.state is JobState.FAILED
    errors: Any = (job.result or {})["errors"]
    assert errors[0]["code"] == "export.rights_changed"


async def test_another_tenant_sees_no_export(desk: Desk) -> None:
    await add_deals(desk, 1)
    number = await begin(desk)
    await desk.run(number)
    file = (await desk.api.get(f"/api/exports/{number}"))["result"]["url"]

    await desk.other.refused("GET", f"/api/exports/{number}", status=404)
    await desk.other.refused("GET", f"/api/exports/{number}/file", status=404)
    await desk.other.refused("GET", file, status=404)
