"""Messages of SAML 2.0 (Profiles, section 4.1): asking a provider, and reading what it answers.

Loaded by saml.py where it is needed. The library checks signatures, schema and times; what it
takes where it is missing (audience, recipient, the request that is answered) is needed here.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from xml.sax.saxutils import escape

import xmlsec
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from fieldstone.errors import BadValue
from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.metadata.values import JsonObject
from fieldstone.platform.identity.providers.errors import ProviderRefused
from fieldstone.platform.identity.providers.known import Known, address_in, name_in
from fieldstone.platform.identity.providers.round_trip import with_query
from fieldstone.platform.identity.providers.saml import Said, Service
from fieldstone.platform.identity.providers.saml_settings import (
    BROKEN,
    last_of,
    own_settings,
    received,
    refusing,
    settings,
    signed,
)
from fieldstone.platform.identity.providers.saml_shapes import check_shapes
from fieldstone.platform.identity.vouched import LONGEST, Vouched

_LONGEST_SUBJECT: Final = 1_000
_CLAIMS: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_OFTEN: Final = {
    "email": ("mail", f"{_CLAIMS}/emailaddress", "urn:oid:0.9.2342.19200300.100.1.3"),
    "name": (
        *("displayName", "urn:oid:2.16.840.1.113730.3.1.241", "cn", "urn:oid:2.5.4.3"),
        "http://schemas.microsoft.com/identity/claims/displayname",
    ),
}
"""What providers call address and name, where nobody said what this one does."""


def ask(body: IdentityProviderBody, service: Service, state: str, *, anew: bool) -> tuple[str, str]:
    """Give the address that sends somebody to a provider, and the id of what it asks there.

    anew: whether the provider is to ask who they are, though it may know.
    """
    known = settings(body, service, escape)
    request = OneLogin_Saml2_Authn_Request(known, force_authn=anew)
    sent = {"SAMLRequest": request.get_request(), "RelayState": state}
    if body.signs_requests:
        sent = signed(known, service, sent)
    return with_query(body.sign_in_address, **sent), request.get_id()


async def read_response(
    body: IdentityProviderBody, service: Service, text: str, asked: str
) -> Said:
    """Give what a provider said of somebody, if all of it holds. Raises ProviderRefused.

    text: the field SAMLResponse. asked: the id of the request that it has to answer.
    """
    # In a thread: the schema is read anew for each of them.
    return await asyncio.to_thread(_read, body, service, text, asked)


def describe(body: IdentityProviderBody, service: Service) -> str:
    """Give what we say of ourselves, as a provider's set-up reads it (Metadata, section 2.4)."""
    described: bytes | str = own_settings(body, service).get_sp_metadata()
    return described if isinstance(described, str) else described.decode()


def read_metadata(text: str) -> JsonObject:
    """Give what a provider says of itself, as its declaration has it. Raises BadValue."""
    try:
        parsed = OneLogin_Saml2_IdPMetadataParser.parse(text.encode())
        told = parsed["idp"]
        kept = told.get("x509certMulti", {}).get("signing") or [told["x509cert"]]
        leaving = told.get("singleLogoutService", {})
        return {
            "issuer": told["entityId"],
            "sign_in_address": told["singleSignOnService"]["url"],
            "sign_out_address": leaving.get("url", ""),
            "sign_out_answer_address": leaving.get("responseUrl", ""),
            "signs_requests": parsed.get("security", {}).get("authnRequestsSigned", False),
            "certificates": list(dict.fromkeys(kept)),
        }
    except BROKEN as error:
        raise BadValue(
            "This is no metadata of a SAML provider.",
            hint="It names an entity id, a place to sign in by HTTP-Redirect and a certificate.",
        ) from error


def _read(body: IdentityProviderBody, service: Service, text: str, asked: str) -> Said:
    with refusing("What the provider says of you does not hold."):
        response = _opened(body, service, text)
        check_shapes(response.get_xml_document(), takes_cbc=body.takes_cbc)
        if not response.is_valid(received(service.return_address), asked):
            raise ProviderRefused(
                f"What {body.label} says of you does not hold.", hint=_first_line(response)
            )
        if body.wants_encrypted and not response.encrypted:
            raise ValueError("not encrypted")
        _check(response, service, asked)
        return _said(body, response, service)


