"""Endpoints for components of every kind: /api/metadata/components/{kind}[/{name}].

Objects and fields have their own addresses too; picklists, relations and attach rules have these.
A component is sent as its body with its name in it, shaped as the schema of its kind says.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.objects import change_in_transaction
from fieldstone.api.requests import MOST_PER_PAGE, BadJson, json_response, read_object, whole_number
from fieldstone.errors import Forbidden
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component, StoredComponent, UnknownComponent
from fieldstone.metadata.kinds.registry import PERMISSION_SET, SETTING, get_kind
from fieldstone.metadata.names import MAX_NAME_LENGTH
from fieldstone.metadata.values import Json, JsonObject, fold
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.transactions import Transaction

_RENAMED: Final = frozenset({SETTING.name, PERMISSION_SET.name})


async def list_components(request: Request) -> Response:
    """GET /api/metadata/components/{kind}: the components of a kind, in order of their making."""
    kind = get_kind(request.path_params["kind"]).name
    limit = whole_number(request, "limit", MOST_PER_PAGE, MOST_PER_PAGE)
    after = whole_number(request, "cursor", 0, 2**31 - 1, least=0)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        rows = [row for row in await _live(tx, kind) if row.id > after]
    page = rows[:limit]
    following = page[-1].id if len(rows) > limit else None
    shown = [show_component(row.component) for row in page]
    return json_response({"components": shown, "next": following})


async def get_component(request: Request) -> Response:
    """GET /api/metadata/components/{kind}/{name}: one component as it was declared."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return json_response(show_component(await _find(tx, request)))


async def create_component(request: Request) -> Response:
    """POST /api/metadata/components/{kind}: declare a component; its name stands in the body."""
    kind = get_kind(request.path_params["kind"]).name
    body = await read_object(request)
    component = Component(kind, _name_in(body), _without_name(body))

    async def propose(tx: Transaction) -> Proposal:
        return Proposal(creates=(component,))

    await change_in_transaction(request, propose)
    return json_response(show_component(component), 201)


async def put_component(request: Request) -> Response:
    """PUT /api/metadata/components/{kind}/{name}: declare a component anew, as a whole.

    Another name in the body renames a setting, a permission set, or what pages are made of, and
    all that names it follows.
    """
    body = await read_object(request)
    made: list[Component] = []

    async def propose(tx: Transaction) -> Proposal:
        old = await _find(tx, request)
        is_renamed = old.kind in _RENAMED or get_kind(old.kind).declared
        name = _name_in(body) if is_renamed and "name" in body else old.name
        made.append(Component(old.kind, name, _without_name(body), old.package))
        renames = () if name == old.name else ((old.key, name),)
        return Proposal(upserts=tuple(made), renames=renames)

    await change_in_transaction(request, propose)
    return json_response(show_component(made[-1]))


async def delete_component(request: Request) -> Response:
    """DELETE /api/metadata/components/{kind}/{name}: put a component in the bin."""

    async def propose(tx: Transaction) -> Proposal:
        return Proposal(removals=((await _find(tx, request)).key,))

    await change_in_transaction(request, propose)
    return Response(status_code=204)


async def restore_component(request: Request) -> Response:
    """POST /api/metadata/components/{kind}/{name}/restore: bring a component back from the bin."""
    kind = get_kind(request.path_params["kind"]).name
    name = request.path_params["name"]

    async def propose(tx: Transaction) -> Proposal:
        return Proposal(restores=((kind, fold(name)),))

    await change_in_transaction(request, propose)
    return await get_component(request)


def show_component(component: Component) -> dict[str, Json]:
    """Give a component as callers send and see it."""
    return {"name": component.name, "package": component.package, **component.body}


async def _live(tx: Transaction, kind: str) -> list[StoredComponent]:
    if not tx.rights.may_set_up(get_kind(kind).area):
        raise Forbidden("You may not see how the system is set up.")
    return [
        row
        for row in await load_components(tx)
        if row.deleted_at is None and row.component.kind == kind
    ]


async def _find(tx: Transaction, request: Request) -> Component:
    kind, name = get_kind(request.path_params["kind"]).name, request.path_params["name"]
    for row in await _live(tx, kind):
        if fold(row.component.name) == fold(name):
            return row.component
    raise UnknownComponent(f"There is no {kind} {name[:80]}.")


def _name_in(body: JsonObject) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_LENGTH:
        raise BadJson(f"name must have 1 to {MAX_NAME_LENGTH} characters.", at="/name")
    return name


def _without_name(body: JsonObject) -> JsonObject:
    return {key: value for key, value in body.items() if key not in ("name", "package")}


ROUTES: Final = (
    Route("/api/metadata/components/{kind}", list_components, methods=["GET"]),
    Route("/api/metadata/components/{kind}", create_component, methods=["POST"]),
    Route("/api/metadata/components/{kind}/{name}", get_component, methods=["GET"]),
    Route("/api/metadata/components/{kind}/{name}", put_component, methods=["PUT"]),
    Route("/api/metadata/components/{kind}/{name}", delete_component, methods=["DELETE"]),
    Route("/api/metadata/components/{kind}/{name}/restore", restore_component, methods=["POST"]),
)
