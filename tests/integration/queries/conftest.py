"""A world that all tests of queries look at, and none changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Final

import pytest_asyncio

from tests.support.query_world import World, a_world
from tests.support.servers import PostgresServer, made_database

LONG: Final = "Long " + "x" * 400


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def world(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[World]:
    """Two companies with deals, tasks about them, and three samples of all kinds of fields."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn) as made:
            await _fill(made)
            await _add_samples(made)
            yield made


async def _fill(world: World) -> None:
    acme, zenith = await world.create(
        "Company",
        {"name": "Acme", "industry": "Technology", "domain": "acme.com"},
        {"name": "zenith", "industry": "Retail"},
    )
    await world.create("Contact", {"name": "Ann Ames"}, {"name": "Bob Brown"})
    alpha, *_ = await world.create(
        "Deal",
        {
            "name": "Alpha",
            "value": Decimal("1000.50"),
            "stage": "Proposal",
            "company": acme,
            "close_date": "2026-03-20",
        },
        {"name": "beta", "value": 2000, "stage": "Closed Won", "company": acme},
        {
            "name": "Gamma",
            "value": 500,
            "stage": "Proposal",
            "company": zenith,
            "close_date": "2026-01-05",
        },
        {"name": "Delta", "stage": "Lead", "type": "Barter Deal"},
    )
    await world.create(
        "Task",
        {"subject": "Call", "related_to": acme},
        {"subject": "Write", "related_to": alpha},
        {"subject": "Think"},
    )


async def _add_samples(world: World) -> None:
    (one,) = await world.create("Sample", {"name": "one", "code": "A_1", "number": 1})
    await world.create(
        "Sample",
        {
            "name": LONG,
            "code": "AB1",
            "big": Decimal("1234567890123456789.000001"),
            "number": Decimal("0.1"),
            "loose": Decimal("0.1"),
            "done": True,
            "tags": ["Red", "Green"],
            "kind": "On Hold",
            "day": "2026-03-18",
            "loose_day": "2026-03-18",
            "moment": "2026-03-18T23:30:00Z",
            "hour": "14:30",
            "notes": "Very long notes",
            "parent": one,
        },
        {
            "name": LONG + "y",
            "code": "50%",
            "big": Decimal("1234567890123456789.000002"),
            "number": Decimal("0.3"),
            "loose": 10,
            "tags": ["Blue"],
            "kind": "New",
            "day": "2026-03-17",
            "loose_day": "2026-03-17",
            "moment": "2026-03-17T01:00:00Z",
            "parent": one,
        },
    )
