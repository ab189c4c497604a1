"""Proof that a form came from a page of ours: a token in a cookie and the same one in the form.

Another site can send a browser here with the cookie, but cannot read it to put it into a form. Of
whoever signed in, the token follows from their session: that of another one is worth nothing.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.errors import Forbidden

FIELD: Final = "_csrf"
HEADER: Final = "X-CSRF-Token"
STATE: Final = "form_token"
"""Where the state of a request has the token that follows from its session."""

_COOKIE: Final = "fs_csrf"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32,64}")


class ForgedForm(Forbidden):
    """A form without the token of this browser."""

    code = "page.forged_form"


def token_of(request: Request) -> str:
    """Give the token of the session; without one that of this browser, as at the door."""
    return _of_session(request) or door_token_of(request)


def door_token_of(request: Request) -> str:
    """Give the token of this browser; a fresh one, kept for the answer, if it has none."""
    kept = request.cookies.get(_COOKIE, "")
    if _TOKEN.fullmatch(kept):
        return kept
    fresh = getattr(request.state, "fresh_csrf", None)
    if fresh is None:
        fresh = request.state.fresh_csrf = secrets.token_urlsafe(32)
    return str(fresh)


def keep_token(request: Request, response: Response) -> None:
    """Send a fresh token along with an answer, if one was made for it."""
    fresh = getattr(request.state, "fresh_csrf", None)
    if fresh is not None:
        response.set_cookie(
            _COOKIE,
            fresh,
            httponly=True,
            samesite="lax",
            path="/",
        )


def check_token(request: Request, sent: str | None) -> None:
    """Refuse a form that does not carry the token of the session. Raises ForgedForm."""
    expected = _of_session(request) or request.cookies.get(_COOKIE, "")
    _compare(expected, sent or request.headers.get(HEADER, ""))


def check_door_token(request: Request, sent: str | None) -> None:
    """Refuse a form of somebody who is not in yet without this browser's token. Raises ForgedForm.

    It holds also where somebody came in meanwhile, in another window.
    """
    _compare(request.cookies.get(_COOKIE, ""), sent or request.headers.get(HEADER, ""))


def _of_session(request: Request) -> str:
    return str(getattr(request.state, STATE, ""))


def _compare(expected: str, given: str) -> None:
    if not _TOKEN.fullmatch(expected) or not secrets.compare_digest(
        expected.encode(), given.encode()
    ):
        raise ForgedForm(
            "This form was opened too long ago or on another site.",
            hint="Open the page again and repeat the change; nothing was saved.",
        )
