"""Endpoints for teams, people's roles and shares of single records."""

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
    whole_number,
)
from fieldstone.ids import BadId, format_id, parse_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.kinds.sharing_rule import team_number
from fieldstone.metadata.sharing import Level
from fieldstone.metadata.values import Json, JsonObject, fold
from fieldstone.metadata.visible import visible_object
from fieldstone.runtime.access import teams
from fieldstone.runtime.access.explaining import Explained, explain_record
from fieldstone.runtime.access.parties import (
    NamedParty,
    named_parties,
    principal_of,
    read_party,
    shown_people,
    user_named,
)
from fieldstone.runtime.access.people_roles import role_named, roles_of, set_role
from fieldstone.runtime.access.shares import (
    Share,
    UnknownShare,
    list_shares,
    objects_along,
    put_share,
    take_share,
)
from fieldstone.runtime.access.teams import Team, TeamSaid, UnknownTeam
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.records.write import record_id
from fieldstone.runtime.transactions import Transaction

_LEVELS: Final = {level.word: level for level in Level}


async def list_teams(request: Request) -> Response:
    """GET /api/teams: the teams in order of name; q for those whose names begin so."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    after = _place(request.query_params.get("cursor"))
    beginning = request.query_params.get("q", "")[: teams.LONGEST_NAME]
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await teams.list_teams(tx, beginning, after, limit + 1)
    more = len(found) > limit
    following = f"{found[limit - 1].id:x}-{fold(found[limit - 1].name)}" if more else None
    return json_response({"teams": [_shown_team(one) for one in found[:limit]], "next": following})


async def create_team(request: Request) -> Response:
    """POST /api/teams: {"name", "description"?, "parent"?} makes a team without people."""
    said = _team_said(await read_object(request), None)
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        made = await teams.create_team(tx, said)
    return json_response(_shown_team(made), 201)


async def get_team(request: Request) -> Response:
    """GET /api/teams/{id}: one team."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return json_response(_shown_team(await teams.get_team(tx, _team_id(request))))


async def change_team(request: Request) -> Response:
    """PATCH /api/teams/{id}: call it something else, or put it within another team."""
    body, number = await read_object(request), _team_id(request)
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        before = await teams.get_team(tx, number)
        changed = await teams.change_team(tx, number, _team_said(body, before))
    return json_response(_shown_team(changed))


async def delete_team(request: Request) -> Response:
    """DELETE /api/teams/{id}: take it away, with what was shared with it."""
    async with database_of(request).write(tenant_of(request), viewer_of(request)) as tx:
        await teams.delete_team(tx, _team_id(request))
    return Response(status_code=204)


async def list_team_people(request: Request) -> Response:
    """GET /api/teams/{id}/people: who is in a team itself, in order of their making."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    after = whole_number(request, "cursor", 0, 2**63 - 1, least=0)
    number = _team_id(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        await teams.get_team(tx, number)
        found = await teams.people_of(tx, number, after, limit + 1)
        shown = await shown_people(tx, found[:limit])
    following = str(found[limit - 1]) if len(found) > limit else None
    return json_response({"people": shown, "next": following})


async def add_team_people(request: Request) -> Response:
    """POST /api/teams/{id}/people: {"users": [ids]} puts them into a team."""
    users = (await read_object(request)).get("users")
    if not isinstance(users, list | tuple) or not all(isinstance(one, str) for one in users):
        raise BadJson("users must be a list of ids or e-mail addresses.", at="/users")
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        numbers = [await user_named(tx, str(one), f"/users/{n}") for n, one in enumerate(users)]
        added = await teams.add_people(tx, _team_id(request), numbers)
    return json_response({"added": added})


async def remove_team_person(request: Request) -> Response:
    """DELETE /api/teams/{id}/people/{user}: take somebody out of a team."""
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        number = await user_named(tx, request.path_params["user"], "/user")
        await teams.remove_people(tx, _team_id(request), [number])
    return Response(status_code=204)


async def show_person_role(request: Request) -> Response:
    """GET /api/people/{id}/role: where somebody stands in the hierarchy."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        number = await user_named(tx, request.path_params["id"], "/id")
        role = (await roles_of(tx, [number])).get(number)
    return json_response({"role": None if role is None else role.name})


async def put_person_role(request: Request) -> Response:
    """PUT /api/people/{id}/role: {"role": name or null} says where somebody stands."""
    body = await read_object(request)
    named = body.get("role")
    if named is not None and not isinstance(named, str):
        raise BadJson("role must be the name of a role, or null.", at="/role")
    async with database_of(request).write(tenant_of(request), viewer_of(request)) as tx:
        number = await user_named(tx, request.path_params["id"], "/id")
        role = None if named is None else role_named(tx, named)
        await set_role(tx, number, role)
    return json_response({"role": None if role is None else role.name})


