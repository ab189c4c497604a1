"""Sample data: whole, plausible on any day, added once and only where nobody has written."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from time import monotonic

import pytest
import pytest_asyncio

from fieldstone.platform.demo import add_demo, declared_records
from fieldstone.runtime.records.history import history_page
from fieldstone.runtime.records.write import record_id
from tests.support.query_world import NOW, World, a_world
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST_SECONDS = 3.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[World]:
    """A tenant with the sample data."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn) as made:
            await add_demo(made.engine)
            yield made


@pytest_asyncio.fixture(loop_scope="module")
async def empty(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[World]:
    """A tenant without."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn) as made:
            yield made


async def count(world: World, name: str) -> int:
    """Count the records of an object."""
    return len(await world.ask(f"SELECT id FROM {name} LIMIT 500"))


async def test_every_declared_record_is_there(world: World) -> None:
    found = {name: await count(world, name) for name in declared_records()}

    administrator = {"User": 1}
    assert found == {
        name: len(records) + administrator.get(name, 0)
        for name, records in declared_records().items()
    }


async def test_adding_is_quick(empty: World) -> None:
    begun = monotonic()

    await add_demo(empty.engine)

    assert monotonic() - begun < MOST_SECONDS


async def test_a_second_start_adds_nothing(world: World) -> None:
    before = await count(world, "Deal")

    assert await add_demo(world.engine) == 0
    assert await count(world, "Deal") == before


async def test_of_two_processes_one_adds(empty: World) -> None:
    added = await asyncio.gather(add_demo(empty.engine), add_demo(empty.engine))

    assert min(added) == 0
    assert await count(empty, "Company") == len(declared_records()["Company"])


async def test_nothing_is_added_where_somebody_has_written(empty: World) -> None:
    await empty.create("Company", {"name": "Ours"})

    assert await add_demo(empty.engine) == 0
    assert await count(empty, "Company") == 1


async def test_every_stage_has_deals_of_its_own_probability(world: World) -> None:
    rows = await world.ask("SELECT stage, probability FROM Deal LIMIT 500")

    assert {row["stage"]: row["probability"] for row in rows} == {
        "Lead": 10,
        "Qualified": 25,
        "Proposal": 50,
        "Negotiation": 75,
        "Closed Won": 100,
        "Closed Lost": 0,
    }


async def test_decided_deals_lie_in_the_past(world: World) -> None:
    today = NOW.date()
    rows = await world.ask("SELECT stage, close_date FROM Deal LIMIT 500")

    closed = [row["close_date"] for row in rows if row["stage"].startswith("Closed")]
    assert all(date.fromisoformat(day) < today for day in closed)
    assert any(date.fromisoformat(row["close_date"]) > today for row in rows)


async def test_what_was_done_was_done_before_now_and_on_working_days(world: World) -> None:
    moments = await world.values("SELECT date FROM Activity LIMIT 500")

    assert all(moment < NOW.isoformat() for moment in moments)
    assert all(date.fromisoformat(moment[:10]).weekday() < 5 for moment in moments)


@pytest.mark.parametrize(
    ("lines", "whole", "parent", "amount"),
    [
        ("QuoteLine", "Quote", "quote", "subtotal"),
        ("InvoiceLine", "Invoice", "invoice", "subtotal"),
        ("OrderLine", "Order", "order", "total"),
    ],
)
async def test_lines_add_up(world: World, lines: str, whole: str, parent: str, amount: str) -> None:
    rows = await world.ask(f"SELECT {parent}.id, total FROM {lines} LIMIT 500")
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row[parent]["id"]] += row["total"]

    wholes = await world.ask(f"SELECT {amount} FROM {whole} LIMIT 500")
    assert sums == {row["id"]: row[amount] for row in wholes}


async def test_the_log_tells_that_they_are_samples(world: World) -> None:
    [company] = await world.ask("SELECT name FROM Company WHERE name = 'Acme Corp'")

    async with world.engine.database.read(world.tenant, world.viewer) as tx:
        obj = tx.catalog.get_object("Company")
        changes, _ = await history_page(tx, obj, record_id(obj, company["id"]), 10, 2**62)

    assert [change["cause"] for change in changes] == [{"setup": "demo"}]
