"""Endpoints for legal holds: /api/privacy/holds."""

from __future__ import annotations

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
    read_optional_object,
    whole_number,
)
from fieldstone.ids import MAX_RECORD_ID, BadId, format_id, parse_id
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.privacy import holds
from fieldstone.runtime.privacy.holds import HeldRecord, Hold, UnknownHold
from fieldstone.runtime.transactions import Transaction


async def list_holds(request: Request) -> Response:
    """GET /api/privacy/holds: legal holds, the newest first, with those that ended."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    cursor = request.query_params.get("cursor")
    before = MAX_RECORD_ID if cursor is None else _number(cursor)
    if before is None:
        raise BadParameter("cursor is none of this list.", at="/cursor")
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await holds.list_holds(tx, before, limit + 1)
        shown = [_shown(tx, one) for one in found[:limit]]
    following = found[limit - 1].text if len(found) > limit else None
    return json_response({"holds": shown, "next": following})


async def place_hold(request: Request) -> Response:
    """POST /api/privacy/holds: {"name", "reason"?, "records"?, "along"?} places a legal hold.

    records: ids of what must not be lost. along: whether what points to it is held too, as usual.
    """
    body = await read_object(request)
    name, reason = body.get("name", ""), body.get("reason", "")
    if not isinstance(name, str) or not isinstance(reason, str):
        raise BadJson("name and reason must be texts.", at="/name")
    ids, along = _records_said(body)
    async with database_of(request).write(tenant_of(request), viewer_of(request)) as tx:
        placed = await holds.place_hold(tx, name, reason)
        await holds.hold_records(tx, placed.id, ids, along=along)
        return json_response(_shown(tx, await holds.get_hold(tx, placed.id)), 201)


async def get_hold(request: Request) -> Response:
    """GET /api/privacy/holds/{id}: one legal hold."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return json_response(_shown(tx, await holds.get_hold(tx, _hold_id(request))))


async def list_held_records(request: Request) -> Response:
    """GET /api/privacy/holds/{id}/records: what a hold names, in order of id."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    after = whole_number(request, "cursor", 0, MAX_RECORD_ID, least=0)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await holds.list_held(tx, _hold_id(request), after, limit + 1)
        shown = [_shown_record(tx, one) for one in found[:limit]]
    following = str(found[limit - 1].id) if len(found) > limit else None
    return json_response({"records": shown, "next": following})


async def hold_records(request: Request) -> Response:
    """POST /api/privacy/holds/{id}/records: {"records": [ids], "along"?} puts more under it."""
    ids, along = _records_said(await read_object(request))
    async with database_of(request).write(tenant_of(request), viewer_of(request)) as tx:
        count = await holds.hold_records(tx, _hold_id(request), ids, along=along)
    return json_response({"held": count})


async def let_record_go(request: Request) -> Response:
    """DELETE /api/privacy/holds/{id}/records/{record}: take one record out of a hold."""
    async with database_of(request).write(tenant_of(request), viewer_of(request)) as tx:
        await holds.let_go(tx, _hold_id(request), request.path_params["record"])
    return Response(status_code=204)


async def end_hold(request: Request) -> Response:
    """POST /api/privacy/holds/{id}/end: {"reason"?} ends it: what it names may be lost again."""
    reason = (await read_optional_object(request)).get("reason", "")
    if not isinstance(reason, str):
        raise BadJson("reason must be a text.", at="/reason")
    async with database_of(request).write(tenant_of(request), viewer_of(request)) as tx:
        return json_response(_shown(tx, await holds.end_hold(tx, _hold_id(request), reason)))


def _records_said(body: JsonObject) -> tuple[list[str], bool]:
    records, along = body.get("records", ()), body.get("along", True)
    if not isinstance(records, list | tuple) or not all(isinstance(one, str) for one in records):
        raise BadJson("records must be a list of ids.", at="/records")
    if not isinstance(along, bool):
        raise BadJson("along must be true or false.", at="/along")
    return [str(one) for one in records], along


def _hold_id(request: Request) -> int:
    number = _number(request.path_params["id"])
    if number is None:
        raise UnknownHold(f"There is no legal hold {request.path_params['id'][:80]}.")
    return number


def _number(text: str) -> int | None:
    try:
        prefix, number = parse_id(text)
    except BadId:
        return None
    return number if prefix == holds.PREFIX else None


def shown_user(tx: Transaction, number: int | None) -> str | None:
    """Give the id of a user as callers see it; None for the system itself."""
    return None if number is None else format_id(tx.catalog.get_object("User").prefix, number)


def _shown(tx: Transaction, one: Hold) -> dict[str, Json]:
    return {
        "id": one.text,
        "name": one.name,
        "reason": one.reason,
        "records": one.records,
        "placed_at": one.placed_at.isoformat(),
        "placed_by": shown_user(tx, one.placed_by),
        "ended_at": None if one.ended_at is None else one.ended_at.isoformat(),
        "ended_by": shown_user(tx, one.ended_by),
        "end_reason": one.end_reason,
    }


def _shown_record(tx: Transaction, one: HeldRecord) -> dict[str, Json]:
    return {
        "id": format_id(one.object.prefix, one.id),
        "type": one.object.name,
        "along": one.along,
        "held_at": one.held_at.isoformat(),
        "held_by": shown_user(tx, one.held_by),
    }


_HOLDS: Final = "/api/privacy/holds"
ROUTES: Final = (
    Route(_HOLDS, list_holds, methods=["GET"]),
    Route(_HOLDS, place_hold, methods=["POST"]),
    Route(f"{_HOLDS}/{{id}}", get_hold, methods=["GET"]),
    Route(f"{_HOLDS}/{{id}}/records", list_held_records, methods=["GET"]),
    Route(f"{_HOLDS}/{{id}}/records", hold_records, methods=["POST"]),
    Route(f"{_HOLDS}/{{id}}/records/{{record}}", let_record_go, methods=["DELETE"]),
    Route(f"{_HOLDS}/{{id}}/end", end_hold, methods=["POST"]),
)
