"""Endpoints for jobs: /api/jobs: what runs in the background, how far it is, and how to end it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import MOST_PER_PAGE, PAGE_SIZE, json_response, whole_number
from fieldstone.metadata.values import Json
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.jobs import Job, UnknownJob, load_job, load_jobs, request_cancel

_NEWEST: Final = 2**63 - 1
_LONGEST_NUMBER: Final = 18


async def list_jobs(request: Request) -> Response:
    """GET /api/jobs: the newest jobs first, without their results."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    before = whole_number(request, "cursor", _NEWEST, _NEWEST)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await load_jobs(tx, before=before, most=limit + 1)
    following = str(found[limit - 1].id) if len(found) > limit else None
    shown = [{key: v for key, v in show_job(job).items() if key != "result"} for job in found]
    return json_response({"jobs": shown[:limit], "next": following})


async def get_job(request: Request) -> Response:
    """GET /api/jobs/{id}: one job, with its result once it has ended."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        job = await load_job(tx, job_number(request))
    return json_response(show_job(job))


async def cancel_job(request: Request) -> Response:
    """POST /api/jobs/{id}/cancel: ask a job to end; it stops at its next step."""
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        job = await request_cancel(tx, job_number(request))
    return json_response(show_job(job))


def job_number(request: Request) -> int:
    """Give the number of a job in an address. Raises UnknownJob."""
    text = request.path_params["id"]
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise UnknownJob(f"There is no job {text[:80]}.")
    return int(text)


def show_job(job: Job) -> dict[str, Json]:
    """Give a job as callers see it."""
    progress = {key: value for key, value in job.progress.items() if key != "checkpoint"}
    ended = job.finished_at
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state.value,
        "progress": progress,
        "result": job.result,
        "cancel_requested": job.cancel_requested,
        "attempts": job.attempts,
        "created_at": job.created_at.isoformat(),
        "finished_at": None if ended is None else ended.isoformat(),
        "url": f"/api/jobs/{job.id}",
    }


ROUTES: Final = (
    Route("/api/jobs", list_jobs, methods=["GET"]),
    Route("/api/jobs/{id}", get_job, methods=["GET"]),
    Route("/api/jobs/{id}/cancel", cancel_job, methods=["POST"]),
)
