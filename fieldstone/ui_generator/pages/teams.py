"""/admin/teams: groups of people, across the hierarchy, with whom records are shared."""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.kinds.sharing_rule import team_number
from fieldstone.metadata.values import fold
from fieldstone.runtime.access import teams
from fieldstone.runtime.access.parties import shown_people, user_named
from fieldstone.runtime.access.people_roles import check_setup_of_people
from fieldstone.runtime.access.teams import Team, TeamSaid, UnknownTeam
from fieldstone.runtime.access_preview import Preview
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP
from fieldstone.ui_generator.previewing import person_in, team_names, text_of, told_of
from fieldstone.ui_generator.shell import Crumb, Place, page

ADDRESS: Final = "/admin/teams"
CRUMB: Final = Crumb("Teams", ADDRESS)
_PER_PAGE: Final = 100
_MOST_PEOPLE: Final = 200


async def show_teams(request: Request) -> Response:
    """GET /admin/teams: teams by name; q= for those that begin so, after= for the next page."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _list_page(request, tx)


async def create_team(request: Request) -> Response:
    """POST /admin/teams: make a team without people, and show it."""
    sent = await read_form(request)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.write(tenant, viewer, cause_of(request)) as tx:
            made = await teams.create_team(tx, await _said(tx, sent))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _list_page(request, tx, sent, error.problems)
    response = RedirectResponse(f"{ADDRESS}/{made.text}", 303)
    put_flash(response, Flash(f"Made the team {made.name}"))
    return response


async def show_team(request: Request) -> Response:
    """GET /admin/teams/{id}: a team, and who is in it."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _team_page(request, tx, await _team_of(request, tx))


async def save_team(request: Request) -> Response:
    """POST /admin/teams/{id}: save or delete a team, or tell what that would change."""
    sent = await read_form(request)
    does = str(sent.get("do", ""))
    deletes = does.endswith("delete")
    typed = None if deletes else sent
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        if does.startswith("preview"):
            async with database.read(tenant, viewer) as tx:
                team = await _team_of(request, tx)
                moved = {"delete": True} if deletes else {"within": text_of(sent, "within") or None}
                told = await told_of(tx, {"teams": [{"team": team.text, **moved}]})
                return await _team_page(request, tx, team, sent=typed, told=told)
        async with database.write(tenant, viewer, cause_of(request)) as tx:
            team = await _team_of(request, tx)
            if deletes:
                await teams.delete_team(tx, team.id)
            else:
                await teams.change_team(tx, team.id, await _said(tx, sent))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            team = await _team_of(request, tx)
            return await _team_page(request, tx, team, sent=typed, problems=error.problems)
    response = RedirectResponse(ADDRESS if deletes else f"{ADDRESS}/{team.text}", 303)
    put_flash(response, Flash(f"{'Deleted' if deletes else 'Saved'} {team.name}"))
    return response


async def change_members(request: Request) -> Response:
    """POST /admin/teams/{id}/people: put somebody in, take them out, or tell of that."""
    sent = await read_form(request)
    who, does = person_in(sent), str(sent.get("do", ""))
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        if does == "preview":
            async with database.read(tenant, viewer) as tx:
                team = await _team_of(request, tx)
                told = await told_of(tx, {"teams": [{"team": team.text, "add": [who]}]})
                return await _team_page(request, tx, team, told=told, who=who)
        async with database.write(tenant, viewer, cause_of(request)) as tx:
            team = await _team_of(request, tx)
            user = await user_named(tx, who, "/user")
            await (teams.remove_people if does == "remove" else teams.add_people)(
                tx, team.id, [user]
            )
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            team = await _team_of(request, tx)
            return await _team_page(request, tx, team, problems=error.problems, who=who)
    return RedirectResponse(f"{ADDRESS}/{team.text}#people", 303)


async def _said(tx: Transaction, sent: FormData) -> TeamSaid:
    within = text_of(sent, "within")
    above = (await teams.team_named(tx, within)).id if within else None
    return TeamSaid(text_of(sent, "name"), text_of(sent, "description", 4000), above)


async def _team_of(request: Request, tx: Transaction) -> Team:
    """Give the team of the address. Raises Forbidden, UnknownTeam."""
    check_setup_of_people(tx)
    number = team_number(request.path_params["id"])
    if number is None:
        raise UnknownTeam(f"There is no team {request.path_params['id'][:80]}.")
    return await teams.get_team(tx, number)


async def _list_page(
    request: Request,
    tx: Transaction,
    sent: FormData | None = None,
    problems: tuple[Problem, ...] = (),
) -> Response:
    check_setup_of_people(tx)
    beginning = request.query_params.get("q", "")[: teams.LONGEST_NAME]
    after = fold(request.query_params.get("after", "")[: teams.LONGEST_NAME])
    # Names are unique, so that the greatest id stands behind the one of this name.
    place = (after, 2**63 - 1) if after else ("", 0)
    found = await teams.list_teams(tx, beginning, place, _PER_PAGE + 1)
    shown = found[:_PER_PAGE]
    above = [one.parent for one in shown if one.parent is not None]
    values: dict[str, Any] = {
        "teams": shown,
        "names": await teams.names_of_teams(tx, above),
        "following": shown[-1].name if len(found) > _PER_PAGE else "",
        "beginning": beginning,
        "offered": await team_names(tx),
        "typed": {
            "name": "" if sent is None else text_of(sent, "name"),
            "within": "" if sent is None else text_of(sent, "within"),
        },
        "problems": problems,
    }
    here = Place("Teams", "setup", (SETUP, Crumb("Teams")))
    return page(request, tx, here, "teams.html", 422 if problems else 200, **values)


async def _team_page(
    request: Request,
    tx: Transaction,
    team: Team,
    *,
    sent: FormData | None = None,
    told: Preview | None = None,
    problems: tuple[Problem, ...] = (),
    who: str = "",
) -> Response:
    above = await teams.names_of_teams(tx, [] if team.parent is None else [team.parent])
    known = {
        "name": team.name,
        "description": team.description,
        "within": "" if team.parent is None else above.get(team.parent, ""),
    }
    users = await teams.people_of(tx, team.id, 0, _MOST_PEOPLE)
    values: dict[str, Any] = {
        "team": team,
        "typed": known if sent is None else {name: text_of(sent, name, 4000) for name in known},
        "offered": [one for one in await team_names(tx) if one != team.name],
        "people": await shown_people(tx, users),
        "more": team.people - len(users),
        "told": told,
        "problems": problems,
        "who": who,
    }
    place = Place(team.name, "setup", (SETUP, CRUMB, Crumb(team.name)))
    return page(request, tx, place, "team.html", 422 if problems else 200, **values)
