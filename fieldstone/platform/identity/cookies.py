"""The cookie that keeps a browser signed in."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.platform.identity.sign_in import Opened
from fieldstone.runtime.asking import tenant_of

_REMEMBERED_S: Final = 400 * 86_400

TENANT_COOKIE: Final = "fs_tenant"
"""Where a browser keeps whose session it has. It stays when the session ends."""
_SESSION: Final = "fs_session"


def find_session(request: Request) -> str:
    """Give the secret of the session that a browser keeps; nothing where it keeps none."""
    return request.cookies.get(_SESSION, "")


def form_token(secret: str) -> str:
    """Give the token that forms of a session carry; it tells nothing of the session's secret."""
    return hmac.new(secret.encode(), b"fieldstone.forms", "sha256").hexdigest()


def keep_session(request: Request, response: Response, opened: Opened) -> None:
    """Let the browser keep a session: out of reach of scripts, and of other sites' forms."""
    response.set_cookie(
        _SESSION,
        opened.secret,
        max_age=int((opened.expires_at - datetime.now(UTC)).total_seconds()),
        httponly=True,
        samesite="lax",
        path="/",
    )
    response.set_cookie(
        TENANT_COOKIE,
        tenant_of(request).name,
        max_age=_REMEMBERED_S,
        httponly=True,
        samesite="lax",
        path="/",
    )


def drop_session(response: Response) -> None:
    """Let the browser forget its session, and whatever pages kept in it."""
    response.delete_cookie(_SESSION, path="/", httponly=True, samesite="lax")
    response.headers["clear-site-data"] = '"storage"'
