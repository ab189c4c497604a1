"""GET /api/objects/{object}/layout: how the pages of an object look to whoever asks."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.objects import visible_object
from fieldstone.api.requests import json_response
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.layouts import Layout, PlacedField, PlacedList, Section, layout_for

_LONGEST: Final = 80


async def get_layout(request: Request) -> Response:
    """GET /api/objects/{object}/layout: the layout that fits; record_type= may be given.

    Where nobody has declared one that fits, it has no name and holds all fields.
    """
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        record_type = request.query_params.get("record_type", "")[:_LONGEST]
        layout = layout_for(tx, obj, record_type)
        return json_response({"object": obj.name, **_shown(layout)})


def _shown(layout: Layout) -> JsonObject:
    highlights = layout.highlights
    return {
        "name": layout.name or None,
        "label": layout.label or None,
        "sections": [_section(one) for one in layout.sections],
        "related_lists": [_related(one) for one in layout.related],
        "highlights": None if highlights is None else [one.name for one in highlights],
        "links": list(layout.links),
        "actions": list(layout.actions),
    }


def _section(section: Section) -> JsonObject:
    return {
        "label": section.label or None,
        "columns": [[_item(one) for one in column] for column in section.columns],
        "collapsed": section.collapsed,
        "on_detail": section.on_detail,
        "on_edit": section.on_edit,
    }


def _item(placed: PlacedField | None) -> Json:
    if placed is None:
        return None
    field = placed.field
    return {
        "field": field.name,
        "label": field.label,
        "type": field.type.name,
        "behaviour": placed.behaviour,
    }


def _related(listed: PlacedList) -> JsonObject:
    relation = listed.relation
    return {
        "name": relation.name,
        "object": relation.object.name,
        "field": relation.field.name,
        "columns": [one.name for one in listed.columns],
        "sort": None if listed.sort is None else listed.sort.name,
        "descending": listed.descending,
    }


ROUTES: Final = (Route("/api/objects/{object}/layout", get_layout, methods=["GET"]),)
