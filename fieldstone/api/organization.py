"""The endpoints of the organization: /api/organization."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import json_response, read_object
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.organization import change_organization, show_organization


async def get_organization(request: Request) -> Response:
    """GET /api/organization: name, currency, time zone, locale, fiscal year and address."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return json_response(show_organization(tx))


async def patch_organization(request: Request) -> Response:
    """PATCH /api/organization: change some of it; null gives what is usual. Only to set up."""
    changes = await read_object(request)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    async with database.change_metadata(tenant, viewer, cause_of(request)) as tx:
        await change_organization(tx, changes)
    return await get_organization(request)


ROUTES: Final = (
    Route("/api/organization", get_organization, methods=["GET"]),
    Route("/api/organization", patch_organization, methods=["PATCH"]),
)
