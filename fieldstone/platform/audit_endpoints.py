"""Endpoints for operators: /api/platform/audit: what they did, of all tenants, and proof of it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.jobs import show_job
from fieldstone.api.requests import (
    MOST_PER_PAGE,
    PAGE_SIZE,
    json_response,
    read_optional_object,
    whole_number,
)
from fieldstone.platform.operators_log import PlatformFilter, load_operations, show_operation
from fieldstone.platform.tenant_endpoints import operator_of
from fieldstone.runtime.asking import database_of
from fieldstone.runtime.audit.filters import read_place, read_time, read_words
from fieldstone.runtime.audit.reading import NEWEST
from fieldstone.runtime.audit.showing import PREFIX
from fieldstone.runtime.audit.verifying import (
    begin_verification,
    list_seals,
    read_heads,
    sealed_up_to,
)
from fieldstone.runtime.tenants import PLATFORM
from fieldstone.runtime.transactions import Viewer


async def list_operations(request: Request) -> Response:
    """GET /api/platform/audit: what operators did, the newest first.

    tenant= is the name of one, also of one that is no more; what= is a list with commas; who=,
    from= and until= narrow further.
    """
    asked = request.query_params
    limit, before = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE), read_place(asked)
    wanted = PlatformFilter(
        tenant=asked.get("tenant") or None,
        what=read_words(asked, "what"),
        by_whom=asked.get("who") or None,
        since=read_time(asked, "from"),
        until=read_time(asked, "until"),
    )
    rows = await load_operations(request.app.state.engine.pool, wanted, before, limit + 1)
    async with database_of(request).read(PLATFORM, _viewer(request)) as tx:
        sealed = await sealed_up_to(tx)
    following = f"{PREFIX}_{rows[limit - 1]['log_seq']:x}" if len(rows) > limit else None
    shown = [show_operation(row, sealed) for row in rows[:limit]]
    return json_response({"entries": shown, "next": following})


async def list_platform_seals(request: Request) -> Response:
    """GET /api/platform/audit/seals: the newest seals over what operators did."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    before = whole_number(request, "cursor", NEWEST, NEWEST)
    async with database_of(request).read(PLATFORM, _viewer(request)) as tx:
        found = await list_seals(tx, before, limit + 1)
    following = str(found[limit - 1]["number"]) if len(found) > limit else None
    return json_response({"seals": found[:limit], "next": following})


async def verify_operations(request: Request) -> Response:
    """POST /api/platform/audit/verify: have a job compare what operators did with its seals.

    {"heads": {"12": hash}} adds seals that were kept elsewhere.
    """
    heads = read_heads((await read_optional_object(request)).get("heads"))
    async with database_of(request).write(PLATFORM, _viewer(request)) as tx:
        job = await begin_verification(tx, heads)
    return json_response({**show_job(job), "url": f"/api/platform/jobs/{job.id}"}, 202)


def _viewer(request: Request) -> Viewer:
    return Viewer(None, operator_of(request))


ROUTES: Final = (
    Route("/api/platform/audit", list_operations, methods=["GET"]),
    Route("/api/platform/audit/seals", list_platform_seals, methods=["GET"]),
    Route("/api/platform/audit/verify", verify_operations, methods=["POST"]),
)