def _opened(body: IdentityProviderBody, service: Service, text: str) -> Any:
    """Give a response, decrypted by the key that opens it. Raises what the library does."""
    sent = OneLogin_Saml2_XML.to_etree(OneLogin_Saml2_Utils.b64decode(text))
    check_shapes(sent, takes_cbc=body.takes_cbc)
    # The one before is tried where the first one does not fit: providers change them late.
    for key in service.keys[:-1]:
        with suppress(xmlsec.Error):
            return OneLogin_Saml2_Response(settings(body, service, key=key), text)
    return OneLogin_Saml2_Response(settings(body, service, key=last_of(service)), text)


def _check(response: Any, service: Service, asked: str) -> None:
    """Refuse what is for somebody else, or answers nothing that we asked. Raises ValueError."""
    if service.entity_id not in response.get_audiences():
        raise ValueError("for another audience")
    path = "/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
    # Those of the assertion: what the response itself says need not be signed.
    confirmed = [
        one
        for one in _signed(response, path)
        if (one.get("Recipient"), one.get("InResponseTo")) == (service.return_address, asked)
        and one.get("NotOnOrAfter")
    ]
    if not confirmed:
        raise ValueError("not confirmed for this request")


def _said(body: IdentityProviderBody, response: Any, service: Service) -> Said:
    known_as = response.get_nameid_data()
    attributes = {**response.get_friendlyname_attributes(), **response.get_attributes()}
    address = _email(body, attributes, known_as)
    subject = _subject(known_as, address)
    [statement] = _signed(response, "/saml:AuthnStatement")
    name = name_in(_attribute(attributes, body.name_claim))
    proved_at = _instant(statement.get("AuthnInstant"))
    vouched = _vouched(body, known_as, response.get_session_index() or "", service)
    known = Known(body.issuer, subject, address, name, proved_at, vouched)
    digest = hashlib.sha256(f"{body.issuer} {response.get_assertion_id()}".encode()).digest()
    expires_at = datetime.fromtimestamp(response.get_assertion_not_on_or_after(), UTC)
    return Said(known, digest, expires_at)


def _vouched(
    body: IdentityProviderBody, known_as: dict[str, str], index: str, service: Service
) -> Vouched | None:
    """Give what the provider calls the session; nothing where that is longer than names are."""
    names = ("Value", "Format", "NameQualifier", "SPNameQualifier")
    said = (*(known_as.get(one) or "" for one in names), index)
    if any(len(one) > LONGEST for one in said):
        return None
    return Vouched(service.provider, body.issuer, *said)


def _subject(known_as: dict[str, str], address: str) -> str:
    """Give what somebody is known by for ever: the address, if they get another name each time.

    Marked, so that it is never taken for the subject of an ID token of the same issuer.
    """
    passing = known_as.get("Format") == Names.NAMEID_TRANSIENT
    value = f"address {address}" if passing and address else f"name {known_as['Value']}"
    if (passing and not address) or len(value) > _LONGEST_SUBJECT:
        raise ValueError("known by nothing that lasts")
    return f"saml {value}"


def _email(body: IdentityProviderBody, attributes: dict[str, Any], known_as: dict[str, str]) -> str:
    """Give the address of somebody; none where the provider is not trusted with addresses."""
    if not body.trusts_addresses:
        return ""
    found = _attribute(attributes, body.email_claim)
    if found is None and known_as.get("Format") == Names.NAMEID_EMAIL_ADDRESS:
        found = known_as["Value"]
    return address_in(found)


def _attribute(attributes: dict[str, Any], name: str) -> str | None:
    """Give the first value of an attribute, or of what it is often called."""
    for one in (name, *_OFTEN.get(name, ())):
        values = attributes.get(one)
        if values and isinstance(values[0], str):
            return values[0]
    return None


def _signed(response: Any, path: str) -> list[Any]:
    """Give elements below the assertion, which was the only one of a valid response."""
    document = response.get_xml_document()
    found: list[Any] = OneLogin_Saml2_XML.query(document, f"/samlp:Response/saml:Assertion{path}")
    return found


def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(OneLogin_Saml2_Utils.parse_SAML_to_time(text), UTC)


def _first_line(response: Any) -> str:
    """Give what the library found wrong, which tells whoever sets a provider up what to mend."""
    lines = str(response.get_error() or "").splitlines() or [""]
    return f"The check said: {lines[0][:200]}"
