"""Pages: out to a provider, and back from it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.errors import FieldstoneError, Unavailable
from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.platform.identity.door_forms import HOME, let_in, sign_in_door, way_back
from fieldstone.platform.identity.endpoints import try_of
from fieldstone.platform.identity.providers import round_trip
from fieldstone.platform.identity.providers.arrival import Client, fetch_known
from fieldstone.platform.identity.providers.client_secrets import find_secret
from fieldstone.platform.identity.providers.entering import enter
from fieldstone.platform.identity.providers.errors import ProviderRefused, StrayArrival
from fieldstone.platform.identity.providers.offering import (
    BEGIN,
    active_provider,
    return_address,
)
from fieldstone.platform.identity.providers.parts import parts_of
from fieldstone.platform.identity.providers.round_trip import Departure
from fieldstone.platform.identity.sign_in import (
    REFUSED_MACHINE,
    Opened,
    Try,
    Waiting,
    check_machine,
    note_try,
)
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.runtime.transactions import Viewer

_NOBODY: Final = Viewer(None, "")
_LONGEST: Final = 4_000


async def set_out(request: Request) -> Response:
    """GET /sign-in/with/{provider}: send somebody to a provider, from where they come back."""
    back = way_back(request.query_params.get("next"))
    parts, tenant = parts_of(request), tenant_of(request)
    try:
        name, body = await _provider(request)
        configuration = await parts.store.configuration(body.issuer)
    except FieldstoneError as error:
        return await sign_in_door(request, back, error)
    departure = round_trip.depart(tenant.id, name, body.issuer, back[:_LONGEST])
    address = round_trip.with_query(
        configuration.authorization,
        response_type="code",
        client_id=body.client_id,
        redirect_uri=return_address(str(request.base_url), name),
        scope=" ".join(body.scopes),
        state=departure.state,
        nonce=departure.nonce,
        code_challenge=departure.challenge,
        code_challenge_method="S256",
    )
    response = RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
    round_trip.keep(request, response, departure, parts.ways)
    return response


async def come_back(request: Request) -> Response:
    """GET /sign-in/with/{provider}/back: let in whom the provider vouches for."""
    state = request.query_params.get("state", "")
    departure = round_trip.find(request, state, parts_of(request).ways)
    try:
        if departure is None or departure.tenant != tenant_of(request).id:
            raise StrayArrival(
                "You did not set out from here, or it took too long.", hint="Sign in once more."
            )
        entered = await _arrive(request, departure)
    except FieldstoneError as error:
        back = HOME if departure is None else departure.back
        response = await sign_in_door(request, back, error)
    else:
        response = let_in(request, entered, departure.back)
    round_trip.forget(request, response, state)
    return response


async def _arrive(request: Request, departure: Departure) -> Opened | Waiting:
    database, tenant = database_of(request), tenant_of(request)
    tried = try_of(request, f"provider:{departure.provider}", "")
    async with database.write_apart(tenant, _NOBODY) as tx:
        await check_machine(tx, tried)
    try:
        return await _vouched(request, departure, tried)
    except Unavailable:
        # A provider that is away is no guess of anybody's.
        raise
    except FieldstoneError:
        async with database.write_apart(tenant, _NOBODY) as tx:
            await note_try(tx, tried, REFUSED_MACHINE)
        raise


async def _vouched(request: Request, departure: Departure, tried: Try) -> Opened | Waiting:
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
    client = Client(body, secret, return_address(str(request.base_url), name))
    known = await fetch_known(parts.store, client, departure, code)
    return await enter(database_of(request), tenant, body, known, tried)


async def _provider(request: Request) -> tuple[str, IdentityProviderBody]:
    async with database_of(request).read(tenant_of(request), _NOBODY) as tx:
        return active_provider(tx.catalog, request.path_params["provider"])


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route(f"{BEGIN}/{{provider}}", set_out),
    Route(f"{BEGIN}/{{provider}}/back", come_back),
)
