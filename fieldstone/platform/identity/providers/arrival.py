"""Somebody comes back from a provider: from a code to what it says of them, to a session."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from fieldstone.integrations.outgoing import Answered
from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.platform.identity.providers.configuration import (
    Configuration,
    ProviderStore,
    json_of,
)
from fieldstone.platform.identity.providers.errors import ProviderRefused
from fieldstone.platform.identity.providers.id_token import read_id_token
from fieldstone.platform.identity.providers.known import Known, address_in, name_in
from fieldstone.platform.identity.providers.round_trip import Departure

_OK: Final = 200
_REFUSALS: Final = (400, 401, 403)
_VOUCHED: Final = "email"
"""The claim of which email_verified speaks (OpenID Connect Core, section 5.1)."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are at a provider. secret: None where it trusts PKCE alone."""

    body: IdentityProviderBody
    secret: str | None
    redirect_uri: str


async def fetch_known(
    store: ProviderStore, client: Client, departure: Departure, code: str
) -> Known:
    """Trade a code for who somebody is. Raises ProviderRefused, ProviderFailed."""
    body = client.body
    configuration = await store.configuration(body.issuer)
    told = await _fetch_tokens(store, client, configuration, departure, code)
    claims = await read_id_token(
        store, told.get("id_token"), body.issuer, body.client_id, departure.nonce
    )
    subject = str(claims["sub"])
    access = told.get("access_token")
    if body.email_claim not in claims and configuration.userinfo and isinstance(access, str):
        claims = {**await _fetch_userinfo(store, configuration.userinfo, access, subject), **claims}
    email, name = _email(body, claims), name_in(claims.get(body.name_claim))
    return Known(body.issuer, subject, email, name, _proved_at(claims))


async def _fetch_tokens(
    store: ProviderStore,
    client: Client,
    configuration: Configuration,
    departure: Departure,
    code: str,
) -> JsonObject:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": departure.verifier,
    }
    headers = {"accept": "application/json"}
    if client.secret is None:
        form["client_id"] = client.body.client_id
    elif "client_secret_basic" in configuration.methods or not configuration.methods:
        headers["authorization"] = _basic(client.body.client_id, client.secret)
    else:
        form |= {"client_id": client.body.client_id, "client_secret": client.secret}
    answered = await store.outgoing.post_form(configuration.token, form, headers)
    if answered.status in _REFUSALS:
        raise ProviderRefused(
            "The provider did not accept that you come from it.",
            hint=f"Sign in once more. It said: {_error_in(answered)}.",
        )
    return json_of(answered, "tokens")


async def _fetch_userinfo(
    store: ProviderStore, address: str, access: str, subject: str
) -> JsonObject:
    """Give what else is known of somebody; it must be the same person (section 5.3.2)."""
    headers = {"authorization": f"Bearer {access}", "accept": "application/json"}
    told = json_of(await store.outgoing.get(address, headers), "user information")
    if told.get("sub") != subject:
        raise ProviderRefused("The provider speaks of two people.", hint="Sign in once more.")
    return told


def _basic(client_id: str, secret: str) -> str:
    """Give the header of a client (RFC 6749, section 2.3.1): both are encoded as in a form."""
    text = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def _error_in(answered: Answered) -> str:
    """Give the provider's code of an error (RFC 6749, section 5.2), and nothing else it said."""
    try:
        told: Json = json_of(Answered(_OK, {}, answered.body), "error").get("error")
    except ValueError:
        told = None
    text = told if isinstance(told, str) else ""
    return text if text.replace("_", "").isalnum() and text.isascii() else str(answered.status)


def _email(body: IdentityProviderBody, claims: Mapping[str, Any]) -> str:
    """Give the address of somebody, if the provider stands for it that it is theirs."""
    told = claims.get(body.email_claim)
    verified = claims.get("email_verified")
    # It speaks of the claim email alone. Some write true as a text.
    vouched = body.email_claim == _VOUCHED and (verified is True or verified == "true")
    certain = vouched or body.trusts_addresses
    return "" if verified is False or verified == "false" or not certain else address_in(told)


def _proved_at(claims: Mapping[str, Any]) -> datetime | None:
    """Give the claim auth_time, which is a number of seconds."""
    told = claims.get("auth_time")
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    try:
        return datetime.fromtimestamp(told, UTC)
    except (ValueError, OverflowError, OSError):
        return None
