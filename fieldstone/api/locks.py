"""Endpoints for locks: which records are locked, locking one and unlocking it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import (
    MOST_PER_PAGE,
    PAGE_SIZE,
    BadJson,
    json_response,
    read_optional_object,
    whole_number,
)
from fieldstone.ids import format_id
from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.values import Json
from fieldstone.metadata.visible import visible_object
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.records.locking import (
    Lock,
    list_locks,
    lock_record,
    locks_of,
    unlock_record,
)
from fieldstone.runtime.records.write import record_id
from fieldstone.runtime.transactions import Transaction

_NEWEST: Final = 2**63 - 1


async def list_record_locks(request: Request) -> Response:
    """GET /api/locks: the records that are locked, the latest lock first; object for one object."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    before = whole_number(request, "cursor", _NEWEST, _NEWEST)
    named = request.query_params.get("object")
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = None if named is None else visible_object(tx.catalog, tx.rights, named)
        found = await list_locks(tx, obj, before, limit + 1)
        shown: list[Json] = [_shown(tx.catalog, one) for one in found[:limit]]
    following = str(found[limit - 1].id) if len(found) > limit else None
    return json_response({"locks": shown, "next": following})


async def show_record_lock(request: Request) -> Response:
    """GET /api/records/{object}/{id}/lock: whether a record is locked, and when it was before."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = _object(tx, request)
        found = await locks_of(tx, obj, record_id(obj, request.path_params["id"]))
        held = [_shown(tx.catalog, one) for one in found if one.ended_at is None]
        earlier: list[Json] = [_shown(tx.catalog, one) for one in found if one.ended_at is not None]
        may_lock = tx.rights.may_lock(obj.id)
    return json_response(
        {
            "locked": bool(held),
            "lock": held[0] if held else None,
            "may_lock": may_lock,
            "earlier": earlier,
        }
    )


async def put_record_lock(request: Request) -> Response:
    """PUT /api/records/{object}/{id}/lock: {"reason"?} locks it, or changes the reason."""
    reason = (await read_optional_object(request)).get("reason") or ""
    if not isinstance(reason, str):
        raise BadJson("reason must be a text.", at="/reason")
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        obj = _object(tx, request)
        held = await lock_record(tx, obj, record_id(obj, request.path_params["id"]), reason)
        return json_response(_shown(tx.catalog, held))


async def end_record_lock(request: Request) -> Response:
    """DELETE /api/records/{object}/{id}/lock: unlock it."""
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        obj = _object(tx, request)
        await unlock_record(tx, obj, record_id(obj, request.path_params["id"]))
    return Response(status_code=204)


def _object(tx: Transaction, request: Request) -> ObjectDef:
    return visible_object(tx.catalog, tx.rights, request.path_params["object"])


def _shown(catalog: Catalog, one: Lock) -> dict[str, Json]:
    obj, user = catalog.by_id[one.object_id], catalog.get_object("User").prefix
    return {
        "object": obj.name,
        "record": format_id(obj.prefix, one.record_id),
        "reason": one.reason,
        "at": one.at.isoformat(),
        "by": None if one.by is None else format_id(user, one.by),
        "ended_at": None if one.ended_at is None else one.ended_at.isoformat(),
        "ended_by": None if one.ended_by is None else format_id(user, one.ended_by),
    }


_LOCK: Final = "/api/records/{object}/{id}/lock"
ROUTES: Final = (
    Route("/api/locks", list_record_locks, methods=["GET"]),
    Route(_LOCK, show_record_lock, methods=["GET"]),
    Route(_LOCK, put_record_lock, methods=["PUT"]),
    Route(_LOCK, end_record_lock, methods=["DELETE"]),
)
