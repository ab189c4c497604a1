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
_OF_HOST: Final = "__Host-"


def own_cookie(request: Request, name: str) -> str:
    """Give what a cookie is called: over TLS so that no other host can set it (RFC 6265bis).

    A neighbour below the same domain could otherwise put its own session over ours.
    """
    return f"{_OF_HOST}{name}" if request.url.scheme == "https" else name


def find_session(request: Request) -> str:
    """Give the secret of the session that a browser keeps; nothing where it keeps none."""
    return request.cookies.get(own_cookie(request, _SESSION), "")


def form_token(secret: str) -> str:
    """Give the token that forms of a session carry; it tells nothing of the session's secret."""
    return hmac.new(secret.encode(), b"fieldstone.forms", "sha256").hexdigest()


def keep_session(request: Request, response: Response, opened: Opened) -> None:
    """Let the browser keep a session: out of reach of scripts, and of other sites' forms."""
    response.set_cookie(
        own_cookie(request, _SESSION),
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
        own_cookie(request, _SESSION),
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
