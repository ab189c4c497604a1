"""What relative dates, formulas and guards are worked out from, for the viewer of a transaction."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fieldstone.clock import UnknownZone, zone_named
from fieldstone.query_language.plan import Moment
from fieldstone.runtime.transactions import Transaction


def moment_of(tx: Transaction) -> Moment:
    """Give what relative dates and formulas are counted from, for the viewer."""
    organization = tx.catalog.organization
    return Moment(
        tx.now,
        zone_of(tx),
        organization.fiscal_month,
        user_id=tx.viewer.user_id,
        organization=organization.name or tx.tenant.label,
        tenant=tx.tenant.name,
        access=tx.rights.record_access,
        likenesses=None if tx.keyring is None else tx.keyring.likenesses,
    )


def zone_of(tx: Transaction) -> ZoneInfo:
    """Give the time zone of the viewer: the own one, or that of the organization."""
    for name in (tx.viewer.time_zone, tx.catalog.organization.time_zone):
        try:
            if name:
                return zone_named(name)
        except UnknownZone:
            continue
    return zone_named("UTC")
