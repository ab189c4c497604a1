"""The way to a provider and back by SAML: what is asked there, and what comes of it.

A provider has the browser send its answer as a form, from its own site. No cookie of ours comes
with that, so nothing is believed of it yet: a page of ours sends it once more, with the cookies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.api.requests import read_body
from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.platform.identity.door_forms import passing_page
from fieldstone.platform.identity.oauth.jwt_bearer import see_once
from fieldstone.platform.identity.providers.client_secrets import find_provider
from fieldstone.platform.identity.providers.errors import (
    ProviderRefused,
    StrayArrival,
    UnknownProvider,
)
from fieldstone.platform.identity.providers.known import Known
from fieldstone.platform.identity.providers.offering import asked_provider
from fieldstone.platform.identity.providers.parts import parts_of
from fieldstone.platform.identity.providers.round_trip import Departure, answering, find
from fieldstone.platform.identity.providers.saml import (
    Said,
    Service,
    saml_messages,
    service_for,
)
from fieldstone.platform.identity.providers.saml_keys import find_keys
from fieldstone.platform.server_address import server_of
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.runtime.transactions import Viewer

_NOBODY: Final = Viewer(None, "")
_MOST_BYTES: Final = 400_000
_MOST_FIELDS: Final = 20
STATE: Final = "RelayState"
_MESSAGE: Final = "SAMLResponse"
_AGAIN: Final = "again"


async def saml_address(
    request: Request, body: IdentityProviderBody, departure: Departure
) -> tuple[str, Departure]:
    """Give the address that sends somebody to a provider; its answer has to name our request."""
    messages = await saml_messages()
    service = await keyed_service(request, departure.provider, body)
    anew = departure.session is not None
    address, asked = messages.ask(body, service, departure.state, anew=anew)
    return address, answering(departure, asked)


async def read_answer(request: Request) -> dict[str, str]:
    """Read the form that a provider has the browser send."""
    sent = (await read_body(request, _MOST_BYTES)).decode(errors="replace")
    try:
        fields = parse_qs(sent, max_num_fields=_MOST_FIELDS)
    except ValueError:
        fields = {}
    return {name: values[-1] for name, values in fields.items()}


def is_first_sent(request: Request, form: Mapping[str, str]) -> bool:
    """Tell whether an answer comes from the provider's site, without the cookies of this one."""
    state = form.get(STATE, "")
    return _AGAIN not in form and find(request, state, parts_of(request).ways) is None


def send_again(request: Request, form: Mapping[str, str]) -> Response:
    """Answer with a page that sends the form once more, from this site."""
    fields = {_MESSAGE: form.get(_MESSAGE, ""), STATE: form.get(STATE, ""), _AGAIN: "yes"}
    address = request.url.path
    return passing_page(request, "sending_again.html", "Going on", address=address, fields=fields)


async def saml_known(
    request: Request, departure: Departure, form: Mapping[str, str]
) -> tuple[IdentityProviderBody, Known]:
    """Give the provider and who it says that somebody is. Raises StrayArrival, ProviderRefused."""
    name, body = await asked_provider(request)
    if not departure.is_to(name, body) or body.protocol != "saml":
        raise StrayArrival("You come from another provider than you went to.")
    messages = await saml_messages()
    service = await keyed_service(request, name, body)
    said: Said = await messages.read_response(
        body, service, form.get(_MESSAGE, ""), departure.nonce
    )
    async with database_of(request).write_apart(tenant_of(request), _NOBODY) as tx:
        if not await see_once(tx, said.digest, said.expires_at):
            raise ProviderRefused("This was sent before.", hint="Sign in once more.")
    return body, said.known


async def describe_service(request: Request) -> Response:
    """GET /sign-in/with/{provider}/metadata: what a SAML provider wants to know of us."""
    async with database_of(request).read(tenant_of(request), _NOBODY) as tx:
        name, body = find_provider(tx.catalog, request.path_params["provider"])
        keys = await find_keys(tx, parts_of(request).secrets, name)
    if body.protocol != "saml":
        raise UnknownProvider("This provider does not speak SAML.")
    messages = await saml_messages()
    text = messages.describe(body, service_for(server_of(request), name, body, keys))
    return Response(text, media_type="application/samlmetadata+xml")


async def keyed_service(request: Request, name: str, body: IdentityProviderBody) -> Service:
    """Give who we are at a provider, with our keys there. Raises ProviderNotReady."""
    async with database_of(request).read(tenant_of(request), _NOBODY) as tx:
        keys = await find_keys(tx, parts_of(request).secrets, name)
    return service_for(server_of(request), name, body, keys)
