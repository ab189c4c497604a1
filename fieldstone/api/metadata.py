"""Endpoints about metadata as such: the JSON Schemas of all kinds."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import json_response
from fieldstone.metadata.kinds.registry import KINDS, get_kind


async def list_schemas(request: Request) -> Response:
    """GET /api/metadata/schemas: the JSON Schema (Draft 2020-12) of every kind of component."""
    return json_response({"schemas": {name: kind.schema for name, kind in KINDS.items()}})


async def get_schema(request: Request) -> Response:
    """GET /api/metadata/schemas/{kind}: the JSON Schema of one kind."""
    return json_response(get_kind(request.path_params["kind"]).schema)


ROUTES: Final = (
    Route("/api/metadata/schemas", list_schemas, methods=["GET"]),
    Route("/api/metadata/schemas/{kind}", get_schema, methods=["GET"]),
)
