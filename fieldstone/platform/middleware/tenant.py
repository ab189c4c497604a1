"""Finds the tenant of a request: the subdomain, the header X-Tenant, a session, or the default."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldstone.errors import Forbidden
from fieldstone.platform.identity.cookies import TENANT_COOKIE, find_session
from fieldstone.platform.middleware.host import host_of
from fieldstone.runtime.tenants import PLATFORM, Tenant, TenantDirectory, UnknownTenant

DEFAULT_TENANT: Final = "default"
OPEN: Final = frozenset({"/healthz"})
"""Addresses of nobody's tenant: a load balancer asks them, by whatever name it knows."""

OF_PLATFORM: Final = "/api/platform/"
"""Where operators ask for what is of no tenant, whatever tenant a request names."""

_CHOOSES: Final = frozenset({"/sign-in"})
_CHOICE: Final = "tenant"


class TenantsDisagree(Forbidden):
    """A request names two tenants: by its address, its header X-Tenant or its session."""

    code = "tenant.disagreement"


class TenantOfRequest:
    """Sets scope["state"]["tenant"]. domain: the parent domain of tenants' subdomains, if any.

    An address of a tenant serves that tenant alone, and a session is one of a single tenant: a
    header that names another one is refused. Where neither address nor header says it, a browser's
    session does; /sign-in?tenant=acme says which one to sign in to.
    """

    def __init__(self, app: ASGIApp, directory: TenantDirectory, domain: str | None = None) -> None:
        self._app = app
        self._directory = directory
        self._suffix = f".{domain}" if domain else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises UnknownTenant, TenantSuspended, TenantsDisagree, HTTPException (404).
        """
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(OF_PLATFORM):
            scope["state"]["tenant"] = PLATFORM
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        tenant, remember = await self._tenant(request)
        scope["state"]["tenant"] = tenant

        async def remembering(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", []).append((b"set-cookie", _cookie(tenant)))
            await send(message)

        await self._app(scope, receive, remembering if remember else send)

    def named(self, request: Request) -> str:
        """Give the name of the tenant that address and header mean. Raises TenantsDisagree."""
        return self._name(request, self._subdomain(request))

    async def _tenant(self, request: Request) -> tuple[Tenant, bool]:
        """Give the tenant, and whether the browser is to remember that it chose it."""
        subdomain = self._subdomain(request)
        name = self._name(request, subdomain)
        if subdomain is None and "x-tenant" not in request.headers:
            chosen = request.query_params.get(_CHOICE) if _may_choose(request) else None
            kept = chosen or _kept(request)
            if kept is not None and await self._directory.find(kept) is not None:
                return await self._directory.get(kept), chosen is not None
        try:
            return await self._directory.get(name), False
        except UnknownTenant as error:
            if subdomain is None:
                raise
            # As any address that is not there: who tries names learns nothing.
            raise HTTPException(404) from error

    def _name(self, request: Request, subdomain: str | None) -> str:
        named = request.headers.get("x-tenant")
        if named and subdomain is not None and named != subdomain:
            raise TenantsDisagree(
                "X-Tenant names another tenant than this address.",
                hint="Leave the header out, or ask the address of that tenant.",
            )
        name = (named or DEFAULT_TENANT) if subdomain is None else subdomain
        kept = _kept(request) if named or subdomain is not None else None
        if kept is not None and kept != name and find_session(request):
            raise TenantsDisagree(
                "This session is of another tenant.",
                hint="Leave the header out, or sign in to that tenant.",
            )
        return name

    def _subdomain(self, request: Request) -> str | None:
        """Give what the host has before the domain; None where it is not below the domain."""
        if self._suffix is None:
            return None
        host = host_of(request).removesuffix(".")
        return host.removesuffix(self._suffix) if host.endswith(self._suffix) else None


def _kept(request: Request) -> str | None:
    """Give the tenant of a browser's session; a request with a token has none."""
    if "authorization" in request.headers:
        return None
    return request.cookies.get(TENANT_COOKIE) or None


def _may_choose(request: Request) -> bool:
    return request.method == "GET" and request.scope["path"] in _CHOOSES


def _cookie(tenant: Tenant) -> bytes:
    """Write the cookie of a tenant, whose name has no character that would have to be quoted."""
    return f"{TENANT_COOKIE}={tenant.name}; Path=/; HttpOnly; SameSite=Lax".encode()
