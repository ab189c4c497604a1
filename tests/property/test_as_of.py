"""AS OF an instant a query gives what it gave then, whatever has happened since."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.past_world import STEPS, PastWorld, Step, a_past_world
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUERIES: Final = (
    "SELECT FIELDS(ALL) FROM Sample {at} ORDER BY id",
    "SELECT name, version, updated_at, updated_by.name, owner FROM Sample {at} ALL ROWS",
    (
        "SELECT name, parent.name, parent.parent.number, about.name, about.type, place.city,"
        " (SELECT name, parent.name FROM parts ORDER BY number DESC, name),"
        " (SELECT name FROM pieces WHERE number != 0), (SELECT name FROM fans LIMIT 2)"
        " FROM Sample {at} ORDER BY id"
    ),
    (
        "SELECT kind, COUNT(id) n, SUM(number) s, MAX(moment) m, MIN(parent.name) p"
        " FROM Sample {at} GROUP BY ROLLUP(kind) ORDER BY COUNT(id)"
    ),
    (
        "SELECT name FROM Sample s {at} WHERE (s.parent.number > 1 OR s.name LIKE 'a%')"
        " AND NOT s.tags INCLUDES ('Red') ORDER BY s.name, s.day NULLS LAST"
    ),
    (
        "SELECT code FROM Sample {at} WHERE id IN (SELECT parent FROM Sample WHERE number >= 0)"
        " OR about NOT IN (SELECT id FROM Company) ORDER BY loose DESC, owner"
    ),
    (
        "SELECT parts_sum, parts_n, fans_most, above FROM Sample {at}"
        " ORDER BY parts_sum, fans_most, doubled DESC"
    ),
    "SELECT COUNT() FROM Sample {at} WHERE number != 2 AND parts_n < 2",
    "SELECT name, notes FROM Sample {at} ORDER BY number DESC LIMIT 1 PER kind",
    "SELECT DISTINCT moment, done FROM Sample {at}",
    "SELECT name, (SELECT name FROM samples) FROM Company {at} ORDER BY name",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def past(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[PastWorld]:
    """A world with a history, to which every example adds."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_past_world(dsn) as made:
            yield made


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=8, max_size=16))
async def test_a_query_gives_what_it_gave_at_the_instant(
    past: PastWorld, steps: list[Step]
) -> None:
    told = {}
    for step in steps:
        past.clock.turn()
        await past.do(step)
        told[past.clock.now()] = [await past.answer(query) for query in QUERIES]
    past.clock.turn()

    for instant, answers in told.items():
        for between in (timedelta(0), timedelta(days=1)):
            found = [await past.answer(query, instant + between) for query in QUERIES]
            assert found == answers
