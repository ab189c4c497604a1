"""Installs packages: a metadata change like any other."""

from __future__ import annotations

from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.packages import Package
from fieldstone.runtime.metadata_changes import Applied, change_metadata
from fieldstone.runtime.transactions import Transaction


async def install(tx: Transaction, package: Package) -> Applied:
    """Create the components of a package that the tenant does not have; nothing is overwritten.

    tx must have been opened by Database.change_metadata. A name that is the tenant's own refuses
    the whole package.
    """
    return await change_metadata(tx, Proposal(creates=package.components))
