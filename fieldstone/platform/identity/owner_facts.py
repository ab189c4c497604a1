"""What others know of somebody, of which no password is made."""

from __future__ import annotations

from fieldstone.ids import RecordId
from fieldstone.runtime.imports.stored import name_of
from fieldstone.runtime.records.write import load
from fieldstone.runtime.transactions import Transaction

_USER = "User"


async def facts_of(tx: Transaction, user_id: int) -> tuple[str, ...]:
    """Give the name of a user and the names of the organization they work in."""
    organization = (tx.catalog.organization.name or "", tx.tenant.label, tx.tenant.name)
    user = tx.catalog.find_object(_USER)
    if user is None:
        return organization
    found = await load(tx, user, [RecordId(user_id)])
    names = [name_of(user, record.data) for record in found.values()]
    return (*names, *organization)
