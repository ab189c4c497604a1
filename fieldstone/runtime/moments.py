"""What relative dates, formulas and guards are worked out from, for the viewer of a transaction."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fieldstone.clock import UnknownZone, zone_named
from fieldstone.metadata.held_fields import PROFILE_SIGN
from fieldstone.metadata.sharing import Role
from fieldstone.query_language.plan import Moment
from fieldstone.runtime.transactions import Transaction


def moment_of(tx: Transaction) -> Moment:
    """Give what relative dates and formulas are counted from, for the viewer."""
    organization, role = tx.catalog.organization, role_of(tx)
    return Moment(
        tx.now,
        zone_of(tx),
        organization.fiscal_month,
        user_id=tx.viewer.user_id,
        organization=organization.name or tx.tenant.label,
        tenant=tx.tenant.name,
        profile=profile_of(tx),
        role="" if role is None else role.name,
        role_label="" if role is None else role.label,
        access=tx.rights.record_access,
        place=tx.viewer.standing.place,
        likenesses=None if tx.keyring is None else tx.keyring.likenesses,
    )


def profile_of(tx: Transaction) -> str:
    """Give whom settings of the viewer's profile hold for; "" where they have none."""
    sets = tx.catalog.permission_sets
    given = (sets[one] for one in sorted(tx.viewer.standing.sets) if one in sets)
    profile = next((one for one in given if one.is_profile), None)
    return "" if profile is None else PROFILE_SIGN + profile.name


def role_of(tx: Transaction) -> Role | None:
    """Give the place in the hierarchy that the viewer has; None without one."""
    place = tx.viewer.standing.role
    return None if place is None else tx.catalog.roles.by_id.get(place)


def zone_of(tx: Transaction) -> ZoneInfo:
    """Give the time zone of the viewer: the own one, or that of the organization."""
    for name in (tx.viewer.time_zone, tx.catalog.organization.time_zone):
        try:
            if name:
                return zone_named(name)
        except UnknownZone:
            continue
    return zone_named("UTC")
