"""Endpoints for advice on slots and indexes: /api/storage/advice: list, apply, undo, history."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import (
    MOST_PER_PAGE,
    PAGE_SIZE,
    BadParameter,
    json_response,
    read_object,
    whole_number,
)
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.storage.advice import load_advice, load_days, show_advice
from fieldstone.runtime.storage.advice_actions import (
    NEWEST,
    load_actions,
    show_action,
    state_of,
)
from fieldstone.runtime.storage.advising import (
    Applied,
    apply_advice,
    is_automatic,
    load_states,
    set_automatic,
    undo_advice,
)
from fieldstone.runtime.storage.overview import check_storage
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.storage.usage import UsageCounter


async def list_advice(request: Request) -> Response:
    """GET /api/storage/advice: slots and indexes that would serve queries, and those unused."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    usage: UsageCounter = request.app.state.usage
    await usage.flush(database_of(request))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_storage(tx)
        days = await load_days(tx)
        found = await load_advice(tx, days)
        automatic = await is_automatic(tx)
    shown = [show_advice(one, days) for one in found[:limit]]
    return json_response({"advice": shown, "automatic": automatic, "days": days.watched})


async def list_actions(request: Request) -> Response:
    """GET /api/storage/advice/history: what was applied, by whom and why, and what stands of it."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    before = whole_number(request, "cursor", NEWEST, NEWEST)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_storage(tx)
        found = await load_actions(tx, before=before, most=limit + 1)
        jobs = await load_states(tx, found)
        shown = [show_action(one, state_of(one, tx.catalog, jobs), tx.catalog) for one in found]
    following = str(found[limit - 1].id) if len(found) > limit else None
    return json_response({"actions": shown[:limit], "next": following})


async def apply(request: Request) -> Response:
    """POST /api/storage/advice/{id}/apply: have a job do what advice says.

    {"instead_of": field} names the field that gives its slot up, where another one shall.
    """
    instead_of = await _instead_of(request)
    async with database_of(request).change_metadata(
        tenant_of(request), viewer_of(request), cause_of(request)
    ) as tx:
        text = request.path_params["id"]
        done = await apply_advice(tx, text, _rules(request), instead_of=instead_of)
    return _accepted(done)


async def undo(request: Request) -> Response:
    """POST /api/storage/advice/{id}/undo: have a job take back what was applied."""
    async with database_of(request).change_metadata(
        tenant_of(request), viewer_of(request), cause_of(request)
    ) as tx:
        done = await undo_advice(tx, request.path_params["id"], _rules(request))
    return _accepted(done)


async def change_automatic(request: Request) -> Response:
    """PUT /api/storage/advice/automatic: whether strong advice is applied without anybody asked."""
    automatic = (await read_object(request)).get("automatic")
    if not isinstance(automatic, bool):
        raise BadParameter("automatic must be true or false.", at="/automatic")
    async with database_of(request).write(
        tenant_of(request), viewer_of(request), cause_of(request)
    ) as tx:
        await set_automatic(tx, automatic=automatic)
    return json_response({"automatic": automatic})


async def _instead_of(request: Request) -> str | None:
    """Read the body of apply, which may be left out. Raises BadParameter."""
    if "transfer-encoding" not in request.headers and not int(
        request.headers.get("content-length") or 0
    ):
        return None
    found = (await read_object(request)).get("instead_of")
    if found is not None and not isinstance(found, str):
        raise BadParameter("instead_of must be the name of a field.", at="/instead_of")
    return found


def _rules(request: Request) -> StorageRules:
    rules: StorageRules = request.app.state.storage_rules
    return rules


def _accepted(done: Applied) -> Response:
    url = None if done.job is None else f"/api/jobs/{done.job}"
    return json_response({"advice": done.advice, "job": done.job, "url": url}, 202)


ROUTES: Final = (
    Route("/api/storage/advice", list_advice, methods=["GET"]),
    Route("/api/storage/advice/automatic", change_automatic, methods=["PUT"]),
    Route("/api/storage/advice/history", list_actions, methods=["GET"]),
    Route("/api/storage/advice/{id}/apply", apply, methods=["POST"]),
    Route("/api/storage/advice/{id}/undo", undo, methods=["POST"]),
)
