"""Signing in by SAML 2.0: who we are at a provider, and the way to the libraries for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, Final
from urllib.parse import quote

from fieldstone.errors import BadValue
from fieldstone.integrations.outgoing import Outgoing, OutgoingFailed
from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.metadata.values import JsonObject
from fieldstone.platform.identity.providers.errors import ProviderNotReady
from fieldstone.platform.identity.providers.known import Known
from fieldstone.platform.identity.providers.offering import BEGIN, return_address
from fieldstone.platform.identity.providers.saml_keys import KeyPair

_OK: Final = 200
_LONGEST_ADDRESS: Final = 2_000
_LONGEST_METADATA: Final = 500_000
_MESSAGES: Final = "fieldstone.platform.identity.providers.saml_messages"
_SIGN_OUT_MESSAGES: Final = "fieldstone.platform.identity.providers.saml_sign_out_messages"


@dataclass(frozen=True, slots=True)
class Service:
    """Who we are at a provider: our entity id, and where it sends people back to.

    sign_out_address: where it sends those who sign out there. provider: what it is called here.
    keys: ours, the one that signs first.
    """

    entity_id: str
    return_address: str
    sign_out_address: str
    provider: str
    keys: tuple[KeyPair, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What a provider said of somebody. digest: of what it said, which counts once.

    expires_at: when it counts no more anyway.
    """

    known: Known
    digest: bytes
    expires_at: datetime


def service_for(
    server: str, name: str, body: IdentityProviderBody, keys: tuple[KeyPair, ...] = ()
) -> Service:
    """Give who we are at a provider. server: the address of this one. keys: ours there."""
    entity = body.client_id or metadata_address(server, name)
    return Service(entity, return_address(server, name), sign_out_address(server, name), name, keys)


def entity_id(server: str, name: str, body: IdentityProviderBody) -> str | None:
    """Give our entity id at a provider; None at one that does not speak SAML."""
    return service_for(server, name, body).entity_id if body.protocol == "saml" else None


def sign_out_address(server: str, name: str) -> str:
    """Give where a provider sends people who sign out there, or come back from signing out."""
    return f"{server}{BEGIN}/{quote(name)}/sign-out"


def metadata_address(server: str, name: str) -> str:
    """Give where a provider reads what we say of ourselves."""
    return f"{server}{BEGIN}/{quote(name)}/metadata"


async def read_metadata(outgoing: Outgoing, text: object, address: object) -> JsonObject:
    """Give what a SAML provider says of itself, as its declaration has it.

    text: its metadata; else they are fetched from its address. Raises BadValue, PrivateAddress,
    ProviderNotReady.
    """
    messages = await saml_messages()
    if not isinstance(text, str):
        text = await _fetch_metadata(outgoing, str(address)[:_LONGEST_ADDRESS])
    if len(text) > _LONGEST_METADATA:
        raise BadValue("The metadata are too long.", hint="Send those of one provider alone.")
    told: JsonObject = messages.read_metadata(text)
    return told


async def _fetch_metadata(outgoing: Outgoing, address: str) -> str:
    """Fetch metadata; that nothing is there is wrong with the address, which somebody typed."""
    try:
        answered = await outgoing.get(address)
    except OutgoingFailed as error:
        raise BadValue(error.problem.message, at="/address", hint=error.problem.hint) from error
    if answered.status != _OK:
        message = f"The address answered {answered.status} instead of metadata."
        raise BadValue(message, at="/address", hint="Look at the address.")
    return answered.body.decode(errors="replace")


async def saml_messages() -> Any:
    """Give the module that reads and writes messages, loaded in a thread the first time.

    Any, because it is no import: the libraries for XML and its signatures are an extra, and a
    process that meets no SAML does not pay for them. Raises ProviderNotReady.
    """
    return await _module(_MESSAGES)


async def sign_out_messages() -> Any:
    """Give the module that reads and writes messages of signing out. Raises ProviderNotReady."""
    return await _module(_SIGN_OUT_MESSAGES)


async def _module(name: str) -> Any:
    try:
        return await asyncio.to_thread(import_module, name)
    except ImportError as error:
        raise ProviderNotReady(
            "This installation cannot read SAML.",
            hint="Whoever runs it adds the extra: pip install 'fieldstone[saml]'.",
        ) from error
