"""Endpoints for service users and their tokens."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import json_response, read_object
from fieldstone.ids import format_id
from fieldstone.platform.identity.endpoints import (
    UnknownToken,
    number_in_path,
    operated,
    read_flag,
    read_wish,
    shown_token,
    text_in,
)
from fieldstone.platform.identity.people import person_id
from fieldstone.platform.identity.service_users import (
    add_service_user,
    list_service_tokens,
    make_service_token,
    revoke_service_token,
)
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of


async def create_service_user(request: Request) -> Response:
    """POST /api/service-users: {"name", "is_administrator"?} makes a member that is no person."""
    operated(request)
    body = await read_object(request)
    administers = read_flag(body, "is_administrator") or False
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        user_id, email = await add_service_user(
            tx, text_in(body, "name"), is_administrator=administers
        )
    return json_response({"id": format_id("user", user_id), "email": email}, 201)


async def list_service_user_tokens(request: Request) -> Response:
    """GET /api/people/{id}/tokens: the tokens of a service user, the newest first."""
    number = person_id(request.path_params["id"])
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await list_service_tokens(tx, number)
    return json_response({"tokens": [shown_token(one) for one in found]})


async def create_service_user_token(request: Request) -> Response:
    """POST /api/people/{id}/tokens: a token of a service user; its text is told once."""
    operated(request)
    number = person_id(request.path_params["id"])
    body = await read_object(request)
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        made, text = await make_service_token(tx, number, read_wish(body, tx.now))
    return json_response({"id": format_id("token", made), "token": text}, 201)


async def delete_service_user_token(request: Request) -> Response:
    """DELETE /api/people/{id}/tokens/{token}: take a token of a service user back."""
    number, token = person_id(request.path_params["id"]), number_in_path(request, "token")
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        if token is None or not await revoke_service_token(tx, number, token):
            raise UnknownToken("There is no such token.")
    return Response(status_code=204)


ROUTES: Final = (
    Route("/api/service-users", create_service_user, methods=["POST"]),
    Route("/api/people/{id}/tokens", list_service_user_tokens, methods=["GET"]),
    Route("/api/people/{id}/tokens", create_service_user_token, methods=["POST"]),
    Route("/api/people/{id}/tokens/{token}", delete_service_user_token, methods=["DELETE"]),
)
