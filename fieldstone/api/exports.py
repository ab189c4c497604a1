"""Endpoints of exports: /api/export sends a file at once, /api/exports writes it as a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fieldstone.api.answer_forms import read_manner
from fieldstone.api.files import download_headers
from fieldstone.api.jobs import job_number, show_job
from fieldstone.api.requests import BadParameter, json_response, read_object
from fieldstone.api.streams import streamed
from fieldstone.errors import Conflict
from fieldstone.metadata.values import Json
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.export_job import EXPORT, begin_export
from fieldstone.runtime.exports import BadFormat, Form, export_query, read_format, read_labels
from fieldstone.runtime.imports.start import object_named
from fieldstone.runtime.jobs import Job, JobState, UnknownJob, load_job


class NotYet(Conflict):
    """The export is not done, so that there is no file."""

    code = "export.not_done"


async def export_records(request: Request) -> Response:
    """GET /api/export: records of an object as csv, ndjson or xlsx.

    object=, format=, headers=, fields=, where= and order_by= say what; where is as in the query
    language.
    """
    asked = request.query_params
    if not asked.get("object"):
        raise BadParameter("Say which object to export.", at="/object", hint="object=Contact")
    kind, labels = read_format(asked.get("format", "")), read_labels(asked.get("headers", ""))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = object_named(tx.catalog, tx.rights, asked["object"])
        question = export_query(
            tx,
            obj,
            fields=asked.get("fields", ""),
            where=asked.get("where", ""),
            order_by=asked.get("order_by", ""),
        )
    form = Form(kind, labels=labels, title=obj.plural_label, ids=True)
    return streamed(request, question, form, download_headers(f"{obj.slug}.{kind}"))


async def begin(request: Request) -> Response:
    """POST /api/exports: write the answer to a question to a file, in the background.

    The body is that of /api/query with format csv, ndjson or xlsx; the answer has the job, whose
    result has the file.
    """
    form, asked = read_manner(request, await read_object(request))
    if form is None:
        raise BadFormat(
            "Say what is to be written.", at="/format", hint="The formats are csv, ndjson, xlsx."
        )
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        job = await begin_export(tx, asked, form)
    return json_response(_shown(job), 202)


async def get_export(request: Request) -> Response:
    """GET /api/exports/{id}: the job of an export, whose result has the file once it is done."""
    return json_response(_shown(await _export_of(request)))


async def download(request: Request) -> Response:
    """GET /api/exports/{id}/file: the file of an export that is done."""
    job = await _export_of(request)
    file = (job.result or {}).get("file")
    if job.state is not JobState.DONE or not isinstance(file, Mapping):
        raise NotYet(
            f"The export is {job.state.value}, and has no file.",
            hint=f"Look at /api/exports/{job.id} until it is done.",
        )
    return RedirectResponse(f"/api/files/{file['id']}", 303)


async def _export_of(request: Request) -> Job:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        job = await load_job(tx, job_number(request))
    if job.kind != EXPORT:
        raise UnknownJob(f"The job {job.id} is no export.")
    return job


def _shown(job: Job) -> dict[str, Json]:
    return {**show_job(job), "url": f"/api/exports/{job.id}"}


ROUTES: Final = (
    Route("/api/export", export_records, methods=["GET"]),
    Route("/api/exports", begin, methods=["POST"]),
    Route("/api/exports/{id}", get_export, methods=["GET"]),
    Route("/api/exports/{id}/file", download, methods=["GET"]),
)
