"""The cookie that keeps a browser signed in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.platform.identity.sign_in import Opened
from fieldstone.runtime.asking import tenant_of

_REMEMBERED_S: Final = 400 * 86_400

SESSION_COOKIE: Final = "fs_session"
TENANT_COOKIE: Final = "fs_tenant"
"""Where a browser keeps whose session it has. It stays when the session ends."""


def keep_session(request: Request, response: Response, opened: Opened) -> None:
    """Let the browser keep a session: out of reach of scripts, and of other sites' forms."""
    response.set_cookie(
        SESSION_COOKIE,
        opened.secret,
        max_age=int((opened.expires_at - datetime.now(UTC)).total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )
    response.set_cookie(
        TENANT_COOKIE,
        tenant_of(request).name,
        max_age=_REMEMBERED_S,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )


def drop_session(request: Request, response: Response) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(
        SESSION_COOKIE,
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
