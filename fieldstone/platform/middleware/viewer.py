"""Finds who asks. Until there are sign-ins, only the machine itself is let in.

Requests to a server that is bound to loopback, whose Host is a loopback name and whose Origin, if
any, is that Host, act as the administrator. Everything else is refused: a page of another site
that sends a browser here carries its own Origin, and a name that was rebound to 127.0.0.1 is no
loopback name.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from fieldstone.errors import Forbidden
from fieldstone.platform.administrators import Administrators
from fieldstone.platform.middleware.host import host_of, is_origin_of
from fieldstone.platform.middleware.tenant import OPEN

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
_CROSS_SITE: Final = frozenset({"cross-site", "same-site"})


def is_loopback(host: str) -> bool:
    """Tell whether a host means this machine by its name alone.

    Names below localhost are nobody's to register (RFC 6761, section 6.3), so that no other site
    can be behind them; tenants of a server that runs here have such subdomains.
    """
    return host in LOOPBACK or host.removesuffix(".").endswith(".localhost")


class SignInNeeded(Forbidden):
    """The request must say who asks, and this server cannot take its word for it."""

    code = "access.sign_in_needed"


class ForeignOrigin(Forbidden):
    """A page of another site sent the request."""

    code = "access.foreign_origin"


class ViewerOfRequest:
    """Sets scope["state"]["viewer"]. local_only: whether the server is bound to loopback."""

    def __init__(self, app: ASGIApp, administrators: Administrators, *, local_only: bool) -> None:
        self._app = app
        self._administrators = administrators
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises SignInNeeded, ForeignOrigin."""
        if scope["type"] == "http" and scope["path"] not in OPEN:
            request = Request(scope)
            self._check(request)
            tenant = scope["state"]["tenant"]
            scope["state"]["viewer"] = await self._administrators.get(tenant)
        await self._app(scope, receive, send)

    def _check(self, request: Request) -> None:
        if not self._local_only or not is_loopback(host_of(request)):
            raise SignInNeeded(
                "You must sign in.",
                hint="This server lets in requests from its own machine, to localhost.",
            )
        origin = request.headers.get("origin")
        if origin is not None and not is_origin_of(origin, request):
            raise ForeignOrigin("A page of another site may not send this.")
        changes = request.method not in ("GET", "HEAD", "OPTIONS")
        if changes and request.headers.get("sec-fetch-site") in _CROSS_SITE:
            raise ForeignOrigin("A page of another site may not send this.")
