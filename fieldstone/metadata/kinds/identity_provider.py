"""The kind identity_provider: a server that says who somebody is (OpenID Connect, SAML 2.0)."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.names import NAME
from fieldstone.metadata.scope import Scope

Short = Annotated[str, Meta(min_length=1, max_length=120)]
Domain = Annotated[str, Meta(max_length=253, pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]
ScopeWord = Annotated[str, Meta(max_length=80, pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$")]
Certificate = Annotated[str, Meta(min_length=100, max_length=20_000)]
Protocol = Literal["openid_connect", "saml"]
_PRINTED: Final = re.compile(r"[!#-;=?-\[\]_a-z~]+")
"""What an address is written with (RFC 3986): neither quotes nor angle brackets."""

_CERTIFICATE: Final = re.compile(
    r"(-----BEGIN CERTIFICATE-----)?(?P<body>[A-Za-z0-9+/=\s]+)(-----END CERTIFICATE-----)?"
)
_SEQUENCE: Final = b"\x30"
"""What every certificate begins with (X.690, section 8.9)."""


@dataclass(frozen=True, slots=True)
class IdentityProviderBody:
    """A provider that people sign in with. Its client secret is kept apart, encrypted.

    issuer: as the provider writes it; with OpenID Connect its configuration is read from there,
    with SAML it is its entity id. client_id: who we are there; with SAML our entity id, "" for the
    address of our metadata. scopes: what is asked for, by OpenID Connect. sign_in_address,
    certificates: with SAML, where people are sent, and what it signs with. email_claim, name_claim:
    what the provider calls address and name. trusts_addresses: for providers that do not say
    whether an address is verified, as none does by SAML, and never let people choose one.
    sign_out_address: with SAML, where people are sent who sign out here; "" for nowhere.
    sign_out_answer_address: where its own requests to sign out are answered, if not there.
    signs_requests: whether we sign what we ask. wants_encrypted: whether assertions have to be
    encrypted for us. takes_cbc: whether they may be encrypted by AES-CBC, which tells nobody that
    something was changed; AES-GCM does.
    domains: of the addresses that may come in by it; empty for all. create_members: whether people
    who are not members yet become so when they come in. permission_sets: what these are given.
    counts_as_two: whether it asks for a second factor itself, so that none is asked for here.
    """

    label: Short
    issuer: Annotated[str, Meta(min_length=1, max_length=500)]
    client_id: Annotated[str, Meta(max_length=500)] = ""
    protocol: Protocol = "openid_connect"
    sign_in_address: Annotated[str, Meta(max_length=1000)] = ""
    certificates: Annotated[tuple[Certificate, ...], Meta(max_length=10)] = ()
    sign_out_address: Annotated[str, Meta(max_length=1000)] = ""
    sign_out_answer_address: Annotated[str, Meta(max_length=1000)] = ""
    signs_requests: bool = False
    wants_encrypted: bool = False
    takes_cbc: bool = False
    scopes: Annotated[tuple[ScopeWord, ...], Meta(max_length=20)] = ("openid", "email", "profile")
    email_claim: Short = "email"
    name_claim: Short = "name"
    trusts_addresses: bool = False
    counts_as_two: bool = False
    domains: Annotated[tuple[Domain, ...], Meta(max_length=100)] = ()
    create_members: bool = False
    permission_sets: Annotated[tuple[Short, ...], Meta(max_length=50)] = ()
    active: bool = True
    description: Annotated[str, Meta(max_length=4000)] = ""


class IdentityProviderKind(Kind[IdentityProviderBody]):
    """A way to sign in with an account that people have elsewhere."""

    name = "identity_provider"
    body_class = IdentityProviderBody
    shipped = False
    for_administrators = True

    def depends_on(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield the permission sets that newcomers are given."""
        yield from (("permission_set", name) for name in self.read(component).permission_sets)

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield names that fit no address, issuers that are none, and doors that stand open."""
        body = self.read(component)
        if not NAME.fullmatch(component.name):
            hint = "Names look like Google or Our_Directory."
            yield Problem("metadata.invalid", "This name is of no provider.", "/name", hint)
        yield from _saml_problems(body) if body.protocol == "saml" else _openid_problems(body)
        if body.create_members and not body.domains:
            yield Problem(
                "metadata.invalid",
                "Everybody whom the provider knows could come in.",
                "/domains",
                "Name the domains whose people become members by themselves.",
            )


def _openid_problems(body: IdentityProviderBody) -> Iterator[Problem]:
    if not _is_issuer(body.issuer):
        hint = "Such as https://accounts.example.com, without query and fragment."
        yield Problem("metadata.invalid", "This is no issuer.", "/issuer", hint)
    if not body.client_id:
        hint = "The provider gives one to every program that is registered there."
        yield Problem("metadata.invalid", "A client id is missing.", "/client_id", hint)
    if "openid" not in body.scopes:
        yield Problem("metadata.invalid", "Ask for the scope openid.", "/scopes", "Add openid.")
    if body.sign_in_address or body.sign_out_address or body.certificates:
        hint = "Leave them out: the provider's configuration tells both."
        message = "Addresses and certificates are for SAML."
        yield Problem("metadata.invalid", message, "/sign_in_address", hint)


def _saml_problems(body: IdentityProviderBody) -> Iterator[Problem]:
    """Yield what is missing or odd; until it is active, what the provider tells may be missing."""
    if not _PRINTED.fullmatch(body.issuer):
        hint = "Such as https://sso.example.com/metadata, as its metadata says."
        yield Problem("metadata.invalid", "This is no entity id.", "/issuer", hint)
    if body.client_id and not _PRINTED.fullmatch(body.client_id):
        hint = "Leave it out to take the address of our metadata."
        yield Problem("metadata.invalid", "This is no entity id.", "/client_id", hint)
    if (body.active or body.sign_in_address) and not _is_web_address(body.sign_in_address):
        hint = "Its metadata tells it, as the location of the binding HTTP-Redirect."
        message = "People cannot be sent there to sign in."
        yield Problem("metadata.invalid", message, "/sign_in_address", hint)
    if body.active and not body.certificates:
        hint = "Its metadata tells it, as the key for signing."
        message = "What the provider says cannot be checked without its certificate."
        yield Problem("metadata.invalid", message, "/certificates", hint)
    for field in ("sign_out_address", "sign_out_answer_address"):
        if getattr(body, field) and not _is_web_address(getattr(body, field)):
            hint = "Its metadata tells it, as the single logout service by HTTP-Redirect."
            message = "People cannot be sent there to sign out."
            yield Problem("metadata.invalid", message, f"/{field}", hint)
    for number, text in enumerate(body.certificates):
        if not _is_certificate(text):
            hint = "Paste it as it is, from BEGIN CERTIFICATE to END CERTIFICATE."
            yield Problem("metadata.invalid", "No certificate.", f"/certificates/{number}", hint)
    if body.active and not body.trusts_addresses:
        hint = "Set trusts_addresses, if people cannot choose their addresses at the provider."
        message = "By SAML no provider says whether an address is verified."
        yield Problem("metadata.invalid", message, "/trusts_addresses", hint)


def _is_certificate(text: str) -> bool:
    """Tell whether a text can be a certificate (RFC 7468): whether it holds is seen when used."""
    found = _CERTIFICATE.fullmatch(text.strip())
    try:
        return found is not None and b64decode(found["body"])[:1] == _SEQUENCE
    except ValueError:
        return False


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    odd = parts.fragment or parts.username or parts.password
    is_web = parts.scheme in ("https", "http") and bool(host)
    return is_web and not odd and _PRINTED.fullmatch(text) is not None


def _is_issuer(text: str) -> bool:
    """Tell whether a text is the address of a provider (OpenID Connect Discovery, section 3).

    By http it may be where the installation allows private addresses, which is known later.
    """
    return _is_web_address(text) and "?" not in text
