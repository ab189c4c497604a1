"""Over TLS, every cookie of ours belongs to this host alone (RFC 6265bis, section 4.1.3.2).

A neighbour below the same domain, or whoever can write into an unencrypted answer of one, could
otherwise put its own session, tenant or form token over ours. The prefix is put on and taken off
here, so that no cookie can be forgotten: whoever sets or reads one need not know of it.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PREFIX: Final = b"__Host-"
_OURS: Final = b"fs_"
_SECURE: Final = re.compile(rb";\s*secure\s*(;|$)", re.IGNORECASE)
Headers = list[tuple[bytes, bytes]]


class HostCookies:
    """Gives cookies their prefix on the way out, and believes no other on the way in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope.get("scheme") != "https":
            await self._app(scope, receive, send)
            return

        async def send_bound(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: Headers = message.get("headers", [])
                message["headers"] = [(name, _bound(name, value)) for name, value in headers]
            await send(message)

        inside = {**scope, "headers": [(n, _unbound(n, v)) for n, v in scope["headers"]]}
        await self._app(inside, receive, send_bound)


def _bound(name: bytes, value: bytes) -> bytes:
    if name.lower() != b"set-cookie" or not value.startswith(_OURS):
        return value
    secure = b"" if _SECURE.search(value) else b"; Secure"
    return _PREFIX + value + secure


def _unbound(name: bytes, value: bytes) -> bytes:
    """Give what a browser sent without the prefix, and without what has our names but not it."""
    if name.lower() != b"cookie":
        return value
    pairs = [pair.strip() for pair in value.split(b";")]
    return b"; ".join(
        pair.removeprefix(_PREFIX) if pair.startswith(_PREFIX + _OURS) else pair
        for pair in pairs
        if not pair.startswith(_OURS)
    )
