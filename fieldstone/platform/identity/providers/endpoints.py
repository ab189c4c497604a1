"""Endpoints for identity providers: their client secrets, which are never shown again, and SAML."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import BadJson, json_response, read_object
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.values import Json, fold
from fieldstone.platform.identity.providers.client_secrets import (
    check_administrator,
    drop_secret,
    keep_secret,
    kept_secrets,
)
from fieldstone.platform.identity.providers.offering import return_address
from fieldstone.platform.identity.providers.parts import parts_of
from fieldstone.platform.identity.providers.saml import entity_id, read_metadata, sign_out_address
from fieldstone.platform.identity.providers.saml_keys import (
    KeyPair,
    drop_pair,
    keep_new_pair,
    list_keys,
    sign_with,
)
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
                "sign_out_address": sign_out_address(server_of(request), name)
                if body.protocol == "saml"
                else None,
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


async def list_saml_keys(request: Request) -> Response:
    """GET /api/identity-providers/{name}/keys: our key pairs there, the one that signs first."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        kept = await list_keys(tx, parts_of(request).secrets, request.path_params["name"])
    return json_response({"keys": [_shown_key(one) for one in kept]})


async def make_saml_key(request: Request) -> Response:
    """POST /api/identity-providers/{name}/keys: make another key pair; the first one signs."""
    made = await keep_new_pair(request, request.path_params["name"])
    return json_response(_shown_key(made), 201)


async def use_saml_key(request: Request) -> Response:
    """PUT /api/identity-providers/{name}/keys/{key_pair}: {"signs": true}: sign with it."""
    if (await read_object(request)).get("signs") is not True:
        raise BadJson("signs must be true.", at="/signs", hint="Let another key pair sign.")
    name, key = request.path_params["name"], request.path_params["key_pair"]
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        chosen = await sign_with(tx, parts_of(request).secrets, name, key)
    return json_response(_shown_key(chosen))


async def delete_saml_key(request: Request) -> Response:
    """DELETE /api/identity-providers/{name}/keys/{key_pair}: forget one that does not sign."""
    name, key = request.path_params["name"], request.path_params["key_pair"]
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        await drop_pair(tx, parts_of(request).secrets, name, key)
    return Response(status_code=204)


def _shown_key(pair: KeyPair) -> dict[str, Json]:
    """Give a key pair as callers see it: never the key."""
    return {
        "id": pair.id,
        "fingerprint": pair.fingerprint,
        "certificate": pair.certificate,
        "made_at": write_instant(pair.made_at),
        "expires_at": write_instant(pair.expires_at),
        "signs": pair.signs,
    }


ROUTES: Final = (
    Route("/api/identity-providers/{name}/keys", list_saml_keys, methods=["GET"]),
    Route("/api/identity-providers/{name}/keys", make_saml_key, methods=["POST"]),
    Route("/api/identity-providers/{name}/keys/{key_pair}", use_saml_key, methods=["PUT"]),
    Route("/api/identity-providers/{name}/keys/{key_pair}", delete_saml_key, methods=["DELETE"]),
    Route("/api/saml-metadata", read_saml_metadata, methods=["POST"]),
    Route("/api/identity-providers", list_providers, methods=["GET"]),
    Route("/api/identity-providers/{name}/secret", put_secret, methods=["PUT"]),
    Route("/api/identity-providers/{name}/secret", delete_secret, methods=["DELETE"]),
)
