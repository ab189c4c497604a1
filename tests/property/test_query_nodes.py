"""Rows are those of a plain reading, over objects with fields of every kind that point around."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fieldstone.metadata.values import Json, read_json
from fieldstone.query_language.parse import parse_query
from fieldstone.query_language.render import render_query
from fieldstone.query_language.syntax import Query
from fieldstone.runtime.queries import Question
from tests.support.naive_queries import answer_plainly
from tests.support.node_queries import node_queries, with_aliases, with_binds
from tests.support.node_world import NodeSet, a_node_set
from tests.support.query_world import a_world
from tests.support.rows_alike import alike
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETS: Final = 4
# A nightly run asks for more; see .ci/nightly.
EXAMPLES: Final = int(os.environ.get("FIELDSTONE_QUERY_EXAMPLES", "100"))
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sets(
    postgres_server: PostgresServer, template_database: str
) -> AsyncIterator[list[NodeSet]]:
    """Some tenants with random records, the first without any, all in one database."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn) as world:
            yield [await a_node_set(world, number) for number in range(SETS)]


def plainly(filled: NodeSet, query: Query) -> Any:
    """Give what a plain reading shows of a set."""
    records = filled.records
    if query.all_rows:
        both = [*records["Leaf__c"], *filled.deleted["Leaf__c"]]
        records = {**records, "Leaf__c": sorted(both, key=lambda one: int(one["id"][5:], 16))}
    return alike(answer_plainly(query, records))


async def asked(filled: NodeSet, query: Query, params: Mapping[str, Json] | None = None) -> Any:
    """Give what PostgreSQL shows of a set."""
    question = Question.of_text(render_query(query), params or {}, page_size=1_000)
    page = await filled.world.page(question)
    assert page.total == len(page.records)
    return alike([read_json(record) for record in page.records])


@thorough
@example(number=1, query=parse_query("SELECT parent, parent.notes, parent FROM Node__c"))
@example(number=1, query=parse_query("SELECT about.type, about, about.id FROM Node__c"))
@given(number=st.integers(0, SETS - 1), query=node_queries)
async def test_rows_are_those_of_a_plain_reading(
    sets: list[NodeSet], number: int, query: Query
) -> None:
    assert await asked(sets[number], query) == plainly(sets[number], query)


@settings(thorough, max_examples=EXAMPLES // 4)
@given(number=st.integers(1, SETS - 1), query=node_queries)
async def test_aliases_of_objects_change_nothing(
    sets: list[NodeSet], number: int, query: Query
) -> None:
    if query.source.path.text != "Node__c":
        return

    assert await asked(sets[number], with_aliases(query)) == plainly(sets[number], query)


@settings(thorough, max_examples=EXAMPLES // 4)
@given(number=st.integers(1, SETS - 1), query=node_queries)
async def test_values_may_come_as_parameters(
    sets: list[NodeSet], number: int, query: Query
) -> None:
    bound, params = with_binds(query)

    assert await asked(sets[number], bound, params) == plainly(sets[number], query)
