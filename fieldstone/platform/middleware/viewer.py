"""Finds who asks: by a token, by a session, or because the machine itself asks.

Until somebody can sign in to a tenant, requests to a server that is bound to loopback, whose Host
is a loopback name and whose Origin, if any, is that Host, act as its administrator. Everything else
must say who it is: a page of another site that sends a browser here carries its own Origin, and a
name that was rebound to 127.0.0.1 is no loopback name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fieldstone.errors import Forbidden
from fieldstone.metadata.localising import OWN_LABELS
from fieldstone.platform.administrators import Administrators
from fieldstone.platform.identity.cookies import find_session, form_token
from fieldstone.platform.identity.errors import SignInNeeded
from fieldstone.platform.identity.gate import Bearer, Gate
from fieldstone.platform.identity.operator import PREFIX, is_operator
from fieldstone.platform.identity.operators import MACHINE, Operators
from fieldstone.platform.middleware.host import host_of, is_origin_of
from fieldstone.platform.middleware.tenant import DEFAULT_TENANT, OF_PLATFORM, OPEN
from fieldstone.platform.settings import LOOPBACK
from fieldstone.runtime.tenants import Tenant, TenantDirectory
from fieldstone.runtime.terms import Feature
from fieldstone.runtime.transactions import Viewer
from fieldstone.ui_generator.csrf import STATE as FORM_TOKEN

SIGN_IN: Final = "/sign-in"
_WAY: Final = f"{SIGN_IN}/with/"
_CROSS_SITE: Final = frozenset({"cross-site", "same-site"})
_FOR_ANYBODY: Final = (
    *(SIGN_IN, "/welcome", "/static", "/api/session", "/api/welcome"),
    *("/oauth/token", "/oauth/revoke", "/oauth/introspect", "/.well-known"),
)
_BEARER: Final = "bearer "
_OF_LABELS: Final = ("/admin/objects", "/admin/translations", "/api/metadata")
"""Addresses where what things are called is written."""


def is_loopback(host: str) -> bool:
    """Tell whether a host means this machine by its name alone.

    Names below localhost are nobody's to register (RFC 6761, section 6.3), so that no other site
    can be behind them; tenants of a server that runs here have such subdomains.
    """
    return host in LOOPBACK or host.removesuffix(".").endswith(".localhost")


class ForeignOrigin(Forbidden):
    """A page of another site sent the request."""

    code = "access.foreign_origin"


class ViewerOfRequest:
    """Sets scope["state"]["viewer"] and ["bearer"], the latter None for the machine itself.

    local_only: whether the server is bound to loopback. Without a viewer only the addresses for
    anybody are reached, such as those by which one signs in.
    """

    def __init__(
        self,
        app: ASGIApp,
        administrators: Administrators,
        gate: Gate,
        *,
        operators: Operators,
        directory: TenantDirectory,
        local_only: bool,
    ) -> None:
        self._app = app
        self._administrators = administrators
        self._gate = gate
        self._operators = operators
        self._directory = directory
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises SignInNeeded, ForeignOrigin."""
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if scope["path"].startswith(OF_PLATFORM):
            scope["state"]["operator"] = await self._operator(request)
            await self._app(scope, receive, send)
            return
        viewer = await self._viewer(request, scope["state"]["tenant"])
        if viewer is None and not _is_for_anybody(scope["path"]):
            if not _is_page(request):
                raise SignInNeeded("You must sign in.", hint="Sign in, or send an access token.")
            await _to_sign_in(request)(scope, receive, send)
            return
        if viewer is not None:
            scope["state"]["viewer"] = _at(viewer, scope["path"])
        await self._app(scope, receive, send)

    async def _viewer(self, request: Request, tenant: Tenant) -> Viewer | None:
        request.state.bearer = None
        said = request.headers.get("authorization", "")
        text = said[len(_BEARER) :].strip() if said[: len(_BEARER)].lower() == _BEARER else ""
        if is_operator(text, self._operators.secret_key):
            return await self._administrators.get(tenant)
        # A note of the operator of another server, who may be let in as anybody here.
        if text and not text.startswith(PREFIX):
            return await self._by_token(request, tenant, text)
        if _is_answer_of_provider(request) and _is_foreign(request):
            # Sent by an identity provider's page: nobody, whatever cookies came with it.
            return None
        # What follows hangs on cookies or on the machine, which a page of another site could use.
        _check_origin(request)
        secret = find_session(request)
        if secret:
            found = await self._gate.find(tenant, secret, by_session=True)
            if found is not None:
                request.scope["state"][FORM_TOKEN] = form_token(secret)
                return _remembered(request, found)
        local = self._local_only and is_loopback(host_of(request))
        if local and not await self._gate.is_closed(tenant):
            return await self._administrators.get(tenant)
        return None

    async def _operator(self, request: Request) -> str:
        """Give the name of the operator who asks. Raises Forbidden, SignInNeeded.

        The machine itself is one until somebody can sign in to the default tenant, unless it names
        another.
        """
        said = request.headers.get("authorization", "")
        if said[: len(_BEARER)].lower() == _BEARER:
            name = await self._operators.find(said[len(_BEARER) :].strip())
            if name is not None:
                return name
            raise Forbidden("Only an operator of this installation may do this.")
        _check_origin(request)
        local = self._local_only and is_loopback(host_of(request))
        is_default = request.headers.get("x-tenant", DEFAULT_TENANT) == DEFAULT_TENANT
        if local and is_default and not await self._is_default_closed():
            return MACHINE
        if find_session(request) or not is_default:
            raise Forbidden("Only an operator of this installation may do this.")
        raise SignInNeeded(
            "Only an operator of this installation may do this.", hint="Send a token of theirs."
        )

    async def _is_default_closed(self) -> bool:
        default = await self._directory.find(DEFAULT_TENANT)
        return default is not None and await self._gate.is_closed(default)

    async def _by_token(self, request: Request, tenant: Tenant, text: str) -> Viewer:
        tenant.terms.require(Feature.TOKENS)
        found = await self._gate.find(tenant, text, by_session=False)
        if found is None:
            raise SignInNeeded(
                "This token is not known, or not any more.", hint="Make another one."
            )
        return _remembered(request, found)


