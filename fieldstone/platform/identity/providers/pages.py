"""Pages: out to a provider, and back from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.errors import FieldstoneError, Unavailable
from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.platform.identity.door_forms import HOME, let_in, sign_in_door, way_back
from fieldstone.platform.identity.endpoints import bearer_of, own_session, try_of
from fieldstone.platform.identity.proof_pages import proof_page
from fieldstone.platform.identity.providers import round_trip, saml_way, sign_out_way
from fieldstone.platform.identity.providers.entering import enter, prove
from fieldstone.platform.identity.providers.errors import StrayArrival
from fieldstone.platform.identity.providers.known import Known
from fieldstone.platform.identity.providers.offering import BEGIN, asked_provider
from fieldstone.platform.identity.providers.openid_way import openid_address, openid_known
from fieldstone.platform.identity.providers.parts import parts_of
from fieldstone.platform.identity.providers.round_trip import Departure
from fieldstone.platform.identity.sign_in import (
    REFUSED_MACHINE,
    check_machine,
    note_refusal,
    note_try,
)
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.runtime.transactions import Viewer

_NOBODY: Final = Viewer(None, "")
_LONGEST: Final = 4_000
Vouched = tuple[IdentityProviderBody, Known]


async def set_out(request: Request) -> Response:
    """GET /sign-in/with/{provider}: send somebody to a provider, from where they come back."""
    back = way_back(request.query_params.get("next"))[:_LONGEST]
    try:
        return await _leave(request, back)
    except FieldstoneError as error:
        return await sign_in_door(request, back, error)


async def set_out_to_prove(request: Request) -> Response:
    """GET /sign-in/with/{provider}/proof: have the provider ask whoever is in who they are."""
    _, session = own_session(request)
    back = way_back(request.query_params.get("next"))[:_LONGEST]
    try:
        return await _leave(request, back, session)
    except FieldstoneError as error:
        return await proof_page(request, back, error)


async def come_back(request: Request) -> Response:
    """GET /sign-in/with/{provider}/back: let in whom the provider vouches for."""

    async def vouched(departure: Departure) -> Vouched:
        return await openid_known(request, departure)

    return await _come(request, request.query_params.get("state", ""), vouched)


async def receive(request: Request) -> Response:
    """POST /sign-in/with/{provider}/back: the same, of a provider that speaks SAML."""
    form = await saml_way.read_answer(request)
    if saml_way.is_first_sent(request, form):
        return saml_way.send_again(request, form)

    async def vouched(departure: Departure) -> Vouched:
        return await saml_way.saml_known(request, departure, form)

    return await _come(request, form.get(saml_way.STATE, ""), vouched)


async def _leave(request: Request, back: str, session: int | None = None) -> Response:
    """Send somebody to a provider. session: of whoever is in, and is to be asked who they are."""
    name, body = await asked_provider(request)
    address_of = saml_way.saml_address if body.protocol == "saml" else openid_address
    out = round_trip.depart(tenant_of(request).id, (name, body.issuer), back, session)
    address, departure = await address_of(request, body, out)
    response = RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
    round_trip.keep(response, departure, parts_of(request).ways)
    return response


async def _come(
    request: Request, state: str, vouched: Callable[[Departure], Awaitable[Vouched]]
) -> Response:
    """Let somebody in, or say why not. vouched: gives what the provider says of them."""
    departure = round_trip.find(request, state, parts_of(request).ways)
    try:
        if departure is None or departure.tenant != tenant_of(request).id:
            raise StrayArrival(
                "You did not set out from here, or it took too long.", hint="Sign in once more."
            )
        response = await _arrive(request, departure, vouched)
    except FieldstoneError as error:
        if departure is None or departure.session is None or bearer_of(request) is None:
            back = HOME if departure is None else departure.back
            response = await sign_in_door(request, back, error)
        else:
            response = await proof_page(request, departure.back, error)
    round_trip.forget(request, response, state)
    return response


async def _arrive(
    request: Request,
    departure: Departure,
    vouched: Callable[[Departure], Awaitable[Vouched]],
) -> Response:
    database, tenant = database_of(request), tenant_of(request)
    tried = try_of(request, f"provider:{departure.provider}", "")
    async with database.write_apart(tenant, _NOBODY) as tx:
        await check_machine(tx, tried)
    try:
        body, known = await vouched(departure)
        if departure.session is None:
            entered = await enter(database, tenant, body, known, tried)
            return let_in(request, entered, departure.back)
        await prove(database, tenant, _who_set_out(request, departure), known, tried)
        return RedirectResponse(departure.back, 303)
    except Unavailable:
        # A provider that is away is no guess of anybody's.
        raise
    except FieldstoneError:
        async with database.write_apart(tenant, _NOBODY) as tx:
            await note_try(tx, tried, REFUSED_MACHINE)
            await note_refusal(tx, tried, None, "provider")
        raise


def _who_set_out(request: Request, departure: Departure) -> tuple[Viewer, int]:
    """Give who is in, if it is they who set out. Raises SignInNeeded, StrayArrival."""
    viewer, session = own_session(request)
    if session != departure.session:
        raise StrayArrival("Somebody else set out from here.", hint="Begin again.")
    return viewer, session


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route(f"{BEGIN}/{{provider}}", set_out),
    Route(f"{BEGIN}/{{provider}}/proof", set_out_to_prove),
    Route(f"{BEGIN}/{{provider}}/back", come_back),
    Route(f"{BEGIN}/{{provider}}/back", receive, methods=["POST"]),
    Route(f"{BEGIN}/{{provider}}/metadata", saml_way.describe_service),
    Route(f"{BEGIN}/{{provider}}/sign-out", sign_out_way.receive_sign_out),
)
