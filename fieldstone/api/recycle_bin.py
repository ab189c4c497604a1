"""Endpoints for the recycle bin: /api/bin."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import (
    MOST_PER_PAGE,
    PAGE_SIZE,
    BadJson,
    BadParameter,
    json_response,
    read_object,
    whole_number,
)
from fieldstone.ids import BadId, format_id, parse_id
from fieldstone.metadata.values import Json
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.records.delete import restore
from fieldstone.runtime.records.write import UnknownRecord
from fieldstone.runtime.storage.recycle_bin import (
    NEWEST,
    Deletion,
    cursor_behind,
    empty_bin,
    load_bin,
    read_cursor,
)
from fieldstone.runtime.transactions import Transaction


async def show_bin(request: Request) -> Response:
    """GET /api/bin: the newest deletions first: what, by whom, when, and how many went along."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    before = _place(request.query_params.get("cursor"))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await load_bin(tx, before, limit + 1)
        shown = [_show(tx, one) for one in found[:limit]]
    following = cursor_behind(found[limit - 1]) if len(found) > limit else None
    return json_response({"deletions": shown, "next": following})


async def restore_deletion(request: Request) -> Response:
    """POST /api/bin/{id}/restore: bring a record back with all that went along."""
    tenant, viewer = tenant_of(request), viewer_of(request)
    text = request.path_params["id"]
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        try:
            prefix, number = parse_id(text)
        except BadId as error:
            raise UnknownRecord(f"{text[:80]} is not in the recycle bin.") from error
        obj = tx.catalog.by_prefix.get(prefix)
        if obj is None or not tx.rights.may_read_object(obj.id):
            raise UnknownRecord(f"{text[:80]} is not in the recycle bin.")
        restored = await restore(tx, obj, number)
    return json_response({"restored": restored})


async def empty(request: Request) -> Response:
    """POST /api/bin/empty: purge all of it, if {"count": n} is how many deletions there are."""
    count = (await read_object(request)).get("count")
    if isinstance(count, bool) or not isinstance(count, int):
        raise BadJson("count must say how many deletions there are.", at="/count")
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        job = await empty_bin(tx, count)
    return json_response({"job": job, "url": f"/api/jobs/{job}"}, 202)


def _show(tx: Transaction, one: Deletion) -> dict[str, Json]:
    user = tx.catalog.find_object("User")
    by = None if user is None or one.actor_id is None else format_id(user.prefix, one.actor_id)
    return {
        "id": format_id(one.obj.prefix, one.id),
        "type": one.obj.name,
        "name": one.name,
        "deleted_at": one.at.isoformat(),
        "deleted_by": by,
        "along": one.along,
    }


def _place(cursor: str | None) -> tuple[datetime, int]:
    """Read a cursor back. Raises BadParameter."""
    place = NEWEST if cursor is None else read_cursor(cursor)
    if place is None:
        raise BadParameter("cursor is none of this list.", at="/cursor")
    return place


ROUTES: Final = (
    Route("/api/bin", show_bin, methods=["GET"]),
    Route("/api/bin/empty", empty, methods=["POST"]),
    Route("/api/bin/{id}/restore", restore_deletion, methods=["POST"]),
)
