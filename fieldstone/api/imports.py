"""Endpoints of imports: /import takes a file; a small one is answered at once, others as a job."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from fieldstone.api.files import download_headers
from fieldstone.api.jobs import job_number, show_job
from fieldstone.api.requests import BadParameter, json_response
from fieldstone.api.uploads import Form, files_of, keep_upload, read_upload
from fieldstone.errors import NotFound, Problem, Several
from fieldstone.metadata.values import Json, read_json
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.imports.ledger import Fate
from fieldstone.runtime.imports.plan import IMPORT, ImportPlan
from fieldstone.runtime.imports.report import in_order, rows_left_over
from fieldstone.runtime.imports.run import ImportParts, run_import
from fieldstone.runtime.imports.source import open_source
from fieldstone.runtime.imports.start import (
    ImportRequest,
    begin_import,
    open_upload,
    preview_import,
)
from fieldstone.runtime.job_runs import JobContext, run_claimed
from fieldstone.runtime.jobs import Job, JobState, UnknownJob, load_job

_FATES: Final = {"rejected.csv": Fate.REJECTED, "held.csv": Fate.HELD}


class NoSuchFile(NotFound):
    """An import has no such file."""

    code = "import.no_such_file"


async def import_file(request: Request) -> Response:
    """POST /import: import a file of rows.

    Form fields: file; object (Contact), mapping (JSON of header to field; proposed where missing),
    key (a field by which rows change records), duplicates (review, create or merge), dry_run,
    as_of (up to when the sender knew the records, which nobody may have changed since).
    """
    parts = _parts(request)
    limit = request.app.state.settings.import_limit_bytes
    tenant, viewer, database = tenant_of(request), viewer_of(request), database_of(request)
    async with read_upload(request, limit) as form:
        asked = _asked(form)
        file = await keep_upload(request, form.upload, limit)
    upload = await open_upload(tenant.id, parts.files, file)
    async with database.write(tenant, viewer, cause_of(request)) as tx:
        job = await begin_import(tx, upload, asked)
    if not upload.is_small:
        return json_response({**_NOTHING_YET, "job": show_job(job)}, 202)
    context = JobContext(database, tenant, viewer, job)
    job = await run_claimed(context, partial(run_import, parts=parts))
    return _ended(job)


_NOTHING_YET: Final[dict[str, Json]] = {"imported": 0, "duplicates_found": 0, "duplicates": []}


def _ended(job: Job) -> Response:
    """Answer with the report of a job that was run here, or with what went wrong."""
    if job.state is JobState.DONE and job.result is not None:
        brief = {key: value for key, value in show_job(job).items() if key != "result"}
        return json_response({**in_order(job.result), "job": brief})
    if job.state is JobState.FAILED:
        raise Several(_problems(job))
    return json_response({**_NOTHING_YET, "job": show_job(job)}, 202)


def _problems(job: Job) -> list[Problem]:
    errors = (job.result or {}).get("errors")
    assert isinstance(errors, list)
    return [
        Problem(str(one["code"]), str(one["message"]), hint=one["hint"] and str(one["hint"]))
        for one in errors
        if isinstance(one, dict)
    ]


async def preview(request: Request) -> Response:
    """POST /import/preview: what an import would make of a file; nothing is imported."""
    limit = request.app.state.settings.import_limit_bytes
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with read_upload(request, limit) as form:
        asked = _asked(form)
        file = await keep_upload(request, form.upload, limit)
    upload = await open_upload(tenant.id, files_of(request), file)
    async with database_of(request).read(tenant, viewer) as tx:
        return json_response(await preview_import(tx, upload, asked))


async def get_import(request: Request) -> Response:
    """GET /api/imports/{id}: the job of an import, with the report once it has ended."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return json_response(show_job(_of_import(await load_job(tx, job_number(request)))))


async def download_rows(request: Request) -> Response:
    """GET /api/imports/{id}/rejected.csv or held.csv: rows left over, each with the reason."""
    fate = _FATES.get(request.path_params["file"])
    if fate is None:
        raise NoSuchFile("An import has the files rejected.csv and held.csv.")
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        job = _of_import(await load_job(tx, job_number(request)))
    plan = ImportPlan.from_json(job.arguments)
    path = await files_of(request).local_path(tenant_of(request).id, plan.file)
    name = f"{plan.file_name.rpartition('.')[0] or plan.file_name}-{request.path_params['file']}"
    source = await asyncio.to_thread(open_source, path)
    read = partial(database_of(request).read, tenant_of(request), viewer_of(request))
    lines = rows_left_over(read, job.id, source.headers, fate)
    return StreamingResponse(
        lines, media_type="text/csv; charset=utf-8", headers=download_headers(name)
    )


def _of_import(job: Job) -> Job:
    if job.kind != IMPORT:
        raise UnknownJob(f"The job {job.id} is no import.")
    return job


def _asked(form: Form) -> ImportRequest:
    fields = form.fields
    return ImportRequest(
        object=fields.get("object", "").strip() or "Contact",
        mapping=_mapping(fields.get("mapping", "")),
        key=fields.get("key", "").strip(),
        duplicates=fields.get("duplicates", "").strip(),
        dry_run=form.flag("dry_run"),
        as_of=fields.get("as_of", "").strip(),
    )


def _mapping(text: str) -> dict[str, Json] | None:
    if not text.strip():
        return None
    try:
        value = read_json(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise BadParameter(f"mapping is not JSON: {error}.", at="/mapping") from error
    if not isinstance(value, dict) or not all(
        name is None or isinstance(name, str) for name in value.values()
    ):
        raise BadParameter(
            "mapping must be a JSON object of column to field.",
            at="/mapping",
            hint='Write {"E-mail": "email", "Zip": "address.postal_code"}.',
        )
    return value


def _parts(request: Request) -> ImportParts:
    parts: ImportParts = request.app.state.import_parts()
    return parts


def _routes(before: str) -> tuple[Route, ...]:
    return (
        Route(f"{before}/import", import_file, methods=["POST"]),
        Route(f"{before}/import/preview", preview, methods=["POST"]),
    )


ROUTES: Final = (
    *_routes(""),
    *_routes("/v1"),
    *_routes("/api"),
    Route("/api/imports/{id}", get_import, methods=["GET"]),
    Route("/api/imports/{id}/{file}", download_rows, methods=["GET"]),
)
