"""Whether PostgreSQL knows the same time zones as Fieldstone: both bring a list of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy import select

from fieldstone.clock import UnknownZone, zone_named
from fieldstone.metadata.tables import COMPONENT
from fieldstone.runtime.statements import prepare

_MOST: Final = 100
_YEARS: Final = (2, 4)
_ZONES: Final = prepare(
    select(COMPONENT.c.body["time_zone"].astext.label("zone"))
    .where(COMPONENT.c.kind == "organization", COMPONENT.c.deleted_at.is_(None))
    .distinct()
    .limit(_MOST)
)
_SHOWN: Final = """
    SELECT array_agg(timezone($1, instant) ORDER BY instant) FROM unnest($2::timestamptz[]) instant
"""


async def load_differing_zones(dsn: str, now: datetime) -> tuple[str, ...]:
    """Give the zones of organizations whose clocks PostgreSQL sets otherwise, in order.

    Every sixth hour of the last two years and the next four is compared, of at most 100 zones.
    """
    connection: Any = await asyncpg.connect(dsn)
    try:
        zones = {
            row["zone"] or "UTC"
            for row in await connection.fetch(_ZONES.sql, *_ZONES.arguments({}))
        }
        return tuple([zone for zone in sorted(zones) if await _differs(connection, zone, now)])
    finally:
        await connection.close()


def told_of_zones(zones: Sequence[str]) -> str:
    """Give a sentence about zones that differ."""
    return (
        f"PostgreSQL and Fieldstone set the clocks of {', '.join(zones)} differently: "
        "queries and rules may not agree about days there."
    )


async def _differs(connection: Any, name: str, now: datetime) -> bool:
    instants = list(_instants(now))
    try:
        shown = await connection.fetchval(_SHOWN, name, instants)
        zone = zone_named(name)
    except (asyncpg.InvalidParameterValueError, UnknownZone):
        return True
    return list(shown) != [one.astimezone(zone).replace(tzinfo=None) for one in instants]


def _instants(now: datetime) -> Iterator[datetime]:
    before, behind = _YEARS
    at = datetime(now.year - before, 1, 1, tzinfo=UTC)
    while at.year < now.year + behind:
        yield at
        at += timedelta(hours=6)
