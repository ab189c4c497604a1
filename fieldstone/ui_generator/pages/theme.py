"""What is chosen once and remembered by the browser: light or dark, and the app."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.shell import APP_COOKIE, THEME_COOKIE, THEMES

_YEAR_S: Final = 365 * 24 * 3600
_APP_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")


async def choose_theme(request: Request) -> Response:
    """POST /admin/_theme: remember a theme and go back to where one was."""
    sent = await read_form(request)
    theme, back = str(sent.get("theme", "")), str(sent.get("back", ""))
    inside = back == "/admin" or back.startswith("/admin/")
    response = RedirectResponse(back if inside else "/admin", 303)
    if theme in THEMES:
        response.set_cookie(
            THEME_COOKIE, theme, max_age=_YEAR_S, httponly=True, samesite="lax", path="/"
        )
    return response


async def choose_app(request: Request) -> Response:
    """POST /admin/_app: remember an app, and go to the beginning of it."""
    sent = await read_form(request)
    name = str(sent.get("app", ""))
    response = RedirectResponse("/admin", 303)
    if _APP_NAME.fullmatch(name):
        response.set_cookie(
            APP_COOKIE, name, max_age=_YEAR_S, httponly=True, samesite="lax", path="/"
        )
    return response
