"""The secrets that providers know us by, encrypted; bound to issuer and client id.

Whoever declares another issuer under a provider's name does not get the secret sent there.
"""

from __future__ import annotations

from typing import Final

from fieldstone.errors import BadValue, Forbidden
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.metadata.values import fold
from fieldstone.platform.identity.providers.errors import ProviderNotReady, UnknownProvider
from fieldstone.platform.identity.providers.statements import (
    DROP_SECRET,
    FIND_SECRET,
    KEEP_SECRET,
    KEPT_SECRETS,
)
from fieldstone.platform.identity.sealing import Sealer, Unsealable
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.transactions import Transaction

PURPOSE: Final = "identity_provider"
_LONGEST: Final = 2_000


async def keep_secret(tx: Transaction, sealer: Sealer, name: str, secret: str) -> None:
    """Keep the client secret of a provider. Raises UnknownProvider, BadValue, Forbidden."""
    known, body = _provider(tx, name)
    if not 0 < len(secret) <= _LONGEST or not secret.isprintable():
        raise BadValue(f"A secret has up to {_LONGEST} characters.", at="/secret")
    sealed = sealer.seal(secret.encode(), _place(tx, body))
    me = tx.viewer.user_id
    values = {"tenant": tx.tenant.id, "purpose": PURPOSE, "name": fold(known)}
    await tx.run(KEEP_SECRET, **values, sealed=sealed, now=tx.now, changed_by=me)
    await note_event(tx, None, Event.PROVIDER_SECRET_KEPT, provider=known)


async def drop_secret(tx: Transaction, name: str) -> None:
    """Forget the client secret of a provider. Raises UnknownProvider, Forbidden."""
    known, _ = _provider(tx, name)
    if await tx.run(DROP_SECRET, tenant=tx.tenant.id, purpose=PURPOSE, name=fold(known)):
        await note_event(tx, None, Event.PROVIDER_SECRET_DROPPED, provider=known)


async def kept_secrets(tx: Transaction) -> frozenset[str]:
    """Give the folded names of the providers of which a secret is kept."""
    rows = await tx.rows(KEPT_SECRETS, tenant=tx.tenant.id, purpose=PURPOSE)
    return frozenset(row["name"] for row in rows)


async def find_secret(
    tx: Transaction, sealer: Sealer, name: str, body: IdentityProviderBody
) -> str | None:
    """Give the client secret of a provider; None if it has none. Raises ProviderNotReady."""
    values = {"tenant": tx.tenant.id, "purpose": PURPOSE, "name": fold(name)}
    sealed = await tx.value(FIND_SECRET, **values)
    if sealed is None:
        return None
    try:
        return sealer.open(bytes(sealed), _place(tx, body)).decode()
    except Unsealable:
        raise ProviderNotReady(
            f"The secret of {body.label} belongs to another issuer or client.",
            hint="An administrator can give it anew.",
        ) from None


def check_administrator(tx: Transaction) -> None:
    """Refuse who is no administrator: a provider decides who anybody is. Raises Forbidden."""
    if tx.viewer.acting_id is not None or not tx.viewer.standing.is_administrator:
        raise Forbidden("Only an administrator may do this.")


def _provider(tx: Transaction, name: str) -> tuple[str, IdentityProviderBody]:
    check_administrator(tx)
    return find_provider(tx.catalog, name)


def find_provider(catalog: Catalog, name: str) -> tuple[str, IdentityProviderBody]:
    """Give a provider, active or not. Raises UnknownProvider."""
    for known, body in catalog.identity_providers.items():
        if fold(known) == fold(name):
            return known, body
    raise UnknownProvider(f"There is no identity provider {name[:80]}.")


def _place(tx: Transaction, body: IdentityProviderBody) -> str:
    return f"{tx.tenant.id} {body.issuer} {body.client_id}"
