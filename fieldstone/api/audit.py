"""Endpoints of the audit: /api/audit tells who did what, /api/audit/export writes it to a file."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.files import download_headers
from fieldstone.api.jobs import show_job
from fieldstone.api.requests import (
    MOST_PER_PAGE,
    PAGE_SIZE,
    BadParameter,
    json_response,
    read_optional_object,
    whole_number,
)
from fieldstone.api.streams import StreamedAnswer
from fieldstone.metadata.rights import Action
from fieldstone.runtime.actions import check_action
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.audit.exporting import AUDIT_FORMATS, audit_lines
from fieldstone.runtime.audit.filters import read_filter, read_place, read_redactions
from fieldstone.runtime.audit.reading import NEWEST, audit_page, check_audit
from fieldstone.runtime.audit.redactions import load_redactions, show_redaction
from fieldstone.runtime.audit.showing import PREFIX, show_entries
from fieldstone.runtime.audit.verifying import (
    begin_verification,
    list_seals,
    read_heads,
    sealed_up_to,
)
from fieldstone.runtime.row_streams import StreamPlaces
from fieldstone.runtime.terms import Feature


async def list_audit(request: Request) -> Response:
    """GET /api/audit: who did what, the newest first; for those who may see the audit.

    kind= and what= are lists with commas; who= and user= are ids or e-mail addresses; object=,
    record=, component=, from= and until= narrow further.
    """
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    before = read_place(request.query_params)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_audit(tx)
        page = await audit_page(tx, await read_filter(tx, request.query_params), limit, before)
        shown = await show_entries(tx, page.rows, await sealed_up_to(tx))
    following = None if page.following is None else f"{PREFIX}_{page.following:x}"
    return json_response({"entries": shown, "next": following})


async def export_audit(request: Request) -> Response:
    """GET /api/audit/export: the audit as csv or ndjson, filtered as /api/audit is."""
    tenant, viewer = tenant_of(request), viewer_of(request)
    kind = request.query_params.get("format", "csv").lower()
    if kind not in AUDIT_FORMATS:
        hint = f"The formats are {', '.join(AUDIT_FORMATS)}."
        raise BadParameter(f"The audit is not written as {kind[:40]!r}.", at="/format", hint=hint)
    tenant.terms.require(Feature.EXPORTS)
    database = database_of(request)
    async with database.write_apart(tenant, viewer, cause_of(request)) as tx:
        check_audit(tx)
        check_action(tx, Action.EXPORT)
        wanted = await read_filter(tx, request.query_params)
        said = {name: value for name, value in request.query_params.items() if value}
        await note_event(tx, None, Event.AUDIT_EXPORTED, asked=said)
    places: StreamPlaces = request.app.state.streams

    async def chunks() -> AsyncGenerator[bytes, None]:
        with places.taken(tenant):
            async for chunk in audit_lines(database, tenant, viewer, wanted, kind):
                yield chunk

    headers = download_headers(f"audit.{kind}")
    return StreamedAnswer(chunks(), AUDIT_FORMATS[kind], headers, places.limits.whole_s)


async def list_audit_seals(request: Request) -> Response:
    """GET /api/audit/seals: the newest seals of the chain over the logs, to be kept elsewhere."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    before = whole_number(request, "cursor", NEWEST, NEWEST)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await list_seals(tx, before, limit + 1)
    following = str(found[limit - 1]["number"]) if len(found) > limit else None
    return json_response({"seals": found[:limit], "next": following})


async def verify_audit(request: Request) -> Response:
    """POST /api/audit/verify: have a job compare the logs with the seals over them.

    {"heads": {"12": hash}} adds seals that were kept elsewhere. The job's result tells whether the
    audit is whole, and the first place where it is not.
    """
    heads = read_heads((await read_optional_object(request)).get("heads"))
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        job = await begin_verification(tx, heads)
    return json_response(show_job(job), 202)


async def list_audit_redactions(request: Request) -> Response:
    """GET /api/audit/redactions: which entries lost something since they were written.

    how= is a list with commas of erased, narrowed, cut, rewritten and removed.
    """
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    asked = request.query_params
    hows = read_redactions(asked)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        rows = await load_redactions(tx, hows, limit + 1, read_place(asked))
    following = f"{PREFIX}_{rows[limit - 1]['log_seq']:x}" if len(rows) > limit else None
    shown = [show_redaction(row) for row in rows[:limit]]
    return json_response({"redactions": shown, "next": following})


ROUTES: Final = (
    Route("/api/audit", list_audit, methods=["GET"]),
    Route("/api/audit/export", export_audit, methods=["GET"]),
    Route("/api/audit/redactions", list_audit_redactions, methods=["GET"]),
    Route("/api/audit/seals", list_audit_seals, methods=["GET"]),
    Route("/api/audit/verify", verify_audit, methods=["POST"]),
)
