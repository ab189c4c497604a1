"""What is planned goes by labels as they are defined, whatever the language of who plans it."""

from __future__ import annotations

from fieldstone.metadata.build import build_catalog
from fieldstone.runtime.catalogs import ALL_COMPONENTS, stored_component
from fieldstone.runtime.transactions import Transaction


async def under_own_labels(tx: Transaction) -> Transaction:
    """Give the same transaction with a catalog in no language.

    Plans compare definitions, in which a translated label is no difference, and labels of choices
    say which values are meant.
    """
    if not tx.catalog.language:
        return tx
    version = tx.catalog.version
    known = None if tx.catalogs is None else tx.catalogs.find(tx.tenant, version)
    if known is None:
        rows = await tx.rows(ALL_COMPONENTS, tenant=tx.tenant.id)
        stored = [stored_component(row) for row in rows]
        known = build_catalog(tx.tenant.id, version, tx.tenant.leaf, stored)
    return tx.under(known)
