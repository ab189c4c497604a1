"""Endpoints that define objects and fields: /api/objects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import json_response, read_object
from fieldstone.metadata import visible
from fieldstone.metadata.catalog import ObjectDef, UnknownField, UnknownObject
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.definitions import (
    field_change,
    field_proposal,
    object_change,
    read_definition,
    show_object,
)
from fieldstone.metadata.names import custom_name
from fieldstone.metadata.values import Json
from fieldstone.metadata.visible import visible_field
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import Applied, change_metadata, load_components
from fieldstone.runtime.transactions import Transaction

Propose = Callable[[Transaction], Awaitable[Proposal]]


async def create_object(request: Request) -> Response:
    """POST /api/objects: define an object with its fields."""
    definition = read_definition(await read_object(request))

    async def propose(tx: Transaction) -> Proposal:
        return definition.proposal

    applied = await change_in_transaction(request, propose)
    return json_response(
        {
            "id": definition.components[0].name,
            "status": "created",
            "fields_created": applied.plan.count("create", "field"),
        },
        201,
    )


async def list_objects(request: Request) -> Response:
    """GET /api/objects: every object of the tenant, without its fields."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        visible = [obj for obj in tx.catalog.objects if tx.rights.may_read_object(obj.id)]
        return json_response({"objects": [_line(obj) for obj in visible], "total": len(visible)})


async def get_object(request: Request) -> Response:
    """GET /api/objects/{object}: one object with its fields and relations."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        return json_response(await _shown(tx, obj))


async def change_object(request: Request) -> Response:
    """PATCH /api/objects/{object}: change what is said of an object, its name included."""
    changes = await read_object(request)

    async def propose(tx: Transaction) -> Proposal:
        obj = visible_object(tx, request.path_params["object"])
        component = await _component(tx, "object", obj.name)
        return object_change(component, changes)

    return await _change_and_show(request, propose)


async def delete_object(request: Request) -> Response:
    """DELETE /api/objects/{object}: put an object in the bin; until purged its records stay."""

    async def propose(tx: Transaction) -> Proposal:
        obj = visible_object(tx, request.path_params["object"])
        return Proposal(removals=(("object", obj.name.lower()),))

    await change_in_transaction(request, propose)
    return Response(status_code=204)


async def restore_object(request: Request) -> Response:
    """POST /api/objects/{object}/restore: bring an object back from the bin with its fields."""
    name = request.path_params["object"]

    async def propose(tx: Transaction) -> Proposal:
        found = [
            row.component.key
            for row in await load_components(tx)
            if row.deleted_at is not None
            and row.component.kind == "object"
            and row.component.name.lower() in (name.lower(), custom_name(name).lower())
        ]
        if not found:
            raise UnknownObject(f"There is no object {name[:80]} in the bin.")
        return Proposal(restores=(found[-1],))

    return await _change_and_show(request, propose)


async def create_field(request: Request) -> Response:
    """POST /api/objects/{object}/fields: add a field."""
    definition = await read_object(request)

    async def propose(tx: Transaction) -> Proposal:
        obj = visible_object(tx, request.path_params["object"])
        return field_proposal(obj.name, definition)

    applied = await change_in_transaction(request, propose)
    name = applied.plan.changes[0].after
    assert name is not None
    return json_response({"id": name.name, "status": "created"}, 201)


async def change_field(request: Request) -> Response:
    """PATCH /api/objects/{object}/fields/{field}: change a field, its name included."""
    changes = await read_object(request)

    async def propose(tx: Transaction) -> Proposal:
        obj = visible_object(tx, request.path_params["object"])
        field = visible_field(obj, tx.rights, request.path_params["field"])
        component = await _component(tx, "field", f"{obj.name}.{field.name}")
        return field_change(component, changes)

    return await _change_and_show(request, propose)


async def delete_field(request: Request) -> Response:
    """DELETE /api/objects/{object}/fields/{field}: put a field in the bin; its values stay."""

    async def propose(tx: Transaction) -> Proposal:
        obj = visible_object(tx, request.path_params["object"])
        field = visible_field(obj, tx.rights, request.path_params["field"])
        component = await _component(tx, "field", f"{obj.name}.{field.name}")
        return Proposal(removals=(component.key,))

    await change_in_transaction(request, propose)
    return Response(status_code=204)


async def restore_field(request: Request) -> Response:
    """POST /api/objects/{object}/fields/{field}/restore: bring a field back with its values."""

    async def propose(tx: Transaction) -> Proposal:
        obj = visible_object(tx, request.path_params["object"])
        key = ("field", f"{obj.name}.{request.path_params['field']}".lower())
        return Proposal(restores=(key,))

    return await _change_and_show(request, propose)


def visible_object(tx: Transaction, name: str) -> ObjectDef:
    """Give the object of this name if the viewer may see it. Raises UnknownObject."""
    return visible.visible_object(tx.catalog, tx.rights, name)


async def _component(tx: Transaction, kind: str, name: str) -> Component:
    """Give a live component by its exact name. Raises UnknownField: only fields may lack one."""
    for row in await load_components(tx):
        same = row.component.kind == kind and row.component.name.lower() == name.lower()
        if same and row.deleted_at is None:
            return row.component
    raise UnknownField(f"{name} belongs to every object and cannot be changed.")


async def change_in_transaction(request: Request, propose: Propose) -> Applied:
    """Work out a proposal with the catalog held alone, and apply it."""
    database = database_of(request)
    async with database.change_metadata(
        tenant_of(request), viewer_of(request), cause_of(request)
    ) as tx:
        return await change_metadata(tx, await propose(tx))


async def _change_and_show(request: Request, propose: Propose) -> Response:
    applied = await change_in_transaction(request, propose)
    touched = applied.plan.changes[0].after if applied.plan.changes else None
    name = touched.name.partition(".")[0] if touched else request.path_params["object"]
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return json_response(await _shown(tx, visible_object(tx, name)))


async def _shown(tx: Transaction, obj: ObjectDef) -> dict[str, Json]:
    rows = await load_components(tx)
    components = {row.component.key: row.component for row in rows if row.deleted_at is None}
    return show_object(obj, tx.catalog, components, tx.rights)


def _line(obj: ObjectDef) -> dict[str, Json]:
    return {
        "id": obj.name,
        "name": obj.name,
        "label": obj.label,
        "plural_name": obj.plural_label,
        "slug": obj.slug,
        "prefix": obj.prefix,
        "icon": obj.icon,
        "custom": obj.package is None,
        "package": obj.package,
        "in_navigation": obj.in_navigation,
        "sharing": str(obj.sharing),
        "about": str(obj.about),
        "holds": str(obj.holds),
    }


ROUTES: Final = (
    Route("/api/objects", create_object, methods=["POST"]),
    Route("/api/objects", list_objects, methods=["GET"]),
    Route("/api/objects/{object}", get_object, methods=["GET"]),
    Route("/api/objects/{object}", change_object, methods=["PATCH"]),
    Route("/api/objects/{object}", delete_object, methods=["DELETE"]),
    Route("/api/objects/{object}/restore", restore_object, methods=["POST"]),
    Route("/api/objects/{object}/fields", create_field, methods=["POST"]),
    Route("/api/objects/{object}/fields/{field}", change_field, methods=["PATCH"]),
    Route("/api/objects/{object}/fields/{field}", delete_field, methods=["DELETE"]),
    Route("/api/objects/{object}/fields/{field}/restore", restore_field, methods=["POST"]),
)
