"""Finds the tenant of a request: the subdomain, the header X-Tenant, or the default."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from fieldstone.errors import Forbidden
from fieldstone.platform.middleware.host import host_of
from fieldstone.runtime.tenants import Tenant, TenantDirectory, UnknownTenant

DEFAULT_TENANT: Final = "default"
OPEN: Final = frozenset({"/healthz"})
"""Addresses of nobody's tenant: a load balancer asks them, by whatever name it knows."""


class TenantsDisagree(Forbidden):
    """The header X-Tenant names another tenant than the one whose address was asked."""

    code = "tenant.disagreement"


class TenantOfRequest:
    """Sets scope["state"]["tenant"]. domain: the parent domain of tenants' subdomains, if any.

    An address of a tenant serves that tenant alone: a header that names another one is refused.
    """

    def __init__(self, app: ASGIApp, directory: TenantDirectory, domain: str | None = None) -> None:
        self._app = app
        self._directory = directory
        self._suffix = f".{domain}" if domain else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises UnknownTenant, TenantsDisagree, HTTPException (404)."""
        if scope["type"] == "http" and scope["path"] not in OPEN:
            scope["state"]["tenant"] = await self._tenant(Request(scope))
        await self._app(scope, receive, send)

    async def _tenant(self, request: Request) -> Tenant:
        subdomain = self._subdomain(request)
        try:
            return await self._directory.get(self._name(request, subdomain))
        except UnknownTenant as error:
            if subdomain is None:
                raise
            # As any address that is not there: who tries names learns nothing.
            raise HTTPException(404) from error

    def _name(self, request: Request, subdomain: str | None) -> str:
        named = request.headers.get("x-tenant")
        if subdomain is None:
            return named or DEFAULT_TENANT
        if named and named != subdomain:
            raise TenantsDisagree(
                "X-Tenant names another tenant than this address.",
                hint="Leave the header out, or ask the address of that tenant.",
            )
        return subdomain

    def _subdomain(self, request: Request) -> str | None:
        """Give what the host has before the domain; None where it is not below the domain."""
        if self._suffix is None:
            return None
        host = host_of(request).removesuffix(".")
        return host.removesuffix(self._suffix) if host.endswith(self._suffix) else None
