"""Endpoints for where records lie: /api/storage: own heaps and slots."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.objects import visible_object
from fieldstone.api.requests import BadParameter, json_response, read_object
from fieldstone.metadata.visible import visible_field
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.storage.moving import Place, request_move
from fieldstone.runtime.storage.overview import check_storage, load_overview
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.storage.slots import SlotWish, lend_slot, take_slot
from fieldstone.runtime.transactions import Transaction


async def show_storage(request: Request) -> Response:
    """GET /api/storage: of every object its rows, heap and slots, and what is under way."""
    rules = _rules(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_storage(tx)
        shown = await load_overview(tx)
    return json_response({"objects": shown, "promote_above": rules.promote_above})


async def promote(request: Request) -> Response:
    """POST /api/storage/{object}/promote: have an object's records moved to a heap of their own."""
    return await _move(request, Place.OWN)


async def demote(request: Request) -> Response:
    """POST /api/storage/{object}/demote: have an object's records moved back to the shared heap."""
    return await _move(request, Place.SHARED)


async def lend(request: Request) -> Response:
    """POST /api/storage/{object}/slots/{field}: lend a field a slot, or pass another's on to it.

    {"instead_of": field} names the field that gives way; nothing, where a slot is free.
    """
    body = await read_object(request)
    instead_of = body.get("instead_of")
    if instead_of is not None and not isinstance(instead_of, str):
        raise BadParameter("instead_of must be the name of a field.", at="/instead_of")
    async with database_of(request).change_metadata(
        tenant_of(request), viewer_of(request), cause_of(request)
    ) as tx:
        wish = _wish(tx, request)
        if instead_of is None:
            job = await lend_slot(tx, wish)
        else:
            other = SlotWish(wish.obj, visible_field(wish.obj, tx.rights, instead_of))
            job = await take_slot(tx, other, _rules(request), lend_to=wish.field)
    return _accepted(job)


async def take(request: Request) -> Response:
    """DELETE /api/storage/{object}/slots/{field}: take a field's slot back."""
    async with database_of(request).change_metadata(
        tenant_of(request), viewer_of(request), cause_of(request)
    ) as tx:
        job = await take_slot(tx, _wish(tx, request), _rules(request))
    return _accepted(job)


async def _move(request: Request, place: Place) -> Response:
    async with database_of(request).change_metadata(
        tenant_of(request), viewer_of(request), cause_of(request)
    ) as tx:
        job = await request_move(tx, visible_object(tx, request.path_params["object"]), place)
    return _accepted(job)


def _wish(tx: Transaction, request: Request) -> SlotWish:
    obj = visible_object(tx, request.path_params["object"])
    return SlotWish(obj, visible_field(obj, tx.rights, request.path_params["field"]))


def _rules(request: Request) -> StorageRules:
    rules: StorageRules = request.app.state.storage_rules
    return rules


def _accepted(job: int) -> Response:
    return json_response({"job": job, "url": f"/api/jobs/{job}"}, 202)


ROUTES: Final = (
    Route("/api/storage", show_storage, methods=["GET"]),
    Route("/api/storage/{object}/promote", promote, methods=["POST"]),
    Route("/api/storage/{object}/demote", demote, methods=["POST"]),
    Route("/api/storage/{object}/slots/{field}", lend, methods=["POST"]),
    Route("/api/storage/{object}/slots/{field}", take, methods=["DELETE"]),
)
