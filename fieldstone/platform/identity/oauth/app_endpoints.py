"""Endpoints for connected apps: their secrets, for administrators, and what each person allowed."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import json_response
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.values import Json
from fieldstone.platform.identity.endpoints import in_session, signed_in
from fieldstone.platform.identity.oauth.apps import (
    check_administrator,
    drop_secret,
    end_all_grants,
    make_secret,
)
from fieldstone.platform.identity.oauth.grants import end_my_app, list_my_apps
from fieldstone.platform.identity.oauth.overview import list_apps
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of


async def show_apps(request: Request) -> Response:
    """GET /api/connected-apps: the connected apps, and how many people use each."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_administrator(tx)
        found = await list_apps(tx)
    shown: list[Json] = [
        {
            "client_id": one.name,
            "label": one.body.label,
            "active": one.body.active,
            "public": one.body.public,
            "secret_since": write_instant(one.secret_since) if one.secret_since else None,
            "people": one.people,
        }
        for one in found
    ]
    return json_response({"apps": shown})


async def create_client_secret(request: Request) -> Response:
    """POST /api/connected-apps/{name}/secret: make another secret, told this once."""
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        secret = await make_secret(tx, request.path_params["name"])
    return json_response({"client_secret": secret}, 201)


async def delete_client_secret(request: Request) -> Response:
    """DELETE /api/connected-apps/{name}/secret: take the secret back; tokens go on."""
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        await drop_secret(tx, request.path_params["name"])
    return Response(status_code=204)


async def delete_grants(request: Request) -> Response:
    """DELETE /api/connected-apps/{name}/grants: end all that anybody has allowed the app."""
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        await end_all_grants(tx, request.path_params["name"])
    return Response(status_code=204)


async def show_my_apps(request: Request) -> Response:
    """GET /api/my-apps: the programs that the viewer has allowed something."""
    signed_in(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await list_my_apps(tx)
    shown: list[Json] = [
        {
            "client_id": one["app"],
            "label": one["label"],
            "scopes": list(one["scopes"]),
            "since": write_instant(one["since"]),
            "used_at": write_instant(one["used_at"]),
        }
        for one in found
    ]
    return json_response({"apps": shown})


async def delete_my_app(request: Request) -> Response:
    """DELETE /api/my-apps/{name}: take back all that the viewer has allowed a program."""
    in_session(request)
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        await end_my_app(tx, request.path_params["name"])
    return Response(status_code=204)


ROUTES: Final = (
    Route("/api/connected-apps", show_apps, methods=["GET"]),
    Route("/api/connected-apps/{name}/secret", create_client_secret, methods=["POST"]),
    Route("/api/connected-apps/{name}/secret", delete_client_secret, methods=["DELETE"]),
    Route("/api/connected-apps/{name}/grants", delete_grants, methods=["DELETE"]),
    Route("/api/my-apps", show_my_apps, methods=["GET"]),
    Route("/api/my-apps/{name}", delete_my_app, methods=["DELETE"]),
)
