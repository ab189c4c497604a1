"""Every production of the grammar of queries is written, in every way, and reads back the same."""

from __future__ import annotations

from pathlib import Path as File
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.query_language.parse import parse_condition, parse_query
from fieldstone.query_language.syntax import Condition, Query
from tests.support.grammar_use import GrammarUse
from tests.support.loose_writer import LooseWriter
from tests.support.query_strategies import conditions, queries

thorough = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# Read within a query only to say what is wrong with them.
REFUSED = (
    *("literal: QUOTED", "pattern: QUOTED", "right_value: QUOTED", "value: QUOTED"),
    *("pattern: WORD", "value: WORD"),
)
SOQL = File(__file__).parents[1] / "fixtures" / "soql"
chances = st.integers(0, 2**32).map(Random)


@thorough
@given(query=queries, chance=chances)
def test_a_query_may_be_written_in_many_ways(query: Query, chance: Random) -> None:
    writer = LooseWriter(chance)

    assert parse_query(writer.spaced(writer.query(query))) == query


@thorough
@given(condition=conditions(), chance=chances)
def test_a_condition_alone_may_be_written_in_many_ways(
    condition: Condition, chance: Random
) -> None:
    writer = LooseWriter(chance, words=True)

    assert parse_condition(writer.condition(condition)) == condition


def test_strategies_and_samples_reach_every_production_of_queries() -> None:
    use = GrammarUse("query", "query")
    for name in ("accepted", "beyond"):
        for text in (SOQL / f"{name}.txt").read_text("utf-8").splitlines():
            use.read(text, "query")

    @settings(thorough, max_examples=60)
    @given(query=queries, chance=chances)
    def read(query: Query, chance: Random) -> None:
        use.read(LooseWriter(chance).query(query), "query")

    read()
    assert use.missing(*REFUSED) == []
