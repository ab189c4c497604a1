"""/admin/jobs/{id}: how far a job is, what came of it, ending it, and beginning it again."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, NotFound, Problem
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.conversion.starting import CONVERT
from fieldstone.runtime.jobs import Job, JobState, UnknownJob, load_job, request_cancel
from fieldstone.runtime.metadata_plans import apply_again
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.shell import Crumb, Place, page, part
from fieldstone.ui_generator.viewing import viewing_of

_ADDRESS: Final = "/admin/jobs"
_LONGEST_NUMBER: Final = 18
_WORDS: Final = {
    JobState.WAITING: "Waiting",
    JobState.RUNNING: "At work",
    JobState.DONE: "Done",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
}
_TITLES: Final = {CONVERT: "Converting values"}


def job_address(number: int) -> str:
    """Give where the page of a job is."""
    return f"{_ADDRESS}/{number}"


async def show_job_page(request: Request) -> Response:
    """GET /admin/jobs/{id}: a job, and as long as it works, how far it is."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        job = await load_job(tx, _number(request))
        return _page(request, tx, job)


async def show_job_state(request: Request) -> Response:
    """GET /admin/jobs/{id}/state: the part of the page that changes while the job works."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return part(
            request, "parts/job_state.html", **_values(await load_job(tx, _number(request)))
        )


async def change_job(request: Request) -> Response:
    """POST /admin/jobs/{id}: end a job, or begin one again that came to nothing."""
    number, sent = _number(request), await read_form(request)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    cause = {**cause_of(request), **setup_cause(request)}
    try:
        if sent.get("do") == "again":
            async with database.change_metadata(tenant, viewer, cause) as tx:
                applied = await apply_again(tx, await load_job(tx, number))
            if applied.job is None:
                return RedirectResponse(f"/admin/changes/{applied.catalog.version}", 303)
            number = applied.job
        else:
            async with database.write(tenant, viewer, cause) as tx:
                await request_cancel(tx, number)
    except (Forbidden, NotFound):
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return _page(request, tx, await load_job(tx, number), error.problems)
    return RedirectResponse(job_address(number), 303)


def _page(
    request: Request, tx: Transaction, job: Job, problems: tuple[Problem, ...] = ()
) -> Response:
    title = f"Job {job.id}"
    place = Place(title, "setup", (SETUP, Crumb(title)))
    values = {**_values(job), "problems": problems, "view": viewing_of(tx)}
    return page(request, tx, place, "job.html", 422 if problems else 200, **values)


def _values(job: Job) -> dict[str, Any]:
    """Give a job as it is shown."""
    progress: Any = job.progress
    done, total = progress.get("done"), progress.get("total")
    is_told = isinstance(done, int) and isinstance(total, int) and total > 0
    result: Any = job.result or {}
    is_ours = job.kind == CONVERT
    came_to_nothing = job.state in (JobState.CANCELLED, JobState.FAILED)
    return {
        "job": job,
        "address": job_address(job.id),
        "heading": _TITLES.get(job.kind, job.kind.replace("_", " ").replace(".", ", ")),
        "state": "Ending" if job.cancel_requested and not job.state.is_end else _WORDS[job.state],
        "done": min(done, total) if is_told else None,
        "total": total if is_told else None,
        "errors": result.get("errors", ()),
        "version": result.get("version") if is_ours else None,
        "may_begin_again": is_ours and came_to_nothing,
    }


def _number(request: Request) -> int:
    text = request.path_params["id"]
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise UnknownJob(f"There is no job {text[:80]}.")
    return int(text)
