"""Endpoints for the platform's own administration: /api/platform/tenants."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import MOST_PER_PAGE, BadJson, json_response, read_object, whole_number
from fieldstone.errors import Forbidden
from fieldstone.platform.middleware.tenant import DEFAULT_TENANT
from fieldstone.platform.tenants import Tenants
from fieldstone.runtime.asking import tenant_of, viewer_of


async def list_tenants(request: Request) -> Response:
    """GET /api/platform/tenants: every tenant, in order of its making."""
    _check(request)
    limit = whole_number(request, "limit", MOST_PER_PAGE, MOST_PER_PAGE)
    after = whole_number(request, "cursor", 0, 2**31 - 1, least=0)
    found = await _tenants(request).list(after, limit + 1)
    shown = [
        {
            "name": one["name"],
            "label": one["label"],
            "status": one["status"],
            "created_at": one["created_at"].isoformat(),
        }
        for one in found[:limit]
    ]
    following = found[limit - 1]["id"] if len(found) > limit else None
    return json_response({"tenants": shown, "next": following})


async def create_tenant(request: Request) -> Response:
    """POST /api/platform/tenants: {"name", "label"} makes a tenant with the CRM in it."""
    _check(request)
    body = await read_object(request)
    name, label = body.get("name"), body.get("label") or body.get("name")
    if not isinstance(name, str) or not isinstance(label, str) or not 0 < len(label) <= 120:
        raise BadJson("A tenant needs a name and a label of up to 120 characters.", at="/name")
    made = await _tenants(request).create(name, label)
    return json_response({"name": made.name, "label": made.label, "status": "active"}, 201)


def _check(request: Request) -> None:
    """Only the administrator of the first tenant administers the platform. Raises Forbidden."""
    may = viewer_of(request).standing.is_administrator and tenant_of(request).name == DEFAULT_TENANT
    if not may:
        raise Forbidden("Only the platform's administrator may do this.")


def _tenants(request: Request) -> Tenants:
    tenants: Tenants = request.app.state.engine.tenants
    return tenants


ROUTES: Final = (
    Route("/api/platform/tenants", list_tenants, methods=["GET"]),
    Route("/api/platform/tenants", create_tenant, methods=["POST"]),
)
