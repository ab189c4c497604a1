"""/admin/connected-apps: the programs that people let work here in their name."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.api_scopes import API_SCOPES
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import JsonObject
from fieldstone.platform.identity.door_forms import text_of
from fieldstone.platform.identity.oauth.apps import (
    any_app,
    check_administrator,
    drop_secret,
    end_all_grants,
    make_secret,
)
from fieldstone.platform.identity.oauth.errors import UnknownApp
from fieldstone.platform.identity.oauth.overview import list_apps
from fieldstone.platform.identity.setup_forms import (
    Line,
    body_from,
    find_component,
    name_for,
    propose,
    shown_lines,
)
from fieldstone.platform.server_address import server_of
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.viewing import viewing_of

ADDRESS: Final = "/admin/connected-apps"
_KIND: Final = "connected_app"
_TITLE: Final = "Connected apps"
_CRUMB: Final = Crumb(_TITLE, ADDRESS)
_GRANTS: Final = (
    ("authorization_code", "A person lets it in on a page of ours"),
    ("client_credentials", "It works by itself, as its service user"),
    ("jwt_bearer", "It signs for whom it works"),
)
_LINES: Final = (
    Line("redirect_uris", "Return addresses", "list", "One a line, compared letter by letter."),
    Line("grants", "How it comes in", "choices", choices=_GRANTS),
    Line("scopes", "What it may be given", "choices", choices=tuple(API_SCOPES.items())),
    Line("service_user", "Service user", hint="The address that it works as.", optional=True),
    Line("public_keys", "Public keys", "json", "JSON Web Keys that check what it signs."),
    Line("access_minutes", "Minutes that a token holds", "number"),
    Line("refresh_days", "Days that it stays in", "number"),
    Line("description", "Description", hint="Whoever is asked to let it in reads this."),
    Line("refresh", "Stays in without the person", "flag"),
    Line("public", "Can keep no secret, such as a program on a phone", "flag"),
    Line("active", "People may use it", "flag"),
)


async def show_apps(request: Request) -> Response:
    """GET /admin/connected-apps: the apps, how many people use each, and a form for another."""
    return await _list_page(request)


async def create_app(request: Request) -> Response:
    """POST /admin/connected-apps: declare an app."""
    sent = await read_form(request)
    label = text_of(sent, "label").strip()
    uris = text_of(sent, "redirect_uris")
    body: JsonObject = {"label": label, "redirect_uris": list(uris.split())}
    made = Component(_KIND, name_for(label), {**body, "scopes": ["records:read"]})
    try:
        await propose(request, Proposal(creates=(made,)))
    except Forbidden:
        raise
    except FieldstoneError as error:
        return await _list_page(request, error.problems, label, uris)
    return RedirectResponse(f"{ADDRESS}/{made.name}", 303)


async def show_app(request: Request) -> Response:
    """GET /admin/connected-apps/{name}: how an app is declared, and its secret."""
    return await _page(request)


async def save_app(request: Request) -> Response:
    """POST /admin/connected-apps/{name}: declare it anew, or remove it."""
    sent = await read_form(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        old = await _declared(request, tx)
    removes = text_of(sent, "do") == "delete"
    label = text_of(sent, "label").strip() or str(old.body["label"])
    try:
        if removes:
            await propose(request, Proposal(removals=(old.key,)))
        else:
            body = {**old.body, "label": label, **body_from(_LINES, sent)}
            changed = Component(old.kind, old.name, body, old.package)
            await propose(request, Proposal(upserts=(changed,)))
    except Forbidden:
        raise
    except FieldstoneError as error:
        return await _page(request, error.problems)
    response = RedirectResponse(ADDRESS if removes else f"{ADDRESS}/{old.name}", 303)
    put_flash(response, Flash(f"{'Deleted' if removes else 'Saved'} {label}"))
    return response


async def change_secret(request: Request) -> Response:
    """POST /admin/connected-apps/{name}/secret: make one, take it back, or end what was allowed."""
    sent = await read_form(request)
    wish, name = text_of(sent, "do"), request.path_params["name"]
    secret = ""
    try:
        async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
            if wish == "drop":
                await drop_secret(tx, name)
            elif wish == "end":
                await end_all_grants(tx, name)
            else:
                secret = await make_secret(tx, name)
    except FieldstoneError as error:
        return await _page(request, error.problems)
    if secret:
        return await _page(request, secret=secret)
    return RedirectResponse(f"{ADDRESS}/{name}", 303)


async def _declared(request: Request, tx: Transaction) -> Component:
    check_administrator(tx)
    found = await find_component(tx, _KIND, request.path_params["name"])
    if found is None:
        raise UnknownApp(f"There is no connected app {request.path_params['name'][:80]}.")
    return found


async def _list_page(
    request: Request, problems: tuple[Problem, ...] = (), label: str = "", uris: str = ""
) -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_administrator(tx)
        values = {
            "apps": await list_apps(tx),
            "view": viewing_of(tx),
            "label": label,
            "uris": uris,
            "problems": problems,
        }
        place = Place(_TITLE, "setup", (SETUP, Crumb(_TITLE)))
        status = 422 if problems else 200
        return page(request, tx, place, "connected_apps.html", status, **values)


async def _page(request: Request, problems: tuple[Problem, ...] = (), secret: str = "") -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        declared = await _declared(request, tx)
        app = any_app(tx.catalog, declared.name)
        [shown] = [one for one in await list_apps(tx) if one.name == app.name]
        full = {field: getattr(app.body, field) for field in app.body.__slots__}
        values = {
            "app": shown,
            "lines": shown_lines(_LINES, full),
            "server": server_of(request),
            "secret": secret,
            "problems": problems,
        }
        place = Place(app.body.label, "setup", (SETUP, _CRUMB, Crumb(app.body.label)))
        status = 422 if problems else 200
        return page(request, tx, place, "connected_app.html", status, **values)


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route(ADDRESS, show_apps),
    Route(ADDRESS, create_app, methods=["POST"]),
    Route(f"{ADDRESS}/{{name}}", show_app),
    Route(f"{ADDRESS}/{{name}}", save_app, methods=["POST"]),
    Route(f"{ADDRESS}/{{name}}/secret", change_secret, methods=["POST"]),
)
