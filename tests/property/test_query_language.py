"""A query's rows are those of a plain reading of the language, over random sets of records."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.metadata.values import Json, read_json
from fieldstone.query_language.render import render_query
from fieldstone.query_language.syntax import DateTimeValue, Query
from fieldstone.runtime.queries import Question
from tests.support.naive_queries import answer_plainly
from tests.support.naive_values import Record
from tests.support.past_world import TurningClock
from tests.support.query_world import World, a_world
from tests.support.rows_alike import alike
from tests.support.servers import PostgresServer, made_database
from tests.support.whole_queries import whole_queries

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETS: Final = 4
# A nightly run asks for more; see .ci/nightly.
EXAMPLES: Final = int(os.environ.get("FIELDSTONE_QUERY_EXAMPLES", "100"))
TEXTS: Final = ("a", "B", "ab", "AB%", "b_c", "Ü", "0")
NUMBERS: Final = tuple(Decimal(text) for text in ("-1", "0", "0.10", "2.50", "100", "99999.99"))
DAYS: Final = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 18), date(2024, 2, 29))
STAGES: Final = ("Lead", "Proposal", "Closed Won")
INDUSTRIES: Final = ("Technology", "Retail")


@dataclass(frozen=True)
class Filled:
    """A tenant and its records as Python sees them."""

    world: World
    records: dict[str, list[Record]]


def _made(chance: random.Random) -> dict[str, list[Record]]:
    def some(values: tuple[Any, ...]) -> Any:
        return None if chance.random() < 0.3 else chance.choice(values)

    companies: list[Record] = [
        {
            "name": chance.choice(TEXTS),
            "industry": some(INDUSTRIES),
            "employees": some(tuple(Decimal(n) for n in (0, 1, 50))),
        }
        for _ in range(chance.randrange(4))
    ]
    deals: list[Record] = [
        {
            "name": chance.choice(TEXTS),
            "next_step": some(TEXTS),
            "value": some(NUMBERS),
            "probability": some((Decimal(0), Decimal(25), Decimal(100))),
            "stage": some(STAGES),
            "close_date": some(DAYS),
            "company": some(tuple(companies)) if companies else None,
        }
        for _ in range(chance.randrange(12))
    ]
    return {"Company": companies, "Deal": deals}


def _sent(record: Record) -> Record:
    found = {name: value for name, value in record.items() if value is not None and name != "id"}
    if "close_date" in found:
        found["close_date"] = found["close_date"].isoformat()
    if "company" in found:
        found["company"] = found["company"]["id"]
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sets(
    postgres_server: PostgresServer, template_database: str
) -> AsyncIterator[list[Filled]]:
    """Some tenants with random records, the first without any, all in one database."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn) as world:
            yield await _filled(world)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def past_sets(
    postgres_server: PostgresServer, template_database: str
) -> AsyncIterator[tuple[list[Filled], datetime]]:
    """The same, but all was overwritten or deleted since, and more was added; and when it was."""
    clock = TurningClock()
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn, clock) as world:
            found, instant = await _filled(world), clock.now()
            clock.turn()
            for filled in found:
                await _overwrite(filled)
            clock.turn()
            yield found, instant


async def _filled(world: World) -> list[Filled]:
    found = []
    for number in range(SETS):
        own = await world.another_tenant(f"set{number}")
        records = _made(random.Random(number)) if number else {"Company": [], "Deal": []}
        for name in ("Company", "Deal"):
            if records[name]:
                ids = await own.create(name, *(_sent(one) for one in records[name]))
                for record, record_id in zip(records[name], ids, strict=True):
                    record["id"] = record_id
                # Fields that a new record gets by default are what they became.
                await _read_back(own, name, records[name])
        found.append(Filled(own, records))
    return found


async def _overwrite(filled: Filled) -> None:
    """Leave no record of a set as it is."""
    world, deals = filled.world, filled.records["Deal"]
    (company,) = await world.create("Company", {"name": "new", "industry": "Finance"})
    await world.create("Deal", {"name": "ab", "value": 1, "company": company})
    values: dict[str, Json] = {"name": "b", "value": 2, "stage": "Lead", "company": company}
    values |= {"next_step": None, "close_date": "2026-01-01"}
    for number, deal in enumerate(deals):
        if number % 3:
            await world.change("Deal", deal["id"], values)
        else:
            await world.delete("Deal", deal["id"])
    for number, one in enumerate(filled.records["Company"]):
        if number % 2:
            await world.change("Company", one["id"], {"name": "a", "employees": 7})
        else:
            await world.delete("Company", one["id"])


async def _read_back(world: World, name: str, records: list[Record]) -> None:
    fields = [field for field in records[0] if field not in ("id", "company", "close_date")]
    shown = await world.ask(f"SELECT {', '.join(fields)} FROM {name} ORDER BY id")
    for record, found in zip(records, shown, strict=True):
        for field in fields:
            value = found[field]
            record[field] = Decimal(value) if isinstance(value, int) else value


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(number=st.integers(0, SETS - 1), query=whole_queries)
async def test_a_query_gives_the_rows_of_a_plain_reading(
    sets: list[Filled], number: int, query: Query
) -> None:
    filled = sets[number]
    expected = answer_plainly(query, filled.records)

    page = await filled.world.page(Question.of_text(render_query(query), page_size=1_000))

    assert alike([read_json(record) for record in page.records]) == alike(expected)
    assert page.total == len(expected)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(number=st.integers(0, SETS - 1), query=whole_queries)
async def test_a_query_of_the_past_gives_the_rows_of_then(
    past_sets: tuple[list[Filled], datetime], number: int, query: Query
) -> None:
    sets, instant = past_sets
    filled = sets[number]
    expected = answer_plainly(query, filled.records)
    text = render_query(replace(query, as_of=DateTimeValue(instant)))

    page = await filled.world.page(Question.of_text(text, page_size=1_000))

    assert alike([read_json(record) for record in page.records]) == alike(expected)
    assert page.total == len(expected)
