"""The endpoint of apps: /api/apps, the navigations that somebody is offered."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import json_response
from fieldstone.metadata.values import Json
from fieldstone.runtime.apps import App, Entry, apps_of
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of


async def list_apps(request: Request) -> Response:
    """GET /api/apps: the apps that the viewer is offered, with those tabs that they may open."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return json_response({"apps": [_shown(one) for one in apps_of(tx)]})


def _shown(app: App) -> dict[str, Json]:
    return {
        "name": app.name,
        "label": app.label,
        "description": app.description,
        "is_default": app.is_default,
        "tabs": [_shown_entry(one) for one in app.entries],
    }


def _shown_entry(entry: Entry) -> dict[str, Json]:
    return {
        "name": entry.name,
        "label": entry.label,
        "icon": entry.icon,
        "object": None if entry.object is None else entry.object.name,
        "url": entry.url or None,
    }


ROUTES: Final = (Route("/api/apps", list_apps, methods=["GET"]),)
