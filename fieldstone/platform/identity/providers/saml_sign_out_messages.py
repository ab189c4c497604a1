"""Messages of signing out by SAML 2.0 (Profiles, section 4.4), by HTTP-Redirect and signed.

Loaded by saml.py where it is needed. A signature is over the query as it was sent, so it is
checked before anything of a message is unpacked or read.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote_plus
from xml.sax.saxutils import escape

import xmlsec
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request
from onelogin.saml2.logout_response import OneLogin_Saml2_Logout_Response
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.platform.identity.providers.errors import ProviderRefused
from fieldstone.platform.identity.providers.round_trip import with_query
from fieldstone.platform.identity.providers.saml import Service
from fieldstone.platform.identity.providers.saml_settings import (
    received,
    refusing,
    settings,
    signed,
)
from fieldstone.platform.identity.providers.saml_shapes import check_shapes
from fieldstone.platform.identity.vouched import Vouched

REQUEST: Final = "SAMLRequest"
ANSWER: Final = "SAMLResponse"
STATE: Final = "RelayState"
_SIGNED: Final = ("SigAlg", "Signature")
_LONGEST: Final = 20_000
_FRESH: Final = timedelta(minutes=5)
_WRONG: Final = "What the provider sent to sign you out does not hold."


@dataclass(frozen=True, slots=True)
class SignOut:
    """A provider's request to end somebody's sessions.

    id: what is answered. name: what it calls somebody. indexes: what it calls the sessions; none
    for all of them. state: what it wants back. digest: of the request, which counts once, until
    expires_at, when it is too old anyway.
    """

    id: str
    name: str
    indexes: frozenset[str]
    state: str | None
    digest: bytes
    expires_at: datetime


def parameters(query: str) -> dict[str, str]:
    """Give the parameters of a query, each of which may stand there once. Raises ProviderRefused.

    Names are taken as they were sent: what is signed is found by them.
    """
    found: dict[str, str] = {}
    for part in query.split("&") if len(query) <= _LONGEST else ():
        name, _, value = part.partition("=")
        if name in found:
            raise ProviderRefused(_WRONG)
        found[name] = unquote_plus(value)
    return found


def ask_sign_out(
    body: IdentityProviderBody, service: Service, vouched: Vouched, state: str
) -> tuple[str, str]:
    """Give the address that signs somebody out at a provider, and the id of what it asks there."""
    known = settings(body, service, escape)
    request = OneLogin_Saml2_Logout_Request(
        known,
        name_id=vouched.name,
        session_index=escape(vouched.index),
        nq=vouched.qualifier or None,
        name_id_format=vouched.format or None,
        spnq=vouched.service_qualifier or None,
    )
    sent = signed(known, service, {REQUEST: request.get_request(), STATE: state})
    return with_query(body.sign_out_address, **sent), request.id


def answer_sign_out(body: IdentityProviderBody, service: Service, asked: SignOut) -> str:
    """Give the address that tells a provider that somebody is signed out here."""
    known = settings(body, service, escape)
    answer = OneLogin_Saml2_Logout_Response(known)
    answer.build(escape(asked.id, {'"': "&quot;"}))
    state = {} if asked.state is None else {STATE: asked.state}
    sent = signed(known, service, {ANSWER: answer.get_response(), **state})
    return with_query(body.sign_out_answer_address or body.sign_out_address, **sent)


async def read_sign_out(
    body: IdentityProviderBody, service: Service, query: str, now: datetime
) -> SignOut:
    """Give whom a provider wants signed out, if all of it holds. Raises ProviderRefused."""
    # In a thread: the schema is read anew for each of them.
    return await asyncio.to_thread(_read_request, body, service, query, now)


async def read_signed_out(
    body: IdentityProviderBody, service: Service, query: str, asked: str
) -> bool:
    """Tell whether a provider signed somebody out everywhere. Raises ProviderRefused.

    asked: the id of the request that it has to answer.
    """
    return await asyncio.to_thread(_read_answer, body, service, query, asked)


def _read_request(
    body: IdentityProviderBody, service: Service, query: str, now: datetime
) -> SignOut:
    with refusing(_WRONG):
        sent = parameters(query)
        known = _check_signature(body, service, query, sent, REQUEST)
        request = OneLogin_Saml2_Logout_Request(known, sent[REQUEST])
        where = {**received(service.sign_out_address), "get_data": sent}
        if not request.is_valid(where):
            raise ValueError(request.get_error())
        root = OneLogin_Saml2_XML.to_etree(request.get_xml())
        _check_address(root, service, body)
        issued = _issued(root)
        # Those without an end hold for minutes; those with one may tell a later one.
        if abs(now - issued) > _FRESH:
            raise ValueError("too old")
        name = _name(root, service, body)
        indexes = frozenset(request.get_session_indexes(root))
        told = f"{body.issuer} {request.id}".encode()
        digest, expires_at = hashlib.sha256(told).digest(), issued + 2 * _FRESH
        return SignOut(request.id, name, indexes, sent.get(STATE), digest, expires_at)


def _read_answer(body: IdentityProviderBody, service: Service, query: str, asked: str) -> bool:
    with refusing(_WRONG):
        sent = parameters(query)
        known = _check_signature(body, service, query, sent, ANSWER)
        answer = OneLogin_Saml2_Logout_Response(known, sent[ANSWER])
        where = {**received(service.sign_out_address), "get_data": sent}
        if not answer.is_valid(where, asked) or answer.get_in_response_to() != asked:
            raise ValueError(answer.get_error())
        _check_address(answer.document, service, body)
        statuses = OneLogin_Saml2_XML.query(answer.document, "//samlp:StatusCode")
        return [one.get("Value") for one in statuses] == [Names.STATUS_SUCCESS]


def _check_signature(
    body: IdentityProviderBody,
    service: Service,
    query: str,
    sent: Mapping[str, str],
    what: str,
) -> Any:
    """Refuse what the provider did not sign; give how the library knows both sides."""
    if not all(sent.get(one) for one in (what, *_SIGNED)):
        raise ValueError("not signed")
    known = settings(body, service)
    request = {
        **received(service.sign_out_address),
        "query_string": query,
        "validate_signature_from_qs": True,
    }
    auth = OneLogin_Saml2_Auth(request, known)
    holds = auth.validate_request_signature if what == REQUEST else auth.validate_response_signature
    if not holds(sent):
        raise ValueError(auth.get_last_error_reason())
    return known


def _check_address(root: Any, service: Service, body: IdentityProviderBody) -> None:
    """Refuse what is for somebody else; the library takes it where either is missing."""
    issuers = OneLogin_Saml2_XML.query(root, "./saml:Issuer")
    if [OneLogin_Saml2_XML.element_text(one) for one in issuers] != [body.issuer]:
        raise ValueError("of another issuer")
    if root.get("Destination") != service.sign_out_address:
        raise ValueError("for another address")


def _issued(root: Any) -> datetime:
    instant = OneLogin_Saml2_Utils.parse_SAML_to_time(root.get("IssueInstant"))
    return datetime.fromtimestamp(instant, UTC)


def _name(root: Any, service: Service, body: IdentityProviderBody) -> str:
    """Give what a request calls somebody, in words or encrypted for us."""
    check_shapes(root, takes_cbc=body.takes_cbc)
    read = OneLogin_Saml2_Logout_Request.get_nameid_data
    for one in service.keys[:-1]:
        try:
            return str(read(root, one.key)["Value"])
        except xmlsec.Error:
            continue
    return str(read(root, service.keys[-1].key if service.keys else None)["Value"])
