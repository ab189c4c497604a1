"""Pages: service users, which are no people, and the tokens by which programs act as them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.errors import BadValue, FieldstoneError, Forbidden, Problem
from fieldstone.ids import format_id
from fieldstone.metadata.api_scopes import API_SCOPES, in_order
from fieldstone.platform.identity.door_forms import text_of
from fieldstone.platform.identity.endpoints import operated
from fieldstone.platform.identity.people import person_id
from fieldstone.platform.identity.service_users import (
    add_service_user,
    check_administrator,
    find_service_user,
    list_service_tokens,
    make_service_token,
    revoke_service_token,
)
from fieldstone.platform.identity.tokens import PREFIX, TokenWish
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.viewing import viewing_of

ADDRESS: Final = "/admin/service-users"
_TITLE: Final = "Service users"
_PEOPLE: Final = Crumb("People", "/admin/people")
_LONGEST_NAME: Final = 120
_LONGEST_DAYS: Final = 3650


async def show_service_users_form(request: Request) -> Response:
    """GET /admin/service-users: a form for another one; those there are stand among the people."""
    return await _new_page(request)


async def create_service_user_page(request: Request) -> Response:
    """POST /admin/service-users: make one, and show where its tokens are made."""
    operated(request)
    sent = await read_form(request)
    name, administers = text_of(sent, "name").strip(), sent.get("is_administrator") == "yes"
    tenant, viewer = tenant_of(request), viewer_of(request)
    try:
        async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
            made, _ = await add_service_user(tx, name, is_administrator=administers)
    except Forbidden:
        raise
    except FieldstoneError as error:
        return await _new_page(request, error.problems, name)
    return RedirectResponse(f"{ADDRESS}/{format_id('user', made)}", 303)


async def show_service_user(request: Request) -> Response:
    """GET /admin/service-users/{id}: its tokens, and a form for another one."""
    return await _page(request)


async def change_service_tokens(request: Request) -> Response:
    """POST /admin/service-users/{id}: make a token, which is shown this once, or take one back."""
    operated(request)
    sent = await read_form(request)
    number, text = person_id(request.path_params["id"]), ""
    try:
        async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
            if text_of(sent, "do") == "revoke":
                await revoke_service_token(tx, number, person_id(text_of(sent, "id")))
            else:
                days = text_of(sent, "days")
                lasts = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
                until = tx.now + timedelta(days=min(lasts, _LONGEST_DAYS)) if lasts else None
                name, scopes = _name(text_of(sent, "name")), _scopes(sent.getlist("scopes"))
                _, text = await make_service_token(tx, number, TokenWish(name, until, scopes))
    except Forbidden:
        raise
    except FieldstoneError as error:
        return await _page(request, error.problems)
    return await _page(request, token=text)


def _name(typed: str) -> str:
    name = typed.strip()
    if not 0 < len(name) <= _LONGEST_NAME:
        raise BadValue(f"A token has a name of up to {_LONGEST_NAME} characters.", at="/name")
    return name


def _scopes(chosen: Sequence[object]) -> tuple[str, ...]:
    scopes = in_order(one for one in map(str, chosen) if one in API_SCOPES)
    if not scopes:
        raise BadValue("A token of a service user lets a program do something.", at="/scopes")
    return scopes


async def _new_page(
    request: Request, problems: tuple[Problem, ...] = (), name: str = ""
) -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_administrator(tx)
        place = Place(_TITLE, "setup", (SETUP, _PEOPLE, Crumb(_TITLE)))
        status = 422 if problems else 200
        return page(
            request, tx, place, "service_user_new.html", status, name=name, problems=problems
        )


async def _page(request: Request, problems: tuple[Problem, ...] = (), token: str = "") -> Response:
    number = person_id(request.path_params["id"])
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        member = await find_service_user(tx, number)
        tokens = await list_service_tokens(tx, number)
        values = {
            "id": request.path_params["id"],
            "email": member["email"],
            "administers": member["is_administrator"],
            "tokens": [{**one, "code": format_id(PREFIX, one["id"])} for one in tokens],
            "scopes": API_SCOPES,
            "token": token,
            "view": viewing_of(tx),
            "problems": problems,
        }
        place = Place(member["email"], "setup", (SETUP, _PEOPLE, Crumb(member["email"])))
        status = 422 if problems else 200
        return page(request, tx, place, "service_user.html", status, **values)


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route(ADDRESS, show_service_users_form),
    Route(ADDRESS, create_service_user_page, methods=["POST"]),
    Route(f"{ADDRESS}/{{id}}", show_service_user),
    Route(f"{ADDRESS}/{{id}}", change_service_tokens, methods=["POST"]),
)
