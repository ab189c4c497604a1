"""Endpoints for roles as a tree, and for who has them.

The roles themselves are components, at /api/metadata/components/role.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import MOST_PER_PAGE, PAGE_SIZE, json_response, whole_number
from fieldstone.metadata.sharing import RoleTree
from fieldstone.metadata.values import Json
from fieldstone.runtime.access.parties import shown_people
from fieldstone.runtime.access.people_roles import (
    check_setup_of_people,
    count_people,
    people_with,
    role_named,
    roles_in_order,
)
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of

_LAST: Final = 2**63 - 1


async def list_roles(request: Request) -> Response:
    """GET /api/roles: the roles from the top down, each followed by those below it."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    start = whole_number(request, "cursor", 0, 2**31 - 1, least=0)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup_of_people(tx)
        counts = await count_people(tx)
        tree = tx.catalog.roles
        placed = list(roles_in_order(tree))
    shown: list[Json] = [
        {
            "name": role.name,
            "label": role.label,
            "parent": _name(tree, role.parent),
            "depth": depth,
            "people": counts.get(role.id, 0),
        }
        for role, depth in placed[start : start + limit]
    ]
    following = str(start + limit) if len(placed) > start + limit else None
    return json_response({"roles": shown, "next": following})


async def list_role_people(request: Request) -> Response:
    """GET /api/roles/{name}/people: who has a role, in order of their making."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    after = whole_number(request, "cursor", 0, _LAST, least=0)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup_of_people(tx)
        role = role_named(tx, request.path_params["name"])
        found = await people_with(tx, role, after, limit + 1)
        shown = await shown_people(tx, found[:limit])
    following = str(found[limit - 1]) if len(found) > limit else None
    return json_response({"people": shown, "next": following})


def _name(tree: RoleTree, role: int | None) -> str | None:
    found = tree.by_id.get(role) if role is not None else None
    return None if found is None else found.name


ROUTES: Final = (
    Route("/api/roles", list_roles, methods=["GET"]),
    Route("/api/roles/{name}/people", list_role_people, methods=["GET"]),
)
