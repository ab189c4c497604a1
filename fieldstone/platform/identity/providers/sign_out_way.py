"""Signing out by SAML, both ways: where a provider ends sessions here, and we end those there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError
from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.platform.identity.cookies import drop_session
from fieldstone.platform.identity.door_forms import HOME, passing_page, sign_in_door
from fieldstone.platform.identity.endpoints import bearer_of
from fieldstone.platform.identity.oauth.jwt_bearer import see_once
from fieldstone.platform.identity.providers import round_trip
from fieldstone.platform.identity.providers.errors import (
    ProviderRefused,
    StrayArrival,
    UnknownProvider,
)
from fieldstone.platform.identity.providers.offering import active_provider, asked_provider
from fieldstone.platform.identity.providers.parts import parts_of
from fieldstone.platform.identity.providers.saml import Service, sign_out_messages
from fieldstone.platform.identity.providers.saml_way import keyed_service
from fieldstone.platform.identity.providers.vouched_sessions import end_vouched, vouched_of
from fieldstone.platform.identity.vouched import Vouched
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.runtime.transactions import Viewer

_NOBODY: Final = Viewer(None, "")
_DOOR: Final = "/sign-in"
_ANSWER: Final = "SAMLResponse"
_STATE: Final = "RelayState"


async def receive_sign_out(request: Request) -> Response:
    """GET /sign-in/with/{provider}/sign-out: a provider signs out, or somebody is back from it."""
    answers = _ANSWER in request.query_params
    try:
        return await (_come_back(request) if answers else _end_sessions(request))
    except FieldstoneError as error:
        response = await sign_in_door(request, HOME, error)
    round_trip.forget(request, response, request.query_params.get(_STATE, ""))
    return response


async def vouched_session(request: Request) -> Vouched | None:
    """Give what a provider calls the session of a request, before it ends."""
    bearer = bearer_of(request)
    if bearer is None or bearer.session is None:
        return None
    async with database_of(request).read(tenant_of(request), _NOBODY) as tx:
        return await vouched_of(tx, bearer.session)


async def leave_provider(request: Request, vouched: Vouched) -> Response | None:
    """Give a page that signs somebody out at their provider too; None where that is not set up."""
    try:
        async with database_of(request).read(tenant_of(request), _NOBODY) as tx:
            name, body = active_provider(tx.catalog, vouched.provider)
        service = await keyed_service(request, name, body)
        if body.issuer != vouched.issuer or not body.sign_out_address or not service.keys:
            return None
        out = round_trip.depart(tenant_of(request).id, (name, body.issuer), _DOOR)
        messages = await sign_out_messages()
        address, asked = messages.ask_sign_out(body, service, vouched, out.state)
    except FieldstoneError:
        # The session has ended here, whatever became of the provider.
        return None
    values = {"address": address, "provider": body.label}
    response = passing_page(request, "signing_out.html", "Signed out", **values)
    # A form of ours leads to our own pages alone, so that no redirect can follow it elsewhere.
    response.headers["refresh"] = f"0; url={address}"
    round_trip.keep(response, round_trip.answering(out, asked), parts_of(request).ways)
    return response


async def _saml_provider(request: Request) -> tuple[str, IdentityProviderBody, Service]:
    name, body = await asked_provider(request)
    if body.protocol != "saml":
        raise UnknownProvider("This provider does not speak SAML.")
    return name, body, await keyed_service(request, name, body)


async def _end_sessions(request: Request) -> Response:
    """End what a provider says, and tell it so. Raises ProviderRefused."""
    name, body, service = await _saml_provider(request)
    messages = await sign_out_messages()
    asked = await messages.read_sign_out(body, service, request.url.query, datetime.now(UTC))
    async with database_of(request).write_apart(tenant_of(request), _NOBODY) as tx:
        if not await see_once(tx, asked.digest, asked.expires_at):
            raise ProviderRefused("This was sent before.")
        ended = await end_vouched(tx, (name, body.issuer), asked.name, asked.indexes)
    answers = body.sign_out_address and service.keys
    address = messages.answer_sign_out(body, service, asked) if answers else _DOOR
    response = RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
    bearer = bearer_of(request)
    if bearer is not None and bearer.session in ended:
        drop_session(response)
    return response


async def _come_back(request: Request) -> Response:
    """Show the door to whom a provider signed out because they did so here."""
    name, body, service = await _saml_provider(request)
    state = request.query_params.get(_STATE, "")
    departure = round_trip.find(request, state, parts_of(request).ways)
    if (
        departure is None
        or departure.tenant != tenant_of(request).id
        or not departure.is_to(name, body)
    ):
        raise StrayArrival("You did not set out from here, or it took too long.")
    messages = await sign_out_messages()
    asked = departure.nonce
    if not await messages.read_signed_out(body, service, request.url.query, asked):
        raise ProviderRefused(
            f"You are signed out here; {body.label} did not sign you out everywhere.",
            hint="Close the browser where others may use it.",
        )
    response = RedirectResponse(departure.back, 303, headers={"Cache-Control": "no-store"})
    round_trip.forget(request, response, state)
    return response
