"""Finds the tenant of a request: the header X-Tenant, the subdomain, or the default."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from fieldstone.platform.middleware.host import host_of
from fieldstone.runtime.tenants import TenantDirectory

DEFAULT_TENANT: Final = "default"
OPEN: Final = frozenset({"/healthz"})
"""Addresses of nobody's tenant: a load balancer asks them, by whatever name it knows."""


class TenantOfRequest:
    """Sets scope["state"]["tenant"]. domain: the parent domain of tenants' subdomains, if any."""

    def __init__(self, app: ASGIApp, directory: TenantDirectory, domain: str | None = None) -> None:
        self._app = app
        self._directory = directory
        self._suffix = f".{domain}" if domain else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises UnknownTenant."""
        if scope["type"] == "http" and scope["path"] not in OPEN:
            name = self._name(Request(scope))
            scope["state"]["tenant"] = await self._directory.get(name)
        await self._app(scope, receive, send)

    def _name(self, request: Request) -> str:
        given = request.headers.get("x-tenant")
        if given:
            return given
        host = host_of(request)
        if self._suffix and host.endswith(self._suffix):
            return host.removesuffix(self._suffix)
        return DEFAULT_TENANT
