"""What the tenant uses and may use: /api/usage."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import json_response
from fieldstone.errors import Forbidden
from fieldstone.metadata.rights import SetupArea
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metering import load_days, load_usage, show_usage
from fieldstone.runtime.terms import Feature
from fieldstone.runtime.transactions import Transaction


async def get_usage(request: Request) -> Response:
    """GET /api/usage: how much is used of what the plan gives, by day for thirty days as well."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        if not tx.rights.may_set_up(SetupArea.ORGANIZATION):
            raise Forbidden("You may not see what the organization uses.")
        return json_response(await usage_of(tx))


async def usage_of(tx: Transaction) -> dict[str, Any]:
    """Give what a tenant uses as callers see it."""
    terms = tx.tenant.terms
    return {
        "plan": terms.plan,
        "usage": show_usage(tx, await load_usage(tx)),
        "features": {name.value: terms.has(name) for name in Feature},
        "days": [
            {"day": day.isoformat(), "meter": name, "value": value}
            for day, name, value in await load_days(tx)
        ],
    }


ROUTES: Final = (Route("/api/usage", get_usage, methods=["GET"]),)
