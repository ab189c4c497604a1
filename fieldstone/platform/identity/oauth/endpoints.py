"""Endpoints of the OAuth 2 server for programs: tokens, revocation, introspection, what it can."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import json_response
from fieldstone.ids import format_id
from fieldstone.metadata.api_scopes import API_SCOPES
from fieldstone.metadata.values import Json
from fieldstone.platform.identity import secrets
from fieldstone.platform.identity.oauth.apps import App, Credentials, authenticate
from fieldstone.platform.identity.oauth.errors import OAuthRefusal, invalid_client
from fieldstone.platform.identity.oauth.granting import WAYS, Asked, grant_tokens, needed
from fieldstone.platform.identity.oauth.grants import end_grants
from fieldstone.platform.identity.oauth.requests import (
    answer,
    check_rate,
    count_refusal,
    credentials_in,
    in_oauth_shape,
    read_oauth_form,
)
from fieldstone.platform.identity.oauth.statements import (
    DROP_ACCESS,
    FIND_GRANT,
    LOOK_AT_ACCESS,
    TAKE_REFRESH,
)
from fieldstone.platform.server_address import server_of
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.runtime.transactions import Transaction, Viewer

_NOBODY: Final = Viewer(None, "")
_METHODS: Final = ("client_secret_basic", "client_secret_post", "none")


@in_oauth_shape
async def make_tokens(request: Request) -> Response:
    """POST /oauth/token: trade a code, a refresh token, a secret or an assertion for tokens."""
    form = await read_oauth_form(request)
    said = credentials_in(request, form)
    server = server_of(request)
    asked = Asked(form, said, (server, f"{server}/oauth/token"))
    async with _counted(request, said):
        return answer(await grant_tokens(database_of(request), tenant_of(request), asked))


@in_oauth_shape
async def revoke_token(request: Request) -> Response:
    """POST /oauth/revoke: give a token back (RFC 7009); a refresh token ends all of its family."""
    form = await read_oauth_form(request)
    text = needed(form, "token")
    said = credentials_in(request, form)
    async with _counted(request, said), _opened(request) as tx:
        app = await authenticate(tx, said)
        this = {"tenant": tx.tenant.id}
        access = secrets.digest_of(text, secrets.ACCESS)
        if access is not None:
            await tx.run(DROP_ACCESS, **this, token_hash=access, app=app.name)
        grant = await _refreshed(tx, app, text)
        if grant is not None:
            await end_grants(tx, [grant["id"]])
    return Response(status_code=200)


@in_oauth_shape
async def introspect_token(request: Request) -> Response:
    """POST /oauth/introspect: what a token of one's own stands for (RFC 7662)."""
    form = await read_oauth_form(request)
    text = needed(form, "token")
    said = credentials_in(request, form)
    async with _counted(request, said), _opened(request) as tx:
        app = await authenticate(tx, said)
        if app.body.public:
            raise invalid_client()
        digest = secrets.digest_of(text, secrets.ACCESS)
        this = {"tenant": tx.tenant.id, "now": tx.now}
        row = (
            await tx.row(LOOK_AT_ACCESS, **this, token_hash=digest, app=app.name)
            if digest
            else None
        )
        kind = "access_token"
        if row is None:
            row, kind = await _refreshed(tx, app, text), "refresh_token"
    if row is None:
        return answer({"active": False})
    return answer(_told(app, row, kind))


async def describe_server(request: Request) -> Response:
    """GET /.well-known/oauth-authorization-server: what this server can (RFC 8414)."""
    server = server_of(request)
    told: dict[str, Json] = {
        "issuer": server,
        "authorization_endpoint": f"{server}/oauth/authorize",
        "token_endpoint": f"{server}/oauth/token",
        "revocation_endpoint": f"{server}/oauth/revoke",
        "introspection_endpoint": f"{server}/oauth/introspect",
        "scopes_supported": list(API_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(WAYS),
        "token_endpoint_auth_methods_supported": list(_METHODS),
        "revocation_endpoint_auth_methods_supported": list(_METHODS),
        "introspection_endpoint_auth_methods_supported": list(_METHODS[:-1]),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    return json_response(told)


@asynccontextmanager
async def _counted(request: Request, said: Credentials) -> AsyncIterator[None]:
    """Count secrets of programs that are wrong inside. Raises TooManyTries.

    A code or a refresh token that does not hold any more is no guess of a secret.
    """
    tried = await check_rate(request, said.client_id)
    try:
        yield
    except OAuthRefusal as refusal:
        if refusal.error == "invalid_client":
            await count_refusal(request, tried)
        raise


def _opened(request: Request) -> AbstractAsyncContextManager[Transaction]:
    return database_of(request).write_apart(tenant_of(request), _NOBODY)


async def _refreshed(tx: Transaction, app: App, text: str) -> Any:
    """Give the grant of a refresh token of an app that still holds; None for any other text."""
    digest = secrets.digest_of(text, secrets.REFRESH)
    if digest is None:
        return None
    token = await tx.row(TAKE_REFRESH, tenant=tx.tenant.id, token_hash=digest)
    if token is None or token["used_at"] is not None or token["expires_at"] <= tx.now:
        return None
    mine = {"tenant": tx.tenant.id, "now": tx.now}
    grant = await tx.row(FIND_GRANT, **mine, grant_id=token["grant_id"])
    fits = grant is not None and grant["app"] == app.name and grant["ended_at"] is None
    return grant if fits else None


def _told(app: App, row: Any, kind: str) -> dict[str, Json]:
    return {
        "active": True,
        "client_id": app.name,
        "scope": " ".join(row["scopes"]),
        "sub": format_id("user", row["user_id"]),
        "username": row["email"],
        "token_type": "Bearer" if kind == "access_token" else kind,
        "iat": int(row["created_at"].timestamp()),
        "exp": int(row["expires_at"].timestamp()),
    }


ROUTES: Final = (
    Route("/oauth/token", make_tokens, methods=["POST"]),
    Route("/oauth/revoke", revoke_token, methods=["POST"]),
    Route("/oauth/introspect", introspect_token, methods=["POST"]),
    Route("/.well-known/oauth-authorization-server", describe_server, methods=["GET"]),
)
