"""Endpoints for territories: what each holds, who works in it, and giving records out anew.

The territories and their rules are components, at /api/metadata/components/territory.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import (
    MOST_PER_PAGE,
    PAGE_SIZE,
    BadJson,
    BadParameter,
    json_response,
    read_object,
    read_optional_object,
    whole_number,
)
from fieldstone.ids import format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.territories import Territory
from fieldstone.metadata.values import Json
from fieldstone.metadata.visible import visible_object
from fieldstone.runtime.access.assigning import assign_all, count_held, ruled_objects
from fieldstone.runtime.access.foreseeing import KINDS, Foreseen, foresee
from fieldstone.runtime.access.parties import shown_people, user_number
from fieldstone.runtime.access.proposals import read_said, resolve
from fieldstone.runtime.access.territories import (
    HeldRecord,
    add_to_territory,
    check_territories,
    count_territory_people,
    in_order,
    people_in,
    records_in,
    take_from_territory,
    territory_named,
)
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.transactions import Transaction

_LAST: Final = 2**63 - 1


async def list_territories(request: Request) -> Response:
    """GET /api/territories: from the outermost in, with people, records and capacity of each."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    start = whole_number(request, "cursor", 0, 2**31 - 1, least=0)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_territories(tx)
        placed = list(in_order(tx.catalog.territories))
        page = placed[start : start + limit]
        shown = await _shown(tx, page)
    following = str(start + limit) if len(placed) > start + limit else None
    return json_response({"territories": shown, "next": following})


async def list_territory_people(request: Request) -> Response:
    """GET /api/territories/{name}/people: who works in a territory, in order of their making."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    after = whole_number(request, "cursor", 0, _LAST, least=0)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_territories(tx)
        one = territory_named(tx, request.path_params["name"])
        found = await people_in(tx, one, after, limit + 1)
        shown = await shown_people(tx, found[:limit])
    following = str(found[limit - 1]) if len(found) > limit else None
    return json_response({"people": shown, "next": following})


async def add_territory_people(request: Request) -> Response:
    """POST /api/territories/{name}/people: {"users": [ids]} has them work in a territory."""
    users = (await read_object(request)).get("users")
    if not isinstance(users, list | tuple) or not all(isinstance(one, str) for one in users):
        raise BadJson("users must be a list of ids.", at="/users")
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        check_territories(tx)
        one = territory_named(tx, request.path_params["name"])
        numbers = [user_number(tx, str(user), f"/users/{n}") for n, user in enumerate(users)]
        added = await add_to_territory(tx, one, numbers)
    return json_response({"added": added})


async def remove_territory_person(request: Request) -> Response:
    """DELETE /api/territories/{name}/people/{user}: have somebody work in it no more."""
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        check_territories(tx)
        one = territory_named(tx, request.path_params["name"])
        await take_from_territory(tx, one, user_number(tx, request.path_params["user"], "/user"))
    return Response(status_code=204)


async def list_territory_records(request: Request) -> Response:
    """GET /api/territories/{name}/records: the records of object= that are in a territory."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    after = whole_number(request, "cursor", 0, _LAST, least=0)
    named = request.query_params.get("object")
    if not named:
        raise BadParameter("Say of which object.", at="/object", hint="object=Company")
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_territories(tx)
        one = territory_named(tx, request.path_params["name"])
        obj = visible_object(tx.catalog, tx.rights, named)
        found = await records_in(tx, one, obj, after, limit + 1)
    shown: list[Json] = [_held(obj, record) for record in found[:limit]]
    following = str(found[limit - 1].id) if len(found) > limit else None
    return json_response({"records": shown, "next": following})


async def preview_territories(request: Request) -> Response:
    """POST /api/territories/preview: what giving records out anew would do; nothing is done.

    {"components", "removals"} propose other territories and rules, {"object"} asks about one.
    """
    body = await read_optional_object(request)
    said = {key: value for key, value in body.items() if key in {"components", "removals"}}
    named = body.get("object")
    if not isinstance(named, str | None) or len(said) + (named is not None) < len(body):
        raise BadJson("Say components, removals and object, and nothing else.", at="")
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_territories(tx)
        proposal = (await resolve(tx, read_said(said), KINDS)).proposal if said else None
        obj = None if named is None else visible_object(tx.catalog, tx.rights, named)
        found = await foresee(tx, proposal, obj)
    return json_response({"objects": [_foreseen(one) for one in found]})


async def assign_territories(request: Request) -> Response:
    """POST /api/territories/assign: give all records that rules are about out anew, as jobs."""
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        check_territories(tx)
        jobs = await assign_all(tx, ruled_objects(tx))
    told: list[Json] = [{"job": job, "url": f"/api/jobs/{job}"} for job in jobs]
    return json_response({"jobs": told}, 202)


def _held(obj: ObjectDef, one: HeldRecord) -> dict[str, Json]:
    return {
        "id": format_id(obj.prefix, one.id),
        "name": one.name or None,
        "by_rule": one.by_rule,
        "access": one.level.word,
        "since": write_instant(one.since),
    }


def _foreseen(one: Foreseen) -> dict[str, Json]:
    return {
        "object": one.object.name,
        "looked_at": one.looked_at,
        "complete": not one.is_cut,
        "given": one.given,
        "taken": one.taken,
        "without": one.without,
        "territories": [
            {
                "name": move.territory,
                "label": move.label,
                "held": move.held,
                "would_hold": move.would_hold,
                "capacity": move.capacity,
            }
            for move in one.moves
        ],
        "words": list(one.words),
    }


async def _shown(tx: Transaction, page: list[tuple[Territory, int]]) -> list[Json]:
    people = await count_territory_people(tx)
    numbers = [one.id for one, _ in page]
    objects = ruled_objects(tx)
    held = {obj.id: await count_held(tx, obj, numbers) for obj in objects}
    names = tx.catalog.territories.by_id
    return [
        {
            "name": one.name,
            "label": one.label,
            "parent": None if one.parent is None else names[one.parent].name,
            "depth": depth,
            "active": one.is_active,
            "people": people.get(one.id, 0),
            "records": {
                obj.name: {
                    "held": held[obj.id].get(one.id, 0),
                    "capacity": one.capacity.get(obj.id),
                }
                for obj in objects
            },
        }
        for one, depth in page
    ]


ROUTES: Final = (
    Route("/api/territories", list_territories, methods=["GET"]),
    Route("/api/territories/assign", assign_territories, methods=["POST"]),
    Route("/api/territories/preview", preview_territories, methods=["POST"]),
    Route("/api/territories/{name}/records", list_territory_records, methods=["GET"]),
    Route("/api/territories/{name}/people", list_territory_people, methods=["GET"]),
    Route("/api/territories/{name}/people", add_territory_people, methods=["POST"]),
    Route("/api/territories/{name}/people/{user}", remove_territory_person, methods=["DELETE"]),
)