async def show_shares(request: Request) -> Response:
    """GET /api/records/{object}/{id}/shares: with whom a record is shared by hand."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = _object(tx, request)
        return json_response(await _shown_shares(tx, obj, request))


async def share_record(request: Request) -> Response:
    """POST /api/records/{object}/{id}/shares: {"with", "access"?, "along"?, "reason"?}."""
    body = await read_object(request)
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        obj = _object(tx, request)
        party = await read_party(tx, body.get("with"))
        number = record_id(obj, request.path_params["id"])
        await put_share(tx, obj, number, party, _share_said(tx, obj, body))
        return json_response(await _shown_shares(tx, obj, request), 201)


async def end_share(request: Request) -> Response:
    """DELETE /api/records/{object}/{id}/shares/{with}: end a share, by the id of its party."""
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        obj = _object(tx, request)
        number = record_id(obj, request.path_params["id"])
        principal = principal_of(request.path_params["with"], tx.catalog)
        if principal is None:
            raise UnknownShare("It is not shared so.")
        await take_share(tx, obj, number, principal)
    return Response(status_code=204)


async def explain_access(request: Request) -> Response:
    """GET /api/records/{object}/{id}/access: why somebody may or may not see a record.

    user: whom it is about; without it the viewer. Of others, who may set up people asks.
    """
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = _object(tx, request)
        number = record_id(obj, request.path_params["id"])
        asked = request.query_params.get("user")
        user = None if asked is None else await user_named(tx, asked, "/user")
        return json_response(_shown_reasons(await explain_record(tx, obj, number, user)))


def _shown_reasons(one: Explained) -> dict[str, Json]:
    return {
        "sees": one.level is not None,
        "edits": one.level is Level.EDIT,
        "reason": one.reason,
        "edit_reason": one.edit_reason,
    }


def _object(tx: Transaction, request: Request) -> ObjectDef:
    return visible_object(tx.catalog, tx.rights, request.path_params["object"])


async def _shown_shares(tx: Transaction, obj: ObjectDef, request: Request) -> dict[str, Json]:
    found = await list_shares(tx, obj, record_id(obj, request.path_params["id"]))
    named = await named_parties(tx, [one.principal for one in found])
    return {
        "sharing": str(obj.sharing),
        "along": [one.name for one in objects_along(obj, tx)],
        "shares": [_shown_share(tx, one, named[one.principal]) for one in found],
    }


def _shown_share(tx: Transaction, one: Share, named: NamedParty) -> dict[str, Json]:
    user = tx.catalog.get_object("User").prefix
    return {
        "with": named.show(),
        "access": one.level.word,
        "along": [child.name for child in one.along],
        "reason": one.reason,
        "at": None if one.at is None else one.at.isoformat(),
        "by": None if one.actor_id is None else format_id(user, one.actor_id),
    }


def _share_said(tx: Transaction, obj: ObjectDef, body: JsonObject) -> Share:
    access, along = body.get("access", "read"), body.get("along") or ()
    reason = body.get("reason") or ""
    if not isinstance(access, str) or access not in _LEVELS:
        raise BadJson("access must be read or edit.", at="/access")
    if not isinstance(along, list | tuple) or not all(isinstance(one, str) for one in along):
        raise BadJson("along must be a list of objects.", at="/along")
    if not isinstance(reason, str):
        raise BadJson("reason must be a text.", at="/reason")
    objects = tuple(visible_object(tx.catalog, tx.rights, str(one)) for one in along)
    return Share(0, _LEVELS[access], objects, reason)


def _shown_team(one: Team) -> dict[str, Json]:
    return {
        "id": one.text,
        "name": one.name,
        "description": one.description,
        "parent": None if one.parent is None else format_id("team", one.parent),
        "people": one.people,
    }


def _team_said(body: JsonObject, before: Team | None) -> TeamSaid:
    name = body.get("name", before.name if before else "")
    about = body.get("description", before.description if before else "")
    if not isinstance(name, str) or not isinstance(about, str):
        raise BadJson("name and description must be texts.", at="/name")
    parent = before.parent if before else None
    if "parent" in body:
        said = body["parent"]
        parent = None if said is None else team_number(str(said))
        if said is not None and parent is None:
            raise BadJson("parent must be the id of a team, or null.", at="/parent")
    return TeamSaid(name, about, parent)


def _team_id(request: Request) -> int:
    number = team_number(request.path_params["id"])
    if number is None:
        raise UnknownTeam(f"There is no team {request.path_params['id'][:80]}.")
    return number


def _place(cursor: str | None) -> tuple[str, int]:
    if cursor is None:
        return "", 0
    number, _, name = cursor.partition("-")
    try:
        return name, parse_id(f"team_{number}")[1]
    except BadId as error:
        raise BadParameter("cursor is none of this list.", at="/cursor") from error


_RECORD: Final = "/api/records/{object}/{id}"
ROUTES: Final = (
    Route("/api/teams", list_teams, methods=["GET"]),
    Route("/api/teams", create_team, methods=["POST"]),
    Route("/api/teams/{id}", get_team, methods=["GET"]),
    Route("/api/teams/{id}", change_team, methods=["PATCH"]),
    Route("/api/teams/{id}", delete_team, methods=["DELETE"]),
    Route("/api/teams/{id}/people", list_team_people, methods=["GET"]),
    Route("/api/teams/{id}/people", add_team_people, methods=["POST"]),
    Route("/api/teams/{id}/people/{user}", remove_team_person, methods=["DELETE"]),
    Route("/api/people/{id}/role", show_person_role, methods=["GET"]),
    Route("/api/people/{id}/role", put_person_role, methods=["PUT"]),
    Route(f"{_RECORD}/shares", show_shares, methods=["GET"]),
    Route(f"{_RECORD}/shares", share_record, methods=["POST"]),
    Route(f"{_RECORD}/shares/{{with}}", end_share, methods=["DELETE"]),
    Route(f"{_RECORD}/access", explain_access, methods=["GET"]),
)
