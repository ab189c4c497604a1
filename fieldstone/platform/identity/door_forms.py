"""What the pages at the door share: forms of people who are not in yet, and how they go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fieldstone.api.requests import read_body
from fieldstone.errors import FieldstoneError
from fieldstone.platform.errors import status_of
from fieldstone.platform.identity.cookies import keep_session
from fieldstone.platform.identity.passkeys import has_passkeys
from fieldstone.platform.identity.providers.offering import offered_providers
from fieldstone.platform.identity.sign_in import Opened, Waiting
from fieldstone.platform.identity.steps import Purpose
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.runtime.transactions import Viewer
from fieldstone.ui_generator.csrf import FIELD, check_door_token, door_token_of, keep_token
from fieldstone.ui_generator.shell import Place, build_shell, site_of

HOME: Final = "/admin"
CONSENT: Final = "/oauth/authorize"
_SMALL: Final = 20_000
_STEP: Final = "fs_step"
_ADDRESSES: Final = {Purpose.SECOND: "/sign-in/second", Purpose.ENROL: "/sign-in/enrol"}


def door_page(
    request: Request,
    template: str,
    title: str,
    error: FieldstoneError | None = None,
    **values: Any,
) -> Response:
    """Answer with a page for somebody who is not in yet."""
    shell = replace(build_shell(request, None, Place(title)), csrf=door_token_of(request))
    problems = () if error is None else error.problems
    shown = {"shell": shell, "problems": problems, **values}
    html = site_of(request).templates.render(template, shown)
    status = 200 if error is None else status_of(error)
    response = HTMLResponse(html, status, headers={"Cache-Control": "private, no-store"})
    keep_token(request, response)
    return response


def passing_page(request: Request, template: str, title: str, **values: Any) -> Response:
    """Answer with a page that goes on by itself, and leaves what the browser keeps as it is."""
    shell = build_shell(request, None, Place(title))
    html = site_of(request).templates.render(template, {"shell": shell, **values})
    return HTMLResponse(html, headers={"Cache-Control": "private, no-store"})


async def sign_in_door(
    request: Request, back: str, error: FieldstoneError | None = None, email: str = ""
) -> Response:
    """Answer with the form to sign in. back: where to go on afterwards."""
    async with database_of(request).read(tenant_of(request), Viewer(None, "")) as tx:
        offered = offered_providers(tx.catalog, back)
    values = {"email": email, "next": back, "providers": offered}
    passkeys = has_passkeys(request)
    return door_page(request, "sign_in.html", "Sign in", error, passkeys=passkeys, **values)


def let_in(request: Request, entered: Opened | Waiting, back: str) -> Response:
    """Let somebody in and on to where they wanted to be, or to their second step."""
    if isinstance(entered, Opened):
        response = RedirectResponse(back, 303)
        keep_session(request, response, entered)
        drop_step(response)
        return response
    wanted = "" if back == HOME else f"?next={quote(back, safe='')}"
    response = RedirectResponse(f"{_ADDRESSES[entered.purpose]}{wanted}", 303)
    keep_step(response, entered.token, entered.expires_at)
    return response


def keep_step(response: Response, token: str, expires_at: datetime) -> None:
    """Let the browser keep the token of a step, for the pages at the door."""
    lasts_s = int((expires_at - datetime.now(UTC)).total_seconds())
    response.set_cookie(
        _STEP,
        token,
        max_age=lasts_s,
        httponly=True,
        samesite="strict",
        path="/",
    )


def drop_step(response: Response) -> None:
    """Let the browser forget its step."""
    response.delete_cookie(
        _STEP,
        path="/",
        httponly=True,
        samesite="strict",
    )


def step_of_browser(request: Request) -> str:
    """Give the token of the step that a browser is at; nothing where it is at none."""
    return request.cookies.get(_STEP, "")


async def read_small(request: Request) -> FormData:
    """Read a form of somebody who is not in yet, who may send little. Raises ForgedForm."""
    body = (await read_body(request, _SMALL)).decode(errors="replace")
    sent = {name: values[-1] for name, values in parse_qs(body).items()}
    check_door_token(request, sent.get(FIELD))
    return FormData(sent)


def way_back(wanted: object) -> str:
    """Give where to go on: an address of our own pages alone, whatever the link said."""
    text = str(wanted or "")
    ours = text == HOME or text.startswith((f"{HOME}/", f"{HOME}?", f"{CONSENT}?"))
    return text if ours else HOME


def text_of(form: FormData, name: str) -> str:
    """Give a text of a form; nothing where it has none of this name."""
    value = form.get(name)
    return value if isinstance(value, str) else ""
