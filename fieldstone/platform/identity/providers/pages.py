"""Pages: out to a provider, and back from it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.errors import FieldstoneError, Unavailable
from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.platform.identity.door_forms import HOME, let_in, sign_in_door, way_back
from fieldstone.platform.identity.endpoints import bearer_of, own_session, try_of
from fieldstone.platform.identity.proof_pages import proof_page
from fieldstone.platform.identity.providers import round_trip
from fieldstone.platform.identity.providers.arrival import Client, fetch_known
from fieldstone.platform.identity.providers.client_secrets import find_secret
from fieldstone.platform.identity.providers.entering import enter, prove
from fieldstone.platform.identity.providers.errors import ProviderRefused, StrayArrival
from fieldstone.platform.identity.providers.known import Known
from fieldstone.platform.identity.providers.offering import (
    BEGIN,
    active_provider,
    return_address,
)
from fieldstone.platform.identity.providers.parts import parts_of
from fieldstone.platform.identity.providers.round_trip import Departure
from fieldstone.platform.identity.sign_in import (
    REFUSED_MACHINE,
    check_machine,
    note_refusal,
    note_try,
)
from fieldstone.platform.server_address import server_of
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.runtime.transactions import Viewer

_NOBODY: Final = Viewer(None, "")
_LONGEST: Final = 4_000
_EVER_S: Final = "31536000"
"""A year: whoever asks how old a proof may be is told how old it is (Core, section 3.1.2.1)."""


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
    state = request.query_params.get("state", "")
    departure = round_trip.find(request, state, parts_of(request).ways)
    try:
        if departure is None or departure.tenant != tenant_of(request).id:
            raise StrayArrival(
                "You did not set out from here, or it took too long.", hint="Sign in once more."
            )
        response = await _arrive(request, departure)
    except FieldstoneError as error:
        if departure is None or departure.session is None or bearer_of(request) is None:
            back = HOME if departure is None else departure.back
            response = await sign_in_door(request, back, error)
        else:
            response = await proof_page(request, departure.back, error)
    round_trip.forget(request, response, state)
    return response


async def _leave(request: Request, back: str, session: int | None = None) -> Response:
    """Send somebody to a provider. session: of whoever is in, and is to be asked who they are."""
    parts, tenant = parts_of(request), tenant_of(request)
    name, body = await _provider(request)
    configuration = await parts.store.configuration(body.issuer)
    departure = round_trip.depart(tenant.id, (name, body.issuer), back, session)
    asks = {"max_age": _EVER_S} if session is None else {"max_age": "0", "prompt": "login"}
    address = round_trip.with_query(
        configuration.authorization,
        response_type="code",
        client_id=body.client_id,
        redirect_uri=return_address(server_of(request), name),
        scope=" ".join(body.scopes),
        state=departure.state,
        nonce=departure.nonce,
        code_challenge=departure.challenge,
        code_challenge_method="S256",
        **asks,
    )
    response = RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
    round_trip.keep(response, departure, parts.ways)
    return response


async def _arrive(request: Request, departure: Departure) -> Response:
    database, tenant = database_of(request), tenant_of(request)
    tried = try_of(request, f"provider:{departure.provider}", "")
    async with database.write_apart(tenant, _NOBODY) as tx:
        await check_machine(tx, tried)
    try:
        body, known = await _vouched(request, departure)
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


async def _vouched(request: Request, departure: Departure) -> tuple[IdentityProviderBody, Known]:
    """Give the provider and who it says that somebody is. Raises StrayArrival, ProviderRefused."""
    parts, tenant = parts_of(request), tenant_of(request)
    name, body = await _provider(request)
    issuer = request.query_params.get("iss", body.issuer)
    # A provider that others can put in front of ours sends its own answer (RFC 9207).
    if (name, body.issuer, issuer) != (departure.provider, departure.issuer, body.issuer):
        raise StrayArrival("You come from another provider than you went to.")
    code = request.query_params.get("code", "")
    if not 0 < len(code) <= _LONGEST:
        raise ProviderRefused(f"{body.label} let nobody in.", hint="Sign in once more.")
    async with database_of(request).read(tenant, _NOBODY) as tx:
        secret = await find_secret(tx, parts.secrets, name, body)
    client = Client(body, secret, return_address(server_of(request), name))
    return body, await fetch_known(parts.store, client, departure, code)


async def _provider(request: Request) -> tuple[str, IdentityProviderBody]:
    async with database_of(request).read(tenant_of(request), _NOBODY) as tx:
        return active_provider(tx.catalog, request.path_params["provider"])


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route(f"{BEGIN}/{{provider}}", set_out),
    Route(f"{BEGIN}/{{provider}}/proof", set_out_to_prove),
    Route(f"{BEGIN}/{{provider}}/back", come_back),
)
