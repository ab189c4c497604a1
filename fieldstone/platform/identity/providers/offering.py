"""Which providers people may sign in with, and where that begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.requests import Request

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.metadata.values import fold
from fieldstone.platform.identity.providers.errors import UnknownProvider
from fieldstone.platform.identity.providers.round_trip import with_query
from fieldstone.platform.identity.providers.statements import MY_LINKS
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.runtime.transactions import Transaction, Viewer

BEGIN: Final = "/sign-in/with"
_MOST_LINKS: Final = 100


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


async def proving_providers(tx: Transaction, back: str) -> list[Offered]:
    """Give the providers at which the viewer is known, and can show that it is still they."""
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id}
    issuers = {row["issuer"] for row in await tx.rows(MY_LINKS, **mine, most=_MOST_LINKS)}
    found = [
        Offered(body.label, with_query(f"{BEGIN}/{quote(name)}/proof", next=back))
        for name, body in tx.catalog.identity_providers.items()
        if body.active and body.issuer in issuers
    ]
    return sorted(found, key=lambda one: fold(one.label))


def active_provider(catalog: Catalog, name: str) -> tuple[str, IdentityProviderBody]:
    """Give a provider that people may sign in with. Raises UnknownProvider."""
    for known, body in catalog.identity_providers.items():
        if fold(known) == fold(name) and body.active:
            return known, body
    raise UnknownProvider("Nobody signs in that way.", hint="Choose another way.")


async def asked_provider(request: Request) -> tuple[str, IdentityProviderBody]:
    """Give the provider that an address names, if people may sign in with it."""
    async with database_of(request).read(tenant_of(request), Viewer(None, "")) as tx:
        return active_provider(tx.catalog, request.path_params["provider"])


def return_address(server: str, name: str) -> str:
    """Give where a provider sends people back to. server: the address of this one."""
    return f"{server}{BEGIN}/{quote(name)}/back"
