"""Pages: the door, by which one comes in, and the people of a tenant."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.api.requests import MOST_PER_PAGE
from fieldstone.errors import FieldstoneError
from fieldstone.platform.errors import status_of
from fieldstone.platform.identity import people
from fieldstone.platform.identity.account_pages import PROOF
from fieldstone.platform.identity.acting import may_act
from fieldstone.platform.identity.acting_endpoints import begin_as
from fieldstone.platform.identity.cookies import drop_session
from fieldstone.platform.identity.door_forms import (
    HOME,
    door_page,
    let_in,
    read_small,
    sign_in_door,
    text_of,
    way_back,
)
from fieldstone.platform.identity.endpoints import (
    claim,
    gate_of,
    shown_person,
    sign_out,
    try_of,
)
from fieldstone.platform.identity.errors import ProofNeeded
from fieldstone.platform.identity.providers.sign_out_way import leave_provider, vouched_session
from fieldstone.platform.identity.sign_in import sign_in
from fieldstone.platform.server_address import server_of
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.shell import Crumb, Place, page

PEOPLE: Final = "/admin/people"
_PLACE: Final = Place("People", "setup", (Crumb("Set up", "/admin/objects"), Crumb("People")))
_CHANGES: Final[dict[str, dict[str, bool]]] = {
    "promote": {"is_administrator": True},
    "demote": {"is_administrator": False},
    "activate": {"is_active": True},
    "deactivate": {"is_active": False},
}


async def show_sign_in(request: Request) -> Response:
    """GET /sign-in: the form; whoever is in already goes on."""
    back = way_back(request.query_params.get("next"))
    if getattr(request.state, "viewer", None) is not None:
        return RedirectResponse(back, 303)
    return await sign_in_door(request, back)


async def do_sign_in(request: Request) -> Response:
    """POST /sign-in: open a session and go on to where one wanted to be."""
    form = await read_small(request)
    email, back = text_of(form, "email"), way_back(text_of(form, "next"))
    tried = try_of(request, email, text_of(form, "password"))
    try:
        entered = await sign_in(database_of(request), tenant_of(request), tried)
    except FieldstoneError as error:
        return await sign_in_door(request, back, error, email=email)
    return let_in(request, entered, back)


async def do_sign_out(request: Request) -> Response:
    """POST /sign-out: end the session, and the one at the provider that let somebody in."""
    await read_form(request)
    vouched = await vouched_session(request)
    await sign_out(request)
    left = None if vouched is None else await leave_provider(request, vouched)
    response = left or RedirectResponse("/sign-in", 303)
    drop_session(response)
    return response


async def show_welcome(request: Request) -> Response:
    """GET /welcome/{token}: choose a password. Whether the invitation holds is told afterwards."""
    return door_page(request, "welcome.html", "Welcome")


async def do_welcome(request: Request) -> Response:
    """POST /welcome/{token}: take the invitation up."""
    form = await read_small(request)
    tried = try_of(request, "", text_of(form, "password"))
    token = request.path_params["token"]
    try:
        entered = await people.accept(database_of(request), tenant_of(request), token, tried)
    except FieldstoneError as error:
        return door_page(request, "welcome.html", "Welcome", error)
    return let_in(request, entered, HOME)


async def show_people(request: Request) -> Response:
    """GET /admin/people: who may sign in, and a form to invite more."""
    return await _people(request)


async def invite(request: Request) -> Response:
    """POST /admin/people: invite somebody; the page shows the invitation once."""
    form = await read_form(request)
    typed = {"name": text_of(form, "name").strip(), "email": text_of(form, "email").strip()}
    tenant, viewer = tenant_of(request), viewer_of(request)
    try:
        email = people.read_email(typed["email"])
        administers = form.get("is_administrator") == "yes"
        async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
            _, token = await people.invite(tx, email, typed["name"], is_administrator=administers)
    except FieldstoneError as error:
        return await _people(request, error, typed=typed)
    return await _people(request, invited=email, token=token)


async def change_person(request: Request) -> Response:
    """POST /admin/people/{id}: invite again, promote, demote, activate or deactivate somebody."""
    form = await read_form(request)
    number = people.person_id(request.path_params["id"])
    wish = text_of(form, "do")
    token = None
    try:
        if wish == "act":
            return let_in(request, await begin_as(request, number), HOME)
        async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
            if wish in {"invite", "reset"}:
                token = await people.invite_again(tx, number, resets_factors=wish == "reset")
            elif wish in _CHANGES:
                change = {"is_administrator": None, "is_active": None, **_CHANGES[wish]}
                await people.change_person(tx, number, **change)
            [row] = await people.list_people(tx, number - 1, 1)
    except ProofNeeded:
        return RedirectResponse(f"{PROOF}?next={PEOPLE}", 303)
    except FieldstoneError as error:
        return await _people(request, error)
    if token is None:
        return RedirectResponse(PEOPLE, 303)
    return await _people(request, invited=row["email"], token=token)


async def claim_tenant(request: Request) -> Response:
    """POST /admin/people/claim: from now on people sign in, the viewer first."""
    form = await read_form(request)
    typed = {"name": "", "email": text_of(form, "email").strip()}
    try:
        email = people.read_email(typed["email"])
        opened = await claim(request, try_of(request, email, text_of(form, "password")))
    except FieldstoneError as error:
        return await _people(request, error, typed=typed)
    return let_in(request, opened, PEOPLE)


async def _people(
    request: Request,
    error: FieldstoneError | None = None,
    *,
    typed: dict[str, str] | None = None,
    invited: str = "",
    token: str | None = None,
) -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        rows = await people.list_people(tx, 0, MOST_PER_PAGE)
        status = 200 if error is None else status_of(error)
        values: dict[str, Any] = {
            "people": [{**shown_person(row), "may_act": may_act(tx, row)} for row in rows],
            "claimed": await gate_of(request).is_closed(tenant_of(request)),
            "typed": typed or {"name": "", "email": ""},
            "problems": () if error is None else error.problems,
            "invited": invited,
            "invitation": "" if token is None else f"{server_of(request)}/welcome/{token}",
        }
        return page(request, tx, _PLACE, "people.html", status, **values)


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route("/sign-in", show_sign_in),
    Route("/sign-in", do_sign_in, methods=["POST"]),
    Route("/sign-out", do_sign_out, methods=["POST"]),
    Route("/welcome/{token}", show_welcome),
    Route("/welcome/{token}", do_welcome, methods=["POST"]),
    Route(PEOPLE, show_people),
    Route(PEOPLE, invite, methods=["POST"]),
    Route(f"{PEOPLE}/claim", claim_tenant, methods=["POST"]),
    Route(f"{PEOPLE}/{{id}}", change_person, methods=["POST"]),
)
