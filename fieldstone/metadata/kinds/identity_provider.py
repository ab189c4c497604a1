"""The kind identity_provider: a server that says who somebody is (OpenID Connect Core 1.0)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final
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
_PRINTED: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class IdentityProviderBody:
    """A provider that people sign in with. Its client secret is kept apart, encrypted.

    issuer: as the provider writes it; its configuration is read from there. scopes: what is asked
    for. email_claim, name_claim: what the provider calls address and name. trusts_addresses: for
    providers that do not say whether an address is verified, and never let people choose one.
    domains: of the addresses that may come in by it; empty for all. create_members: whether people
    who are not members yet become so when they come in. permission_sets: what these are given.
    counts_as_two: whether it asks for a second factor itself, so that none is asked for here.
    """

    label: Short
    issuer: Annotated[str, Meta(min_length=8, max_length=500)]
    client_id: Annotated[str, Meta(min_length=1, max_length=500)]
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
        if not _is_issuer(body.issuer):
            hint = "Such as https://accounts.example.com, without query and fragment."
            yield Problem("metadata.invalid", "This is no issuer.", "/issuer", hint)
        if "openid" not in body.scopes:
            yield Problem("metadata.invalid", "Ask for the scope openid.", "/scopes", "Add openid.")
        if body.create_members and not body.domains:
            yield Problem(
                "metadata.invalid",
                "Everybody whom the provider knows could come in.",
                "/domains",
                "Name the domains whose people become members by themselves.",
            )


def _is_issuer(text: str) -> bool:
    """Tell whether a text is the address of a provider (OpenID Connect Discovery, section 3).

    By http it may be where the installation allows private addresses, which is known later.
    """
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    odd = parts.query or parts.fragment or parts.username or parts.password or "?" in text
    is_web = parts.scheme in ("https", "http") and bool(host)
    return is_web and not odd and _PRINTED.fullmatch(text) is not None
