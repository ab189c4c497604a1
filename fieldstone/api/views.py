"""Endpoints of list views: /api/objects/{object}/views, and the records that a view shows."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.objects import visible_object
from fieldstone.api.requests import (
    MOST_PER_PAGE,
    PAGE_SIZE,
    BadJson,
    json_response,
    read_object,
    text_response,
    whole_number,
)
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.values import Json, JsonObject, write_json
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.list_views import ListView, get_view, show_view, views_of
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.transactions import Transaction
from fieldstone.runtime.view_changes import (
    declare_view,
    drop_own_view,
    is_personal,
    keep_own_view,
    remove_view,
)


async def list_views(request: Request) -> Response:
    """GET /api/objects/{object}/views: the views that the viewer is offered, their own ones last.

    query is the text that gives a view's records.
    """
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        return json_response({"views": [_shown(tx, one) for one in await views_of(tx, obj)]})


async def create_view(request: Request) -> Response:
    """POST /api/objects/{object}/views: keep a view for oneself; personal false is for others.

    permission_sets and roles say whom it is offered to; without them it is everybody.
    """
    return await _save(request, await read_object(request), "")


async def show_list_view(request: Request) -> Response:
    """GET /api/objects/{object}/views/{view}: one view, by its name or id."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return json_response(_shown(tx, await _view_of(request, tx)))


async def change_view(request: Request) -> Response:
    """PATCH /api/objects/{object}/views/{view}: change some of a view; the rest stays."""
    return await _save(request, await read_object(request), request.path_params["view"])


async def delete_view(request: Request) -> Response:
    """DELETE /api/objects/{object}/views/{view}: delete a view, for all who are offered it."""
    is_own = is_personal(request.path_params["view"])
    database = database_of(request)
    opened = database.write if is_own else database.change_metadata
    async with opened(tenant_of(request), viewer_of(request), cause_of(request)) as tx:
        view = await _view_of(request, tx)
        await (drop_own_view if is_own else remove_view)(tx, view)
    return Response(status_code=204)


async def list_view_records(request: Request) -> Response:
    """GET /api/objects/{object}/views/{view}/records: a page of the records that a view shows."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    cursor = request.query_params.get("cursor") or None
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        view = await _view_of(request, tx)
        question = Question(view.query(tx), page_size=limit, cursor=cursor, counts=False)
        page = await answer(tx, question)
    return text_response(
        f'{{"records": [{",".join(page.records)}], "next": {write_json(page.next)}}}'
    )


async def _save(request: Request, said: JsonObject, name: str) -> Response:
    personal = said.get("personal", True)
    if not isinstance(personal, bool):
        raise BadJson("personal must be true or false.", at="/personal")
    is_own = is_personal(name) if name else personal
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    opened = database.write if is_own else database.change_metadata
    async with opened(tenant, viewer, cause_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        view = await get_view(tx, obj, name) if name else None
        saved = await (keep_own_view if is_own else declare_view)(tx, obj, view, said)
    async with database.read(tenant, viewer) as tx:
        obj = visible_object(tx, request.path_params["object"])
        shown = _shown(tx, await get_view(tx, obj, saved))
    return json_response(shown, 200 if name else 201)


async def _view_of(request: Request, tx: Transaction) -> ListView:
    obj = visible_object(tx, request.path_params["object"])
    return await get_view(tx, obj, request.path_params["view"])


def _shown(tx: Transaction, view: ListView) -> dict[str, Json]:
    return show_view(tx, view, sets_up=tx.rights.may_set_up(SetupArea.OBJECTS))


_VIEWS: Final = "/api/objects/{object}/views"

ROUTES: Final = (
    Route(_VIEWS, list_views, methods=["GET"]),
    Route(_VIEWS, create_view, methods=["POST"]),
    Route(_VIEWS + "/{view}", show_list_view, methods=["GET"]),
    Route(_VIEWS + "/{view}", change_view, methods=["PATCH"]),
    Route(_VIEWS + "/{view}", delete_view, methods=["DELETE"]),
    Route(_VIEWS + "/{view}/records", list_view_records, methods=["GET"]),
)
