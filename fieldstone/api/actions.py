"""Endpoints of quick actions and web links: what is offered on a record, and doing it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.objects import visible_object
from fieldstone.api.requests import json_response, read_object
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.quick_actions import (
    QuickAction,
    actions_of,
    carry_out,
    default_values,
    get_action,
)
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.showing import record_text
from fieldstone.runtime.records.write import incoming_of, record_id
from fieldstone.runtime.transactions import Transaction
from fieldstone.runtime.web_links import links_of


async def list_record_links(request: Request) -> Response:
    """GET /api/records/{object}/{id}/links: the web links of a record, their addresses made."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj, number = await _record(request, tx)
        links = await links_of(tx, obj, number)
        return json_response({"links": [one.show() for one in links]})


async def list_record_actions(request: Request) -> Response:
    """GET /api/records/{object}/{id}/actions: the quick actions of a record, with their defaults.

    Those that the viewer may not do are left out.
    """
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj, number = await _record(request, tx)
        shown = [await _shown(tx, one, number) for one in actions_of(tx, obj)]
        return json_response({"actions": shown})


async def do_record_action(request: Request) -> Response:
    """POST /api/records/{object}/{id}/actions/{action}: do it, with values over its defaults."""
    body = await read_object(request)
    opened = database_of(request).write(tenant_of(request), viewer_of(request), cause_of(request))
    async with opened as tx:
        obj = visible_object(tx, request.path_params["object"])
        number = record_id(obj, request.path_params["id"])
        action = get_action(tx, obj, request.path_params["action"])
        return await _done(tx, action, number, body)


async def list_quick_actions(request: Request) -> Response:
    """GET /api/actions: the quick actions that belong to no record."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        shown = [await _shown(tx, one, None) for one in actions_of(tx, None)]
        return json_response({"actions": shown})


async def do_action(request: Request) -> Response:
    """POST /api/actions/{action}: do one that belongs to no record."""
    body = await read_object(request)
    opened = database_of(request).write(tenant_of(request), viewer_of(request), cause_of(request))
    async with opened as tx:
        return await _done(tx, get_action(tx, None, request.path_params["action"]), None, body)


async def _record(request: Request, tx: Transaction) -> tuple[ObjectDef, RecordId]:
    """Give a record that the viewer sees. Raises UnknownRecord."""
    obj = visible_object(tx, request.path_params["object"])
    number = record_id(obj, request.path_params["id"])
    await record_text(tx, obj, number, ("id",))
    return obj, number


async def _done(
    tx: Transaction, action: QuickAction, number: RecordId | None, body: JsonObject
) -> Response:
    sent = incoming_of(read_values(action.target, body, tx.rights))
    done = await carry_out(tx, action, number, sent)
    told = {
        "object": action.target.name,
        "id": format_id(action.target.prefix, done),
        "message": action.message,
    }
    return json_response(told, 201 if action.makes else 200)


async def _shown(tx: Transaction, action: QuickAction, number: RecordId | None) -> dict[str, Json]:
    values = await default_values(tx, action, number)
    return {
        "name": action.name,
        "label": action.label,
        "action": "create" if action.makes else "update",
        "target": action.target.name,
        "reference": None if action.reference is None else action.reference.name,
        "fields": [field.name for field in action.fields],
        "defaults": {field.name: value for field, value in values.items()},
        "description": action.description,
    }


_RECORD: Final = "/api/records/{object}/{id}"

ROUTES: Final = (
    Route(_RECORD + "/links", list_record_links, methods=["GET"]),
    Route(_RECORD + "/actions", list_record_actions, methods=["GET"]),
    Route(_RECORD + "/actions/{action}", do_record_action, methods=["POST"]),
    Route("/api/actions", list_quick_actions, methods=["GET"]),
    Route("/api/actions/{action}", do_action, methods=["POST"]),
)
