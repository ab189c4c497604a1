"""Which providers people may sign in with, and where that begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.metadata.values import fold
from fieldstone.platform.identity.providers.errors import UnknownProvider
from fieldstone.platform.identity.providers.round_trip import with_query

BEGIN: Final = "/sign-in/with"


@dataclass(frozen=True, slots=True)
class Offered:
    """A way to sign in, as the form shows it."""

    label: str
    address: str


def offered_providers(catalog: Catalog, back: str) -> list[Offered]:
    """Give the providers to choose from, in order of their labels."""
    found = [
        Offered(body.label, with_query(f"{BEGIN}/{quote(name)}", next=back))
        for name, body in catalog.identity_providers.items()
        if body.active
    ]
    return sorted(found, key=lambda one: fold(one.label))


def active_provider(catalog: Catalog, name: str) -> tuple[str, IdentityProviderBody]:
    """Give a provider that people may sign in with. Raises UnknownProvider."""
    for known, body in catalog.identity_providers.items():
        if fold(known) == fold(name) and body.active:
            return known, body
    raise UnknownProvider("Nobody signs in that way.", hint="Choose another way.")


def return_address(base: str, name: str) -> str:
    """Give where a provider sends people back to. base: where this server is found."""
    return f"{base.rstrip('/')}{BEGIN}/{quote(name)}/back"
