"""Light, dark or as the system: chosen once, remembered by the browser."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.shell import THEME_COOKIE, THEMES

_YEAR_S = 365 * 24 * 3600


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
