"""Pages: the door, by which one comes in, and the people of a tenant."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.api.requests import MOST_PER_PAGE, read_body
from fieldstone.errors import FieldstoneError
from fieldstone.platform.errors import status_of
from fieldstone.platform.identity import people
from fieldstone.platform.identity.cookies import drop_session, keep_session
from fieldstone.platform.identity.endpoints import (
    claim,
    gate_of,
    shown_person,
    sign_out,
    try_of,
)
from fieldstone.platform.identity.providers.offering import offered_providers
from fieldstone.platform.identity.sign_in import Opened, sign_in
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.transactions import Viewer
from fieldstone.ui_generator.csrf import FIELD, check_token, keep_token
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.shell import Crumb, Place, build_shell, page, site_of

HOME: Final = "/admin"
PEOPLE: Final = "/admin/people"
_SMALL: Final = 10_000
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
    form = await _read_small(request)
    email, back = _text(form, "email"), way_back(_text(form, "next"))
    tried = try_of(request, email, _text(form, "password"))
    try:
        opened = await sign_in(database_of(request), tenant_of(request), tried)
    except FieldstoneError as error:
        return await sign_in_door(request, back, error, email=email)
    return let_in(request, opened, back)


async def do_sign_out(request: Request) -> Response:
    """POST /sign-out: end the session."""
    await read_form(request)
    await sign_out(request)
    response = RedirectResponse("/sign-in", 303)
    drop_session(request, response)
    return response


async def show_welcome(request: Request) -> Response:
    """GET /welcome/{token}: choose a password. Whether the invitation holds is told afterwards."""
    return _door(request, "welcome.html", "Welcome")


async def do_welcome(request: Request) -> Response:
    """POST /welcome/{token}: take the invitation up."""
    form = await _read_small(request)
    tried = try_of(request, "", _text(form, "password"))
    token = request.path_params["token"]
    try:
        opened = await people.accept(database_of(request), tenant_of(request), token, tried)
    except FieldstoneError as error:
        return _door(request, "welcome.html", "Welcome", error)
    return let_in(request, opened, HOME)


async def show_people(request: Request) -> Response:
    """GET /admin/people: who may sign in, and a form to invite more."""
    return await _people(request)


async def invite(request: Request) -> Response:
    """POST /admin/people: invite somebody; the page shows the invitation once."""
    form = await read_form(request)
    typed = {"name": _text(form, "name").strip(), "email": _text(form, "email").strip()}
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
    wish = _text(form, "do")
    token = None
    try:
        async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
            if wish == "invite":
                token = await people.invite_again(tx, number)
            elif wish in _CHANGES:
                change = {"is_administrator": None, "is_active": None, **_CHANGES[wish]}
                await people.change_person(tx, number, **change)
            [row] = await people.list_people(tx, number - 1, 1)
    except FieldstoneError as error:
        return await _people(request, error)
    if token is None:
        return RedirectResponse(PEOPLE, 303)
    return await _people(request, invited=row["email"], token=token)


async def claim_tenant(request: Request) -> Response:
    """POST /admin/people/claim: from now on people sign in, the viewer first."""
    form = await read_form(request)
    typed = {"name": "", "email": _text(form, "email").strip()}
    try:
        email = people.read_email(typed["email"])
        opened = await claim(request, try_of(request, email, _text(form, "password")))
    except FieldstoneError as error:
        return await _people(request, error, typed=typed)
    return let_in(request, opened, PEOPLE)


async def sign_in_door(
    request: Request, back: str, error: FieldstoneError | None = None, email: str = ""
) -> Response:
    """Answer with the form to sign in. back: where to go on afterwards."""
    async with database_of(request).read(tenant_of(request), Viewer(None, "")) as tx:
        offered = offered_providers(tx.catalog, back)
    values = {"email": email, "next": back, "providers": offered}
    return _door(request, "sign_in.html", "Sign in", error, **values)


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
            "people": [shown_person(row) for row in rows],
            "claimed": await gate_of(request).is_closed(tenant_of(request)),
            "typed": typed or {"name": "", "email": ""},
            "problems": () if error is None else error.problems,
            "invited": invited,
            "invitation": "" if token is None else f"{request.base_url}welcome/{token}",
        }
        return page(request, tx, _PLACE, "people.html", status, **values)


def _door(
    request: Request,
    template: str,
    title: str,
    error: FieldstoneError | None = None,
    **values: object,
) -> Response:
    shell = build_shell(request, None, Place(title))
    problems = () if error is None else error.problems
    shown = {"shell": shell, "problems": problems, **values}
    html = site_of(request).templates.render(template, shown)
    status = 200 if error is None else status_of(error)
    response = HTMLResponse(html, status, headers={"Cache-Control": "private, no-store"})
    keep_token(request, response)
    return response


def let_in(request: Request, opened: Opened, back: str) -> Response:
    """Send somebody on with their new session."""
    response = RedirectResponse(back, 303)
    keep_session(request, response, opened)
    return response


async def _read_small(request: Request) -> FormData:
    """Read a form of somebody who is not in yet, who may send little. Raises ForgedForm."""
    body = (await read_body(request, _SMALL)).decode(errors="replace")
    sent = {name: values[-1] for name, values in parse_qs(body).items()}
    check_token(request, sent.get(FIELD))
    return FormData(sent)


def way_back(wanted: object) -> str:
    """Give where to go on: an address of our own pages alone, whatever the link said."""
    text = str(wanted or "")
    return text if text == HOME or text.startswith((f"{HOME}/", f"{HOME}?")) else HOME


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


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