def _at(viewer: Viewer, path: str) -> Viewer:
    """Give a viewer as they see an address: where labels are written, by their own labels."""
    writes = any(path.startswith(one) for one in _OF_LABELS)
    return replace(viewer, language=OWN_LABELS) if writes else viewer


def _remembered(request: Request, found: Bearer) -> Viewer:
    request.state.bearer = found
    return found.viewer


def _check_origin(request: Request) -> None:
    if _is_foreign(request):
        raise ForeignOrigin("A page of another site may not send this.")


def _is_foreign(request: Request) -> bool:
    origin = request.headers.get("origin")
    if origin is not None and not is_origin_of(origin, request):
        return True
    changes = request.method not in ("GET", "HEAD", "OPTIONS")
    return changes and request.headers.get("sec-fetch-site") in _CROSS_SITE


def _is_answer_of_provider(request: Request) -> bool:
    """Tell whether a request brings what an identity provider says, which comes from its site."""
    path = request.scope["path"]
    return request.method == "POST" and path.startswith(_WAY) and path.endswith("/back")


def _is_for_anybody(path: str) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in _FOR_ANYBODY)


def _is_page(request: Request) -> bool:
    """Tell whether a person opens a page, whom a form to sign in serves better than an error."""
    path = request.scope["path"]
    is_page = path in {"/", "/admin", "/oauth/authorize"} or path.startswith("/admin/")
    is_whole = request.headers.get("hx-request") != "true"
    return is_page and is_whole and host_of(request) != ""


def _to_sign_in(request: Request) -> RedirectResponse:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = wanted if request.method == "GET" and wanted != "/" else ""
    address = f"{SIGN_IN}?next={quote(back, safe='')}" if back else SIGN_IN
    return RedirectResponse(address, 303)
