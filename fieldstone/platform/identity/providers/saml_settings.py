"""How the library for SAML knows both sides, and what is asked of messages beyond what it does.

Loaded with the modules that read and write messages, for the library is an extra.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import xmlsec
from lxml.etree import LxmlError
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.platform.identity.providers.errors import ProviderNotReady, ProviderRefused
from fieldstone.platform.identity.providers.saml import Service
from fieldstone.platform.identity.providers.saml_keys import KeyPair, signing_key

BROKEN: Final = (
    *(OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, LxmlError, xmlsec.Error),
    *(ValueError, TypeError, KeyError, IndexError, AttributeError),
)
"""What the libraries raise for messages that are none; the last ones come from odd shapes."""


def settings(
    body: IdentityProviderBody,
    service: Service,
    write: Callable[[str], str] = str,
    *,
    key: KeyPair | None = None,
) -> Any:
    """Give how the library knows both sides. write: for what it writes without escaping.

    key: what opens what is encrypted; the one that signs, unless it is given. Raises
    ProviderNotReady for addresses that the library does not take.
    """
    provider: dict[str, Any] = {
        "entityId": write(body.issuer),
        "singleSignOnService": {"url": write(body.sign_in_address)},
        "x509certMulti": {"signing": list(body.certificates)},
    }
    if body.sign_out_address:
        answers = body.sign_out_answer_address or body.sign_out_address
        provider["singleLogoutService"] = {
            "url": write(body.sign_out_address),
            "responseUrl": write(answers),
        }
    ours = _ours(service, write)
    used = key or (service.keys[0] if service.keys else None)
    if used is not None:
        ours["sp"] |= {"x509cert": used.certificate, "privateKey": used.key}
    try:
        return OneLogin_Saml2_Settings({**ours, "idp": provider})
    except OneLogin_Saml2_Error as error:
        raise ProviderNotReady(
            f"{body.label} is set up with an address that cannot be used.",
            hint="An administrator mends its addresses for signing in and out.",
        ) from error


def own_settings(body: IdentityProviderBody, service: Service) -> Any:
    """Give how the library knows us, for what we say of ourselves: with each valid certificate."""
    ours = _ours(service, escape)
    now = datetime.now(UTC)
    told = [one.certificate for one in service.keys if one.expires_at > now]
    ours["sp"] |= dict(zip(("x509cert", "x509certNew"), told, strict=False))
    # What is signed inside holds whatever becomes of the message around it.
    ours["security"]["wantAssertionsSigned"] = True
    if told:
        # Whoever encrypts for us finds what with, whether or not it is asked for.
        ours["sp"]["privateKey"] = service.keys[0].key
        ours["security"]["wantAssertionsEncrypted"] = True
        ours["security"]["authnRequestsSigned"] = body.signs_requests
    return OneLogin_Saml2_Settings({**ours, "idp": {}}, sp_validation_only=True)


def last_of(service: Service) -> KeyPair | None:
    """Give the key that is tried last on what is encrypted; None where there is none."""
    return service.keys[-1] if service.keys else None


def signed(known: Any, service: Service, sent: Mapping[str, str]) -> dict[str, str]:
    """Give the parameters of a message by HTTP-Redirect with their signature (Bindings, 3.4.4.1).

    known: how the library knows both sides. Raises ProviderNotReady where we have no key.
    """
    signing_key(service.keys)
    data = dict(sent)
    auth = OneLogin_Saml2_Auth({}, known)
    add = auth.add_request_signature if "SAMLRequest" in data else auth.add_response_signature
    add(data)
    signature = data.pop("Signature")
    return {**data, "Signature": signature}


def received(address: str) -> dict[str, Any]:
    """Give where a message was received, as the library wants it told."""
    parts = urlsplit(address)
    secure = "on" if parts.scheme == "https" else "off"
    return {"https": secure, "http_host": parts.netloc, "script_name": parts.path}


@contextmanager
def refusing(message: str) -> Iterator[None]:
    """Refuse in our words what the libraries find broken. Raises ProviderRefused."""
    try:
        yield
    except BROKEN as error:
        raise ProviderRefused(message, hint="Sign in once more.") from error


def _ours(service: Service, write: Callable[[str], str]) -> dict[str, Any]:
    return {
        "strict": True,
        "sp": {
            "entityId": write(service.entity_id),
            "assertionConsumerService": {"url": write(service.return_address)},
            "singleLogoutService": {"url": write(service.sign_out_address)},
            "NameIDFormat": Names.NAMEID_UNSPECIFIED,
        },
        "security": {
            "allowRepeatAttributeName": True,
            "allowSingleLabelDomains": True,
            "rejectDeprecatedAlgorithm": True,
            "requestedAuthnContext": False,
            "wantAttributeStatement": False,
        },
    }
