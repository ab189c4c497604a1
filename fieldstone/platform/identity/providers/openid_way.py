"""The way to a provider and back by OpenID Connect: what is asked there, and what comes of it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.platform.identity.providers.arrival import Client, fetch_known
from fieldstone.platform.identity.providers.client_secrets import find_secret
from fieldstone.platform.identity.providers.errors import ProviderRefused, StrayArrival
from fieldstone.platform.identity.providers.known import Known
from fieldstone.platform.identity.providers.offering import asked_provider, return_address
from fieldstone.platform.identity.providers.parts import parts_of
from fieldstone.platform.identity.providers.round_trip import Departure, with_query
from fieldstone.platform.server_address import server_of
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.runtime.transactions import Viewer

_LONGEST_CODE: Final = 4_000
_EVER_S: Final = "31536000"
"""A year: whoever asks how old a proof may be is told how old it is (Core, section 3.1.2.1)."""


async def openid_address(
    request: Request, body: IdentityProviderBody, departure: Departure
) -> tuple[str, Departure]:
    """Give the address that sends somebody to a provider. Raises ProviderFailed."""
    configuration = await parts_of(request).store.configuration(body.issuer)
    proves = departure.session is not None
    asks = {"max_age": "0", "prompt": "login"} if proves else {"max_age": _EVER_S}
    address = with_query(
        configuration.authorization,
        response_type="code",
        client_id=body.client_id,
        redirect_uri=return_address(server_of(request), departure.provider),
        scope=" ".join(body.scopes),
        state=departure.state,
        nonce=departure.nonce,
        code_challenge=departure.challenge,
        code_challenge_method="S256",
        **asks,
    )
    return address, departure


async def openid_known(
    request: Request, departure: Departure
) -> tuple[IdentityProviderBody, Known]:
    """Give the provider and who it says that somebody is. Raises StrayArrival, ProviderRefused."""
    parts = parts_of(request)
    name, body = await asked_provider(request)
    issuer = request.query_params.get("iss", body.issuer)
    # A provider that others can put in front of ours sends its own answer (RFC 9207).
    if not departure.is_to(name, body) or issuer != body.issuer:
        raise StrayArrival("You come from another provider than you went to.")
    code = request.query_params.get("code", "")
    if body.protocol != "openid_connect" or not 0 < len(code) <= _LONGEST_CODE:
        raise ProviderRefused(f"{body.label} let nobody in.", hint="Sign in once more.")
    async with database_of(request).read(tenant_of(request), Viewer(None, "")) as tx:
        secret = await find_secret(tx, parts.secrets, name, body)
    client = Client(body, secret, return_address(server_of(request), name))
    return body, await fetch_known(parts.store, client, departure, code)
