"""The organization that a tenant is: what it is set to, and how that is changed."""

from __future__ import annotations

from dataclasses import asdict

from fieldstone.errors import InvalidInput
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.organization import ORGANIZATION_NAME
from fieldstone.metadata.kinds.registry import ORGANIZATION
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.organization import Organization
from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.transactions import Transaction

_DEFAULTS = asdict(Organization())


class UnknownOrganizationSetting(InvalidInput):
    """Nothing of this name is set for an organization."""

    code = "organization.unknown_setting"


def show_organization(tx: Transaction) -> JsonObject:
    """Give what the organization is set to."""
    organization = tx.catalog.organization
    name = organization.name or tx.tenant.label
    return {**asdict(organization), "name": name, "tenant": tx.tenant.name}


async def change_organization(tx: Transaction, changes: JsonObject) -> None:
    """Set some of what the organization is set to; null gives what is usual.

    tx must have been opened by Database.change_metadata. Raises Several, Forbidden.
    """
    for key in changes:
        if key not in _DEFAULTS:
            hint = suggestion(key[:80], _DEFAULTS) or f"Known are: {', '.join(_DEFAULTS)}."
            raise UnknownOrganizationSetting(
                f"An organization has no {key[:80]}.", at=f"/{key[:80]}", hint=hint
            )
    live = [row.component for row in await load_components(tx) if row.deleted_at is None]
    old = next((one for one in live if one.kind == ORGANIZATION.name), None)
    said = {**(old.body if old else {}), **changes}
    body = {name: value for name, value in said.items() if value is not None}
    package = old.package if old else None
    component = Component(ORGANIZATION.name, ORGANIZATION_NAME, body, package)
    await change_metadata(tx, Proposal(upserts=(component,)))
