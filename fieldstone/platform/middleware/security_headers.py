"""Headers that tell browsers what pages of this site may not do."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self';"
    # Formulas show pictures of other sites, which are asked for without a referrer.
    " img-src 'self' data: https: http:; font-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'; manifest-src 'self'"
)
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # What may be kept says so itself, as assets and documents with an etag do.
    (b"cache-control", b"private, no-store"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
# Tenants have subdomains; so has nobody else below the domain of an installation.
_TLS_ALONE: Final = b"max-age=31536000; includeSubDomains"


def policy_for_forms(leads_to: str) -> str:
    """Give the policy of a page whose forms may also lead to another site. leads_to: its origin."""
    return _POLICY.replace("form-action 'self'", f"form-action 'self' {leads_to}")


class SecurityHeaders:
    """Adds the headers to every answer that does not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                there = {name.lower() for name, _ in headers}
                headers.extend((k, v) for k, v in _HEADERS if k not in there)
                if scope.get("scheme") == "https":
                    headers.append((b"strict-transport-security", _TLS_ALONE))
            await send(message)

        await self._app(scope, receive, send_with_headers)
