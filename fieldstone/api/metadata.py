"""Endpoints about metadata as such: the JSON Schemas of all kinds, of filters and of queries."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import json_response
from fieldstone.metadata.kinds.registry import KINDS, get_kind
from fieldstone.query_language.json_forms.schema import SCHEMAS


async def list_schemas(request: Request) -> Response:
    """GET /api/metadata/schemas: the JSON Schema (Draft 2020-12) of every kind of component.

    Beside them stand those of a filter and of a query.
    """
    kinds = {name: kind.schema for name, kind in KINDS.items()}
    return json_response({"schemas": {**kinds, **SCHEMAS}})


async def get_schema(request: Request) -> Response:
    """GET /api/metadata/schemas/{kind}: the JSON Schema of one kind, of filter or of query."""
    name = request.path_params["kind"]
    return json_response(SCHEMAS[name] if name in SCHEMAS else get_kind(name).schema)


ROUTES: Final = (
    Route("/api/metadata/schemas", list_schemas, methods=["GET"]),
    Route("/api/metadata/schemas/{kind}", get_schema, methods=["GET"]),
)
