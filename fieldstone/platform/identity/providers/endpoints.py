"""Endpoints for the client secrets of identity providers: what is given is never shown again."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import BadJson, json_response, read_object
from fieldstone.metadata.values import Json, fold
from fieldstone.platform.identity.providers.client_secrets import (
    check_administrator,
    drop_secret,
    keep_secret,
    kept_secrets,
)
from fieldstone.platform.identity.providers.offering import return_address
from fieldstone.platform.identity.providers.parts import parts_of
from fieldstone.platform.server_address import server_of
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of


async def list_providers(request: Request) -> Response:
    """GET /api/identity-providers: how people may sign in, and where each sends them back to."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_administrator(tx)
        kept = await kept_secrets(tx)
        shown: list[Json] = [
            {
                "name": name,
                "label": body.label,
                "issuer": body.issuer,
                "client_id": body.client_id,
                "active": body.active,
                "has_secret": fold(name) in kept,
                "return_address": return_address(server_of(request), name),
            }
            for name, body in tx.catalog.identity_providers.items()
        ]
    return json_response({"providers": shown})


async def put_secret(request: Request) -> Response:
    """PUT /api/identity-providers/{name}/secret: {"secret"}, which the provider gave us."""
    secret = (await read_object(request)).get("secret")
    if not isinstance(secret, str):
        raise BadJson("secret must be a text.", at="/secret")
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        await keep_secret(tx, parts_of(request).secrets, request.path_params["name"], secret)
    return Response(status_code=204)


async def delete_secret(request: Request) -> Response:
    """DELETE /api/identity-providers/{name}/secret: forget it; the provider is asked without."""
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        await drop_secret(tx, request.path_params["name"])
    return Response(status_code=204)


ROUTES: Final = (
    Route("/api/identity-providers", list_providers, methods=["GET"]),
    Route("/api/identity-providers/{name}/secret", put_secret, methods=["PUT"]),
    Route("/api/identity-providers/{name}/secret", delete_secret, methods=["DELETE"]),
)
