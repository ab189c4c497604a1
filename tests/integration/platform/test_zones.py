"""PostgreSQL and Fieldstone set the clocks of a zone alike, or somebody is told."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg

from fieldstone.platform.database.zones import load_differing_zones, told_of_zones

NOW = datetime(2026, 3, 18, tzinfo=UTC)


async def zone_is(dsn: str, zone: str) -> None:
    """Put all tenants of a database into a zone."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            "INSERT INTO tenant (id, name, label, leaf, status, settings)"
            " VALUES (1, 'one', 'One', 'record_p01', 'active', '{}') ON CONFLICT DO NOTHING"
        )
        await connection.execute(
            "INSERT INTO component (tenant_id, id, kind, name, body)"
            " VALUES (1, 999, 'organization', 'organization',"
            " jsonb_build_object('time_zone', $1::text))",
            zone,
        )
    finally:
        await connection.close()


async def test_old_zones_are_the_same_in_both(fresh_database_dsn: str) -> None:
    await zone_is(fresh_database_dsn, "America/New_York")

    assert await load_differing_zones(fresh_database_dsn, NOW) == ()


async def test_a_zone_that_one_of_them_does_not_know_is_told(fresh_database_dsn: str) -> None:
    await zone_is(fresh_database_dsn, "Mars/Olympus")

    zones = await load_differing_zones(fresh_database_dsn, NOW)

    assert zones == ("Mars/Olympus",)
    assert "Mars/Olympus" in told_of_zones(zones)
