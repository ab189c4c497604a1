"""The page on which somebody lets a program work here in their name, or does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.errors import Forbidden
from fieldstone.metadata.api_scopes import API_SCOPES
from fieldstone.platform.identity.account import proved_until
from fieldstone.platform.identity.account_pages import PROOF
from fieldstone.platform.identity.door_forms import door_page, read_small
from fieldstone.platform.identity.endpoints import own_session
from fieldstone.platform.identity.oauth.authorization import (
    PARAMETERS,
    Asking,
    Place,
    read_asking,
    read_place,
)
from fieldstone.platform.identity.oauth.errors import OAuthRefusal
from fieldstone.platform.identity.oauth.grants import BY_CODE, make_code, open_grant, remembers
from fieldstone.platform.middleware.security_headers import policy_for_forms
from fieldstone.platform.server_address import server_of
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.runtime.transactions import Transaction, Viewer

ADDRESS: Final = "/oauth/authorize"
_LONGEST: Final = 8_000


async def ask(request: Request) -> Response:
    """GET /oauth/authorize: ask somebody whether a program may work in their name."""
    viewer, session = _own(request)
    sent = {name: request.query_params.get(name, "") for name in PARAMETERS}
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        place = read_place(tx.catalog, sent, server_of(request))
        try:
            asking = _read(request, place, sent)
            if not await _must_ask(tx, place, asking, viewer):
                code = await _allow(tx, place, asking, viewer)
                return _send_back(request, place.with_code(code))
        except OAuthRefusal as refusal:
            return _send_back(request, place.with_error(refusal))
        if await proved_until(tx, session) is None:
            return _to_proof(sent)
    return _page(request, place, asking, sent, viewer.name)


async def answer(request: Request) -> Response:
    """POST /oauth/authorize: what they said; the program learns of it with its code."""
    viewer, session = _own(request)
    form = await read_small(request)
    sent = {name: str(form.get(name, ""))[:_LONGEST] for name in PARAMETERS}
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        place = read_place(tx.catalog, sent, server_of(request))
        try:
            asking = read_asking(place, sent)
            if form.get("do") != "allow":
                raise OAuthRefusal("access_denied", "It was not allowed.")
            if await proved_until(tx, session) is None:
                return _to_proof(sent)
            address = place.with_code(await _allow(tx, place, asking, viewer))
        except OAuthRefusal as refusal:
            address = place.with_error(refusal)
    return RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})


def _own(request: Request) -> tuple[Viewer, int]:
    """Give who is asked, who is themselves, and their session. Raises SignInNeeded, Forbidden."""
    viewer, session = own_session(request)
    if viewer.acting_id is not None:
        raise Forbidden("Only they themselves may let a program work in their name.")
    return viewer, session


def _to_proof(sent: Mapping[str, str]) -> Response:
    """Have somebody show that it is still they: what they allow outlasts their session."""
    asked = urlencode({name: value for name, value in sent.items() if value})
    address = f"{PROOF}?{urlencode({'next': f'{ADDRESS}?{asked}'})}"
    return RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})


def _read(request: Request, place: Place, sent: Mapping[str, str]) -> Asking:
    if any(len(request.query_params.getlist(name)) > 1 for name in PARAMETERS):
        raise OAuthRefusal("invalid_request", "Something stands twice in the address.")
    return read_asking(place, sent)


async def _must_ask(tx: Transaction, place: Place, asking: Asking, viewer: Viewer) -> bool:
    """Tell whether somebody has to be asked: a public program could be any (RFC 8252, 8.6)."""
    assert viewer.user_id is not None, "whoever signed in is a user"
    known = (
        asking.prompt != "consent"
        and not place.app.body.public
        and await remembers(tx, place.app, viewer.user_id, asking.scopes)
    )
    if not known and asking.prompt == "none":
        raise OAuthRefusal("consent_required", "Somebody has to be asked first.")
    return not known


async def _allow(tx: Transaction, place: Place, asking: Asking, viewer: Viewer) -> str:
    assert viewer.user_id is not None, "whoever signed in is a user"
    grant = await open_grant(tx, place.app, viewer.user_id, BY_CODE, asking.scopes)
    return await make_code(tx, grant, place.redirect_uri, asking.challenge)


def _page(
    request: Request, place: Place, asking: Asking, sent: Mapping[str, str], name: str
) -> Response:
    parts = urlsplit(place.redirect_uri)
    response = door_page(
        request,
        "consent.html",
        "Allow access",
        app=place.app.body,
        goes_to=parts.netloc or parts.scheme,
        scopes=[API_SCOPES[scope] for scope in asking.scopes],
        sent=sent,
        address=ADDRESS,
        signed_in_as=name,
    )
    # The form leads on to the program, which the policy of other pages does not allow.
    leads_to = f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
    response.headers["content-security-policy"] = policy_for_forms(leads_to)
    return response


def _send_back(request: Request, address: str) -> Response:
    """Send somebody back to a program.

    After a form of ours, such as that to sign in, a redirect to another site is stopped by the
    policy of the form's page; a page of its own goes on from there.
    """
    if request.headers.get("sec-fetch-site") != "same-origin":
        return RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
    return door_page(request, "going_on.html", "Going on", address=address)


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route(ADDRESS, ask, methods=["GET"]),
    Route(ADDRESS, answer, methods=["POST"]),
)
