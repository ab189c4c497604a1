"""Endpoints for identity providers: their client secrets, which are never shown again, and SAML."""

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
from fieldstone.platform.identity.providers.saml import entity_id, read_metadata
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
                "protocol": body.protocol,
                "active": body.active,
                "has_secret": fold(name) in kept,
                "return_address": return_address(server_of(request), name),
                "entity_id": entity_id(server_of(request), name, body),
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


async def read_saml_metadata(request: Request) -> Response:
    """POST /api/saml-metadata: {"metadata"} or {"address"} of a provider, as it is declared."""
    sent = await read_object(request)
    text, address = sent.get("metadata"), sent.get("address")
    if isinstance(text, str) == isinstance(address, str):
        raise BadJson("Send either metadata or address, as a text.", at="/metadata")
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_administrator(tx)
    told = await read_metadata(parts_of(request).store.outgoing, text, address)
    return json_response(told)


ROUTES: Final = (
    Route("/api/saml-metadata", read_saml_metadata, methods=["POST"]),
    Route("/api/identity-providers", list_providers, methods=["GET"]),
    Route("/api/identity-providers/{name}/secret", put_secret, methods=["PUT"]),
    Route("/api/identity-providers/{name}/secret", delete_secret, methods=["DELETE"]),
)
