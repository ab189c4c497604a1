"""Laws of the query language's text."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fieldstone.errors import InvalidInput
from fieldstone.query_language.parse import (
    parse_condition,
    parse_items,
    parse_order,
    parse_path,
    parse_query,
)
from fieldstone.query_language.render import render_condition, render_order, render_query
from fieldstone.query_language.syntax import Condition, Order, Query
from tests.support.query_strategies import conditions, orders, queries

_WORDS = """
    SELECT FROM WHERE AND OR NOT IN LIKE GROUP BY HAVING ORDER LIMIT OFFSET NULL TRUE ALL ROWS FOR
    VIEW WITH TYPEOF WHEN THEN END COUNT ( ) ( ) , . = != < > ' " \\ : // /* */ a b.c 1 2.5 'x' :p
    TODAY LAST_N_DAYS:3 2024-01-01 2024-13-01 USD5 1e999 é \0 \ud800
"""
_TOKENS = st.sampled_from(_WORDS.split())


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(queries)
def test_a_rendered_query_reads_back_as_itself(query: Query) -> None:
    assert parse_query(render_query(query)) == query


@given(conditions())
def test_a_rendered_condition_reads_back_as_itself(condition: Condition) -> None:
    assert parse_condition(render_condition(condition)) == condition


@given(st.lists(orders, min_size=1, max_size=4).map(tuple))
def test_a_rendered_order_reads_back_as_itself(order_by: tuple[Order, ...]) -> None:
    assert parse_order(render_order(order_by)) == order_by


@settings(max_examples=200)
@given(st.lists(_TOKENS, max_size=25).map(" ".join) | st.text(max_size=60))
@example("(" * 100_000)
@example("SELECT a FROM b WHERE " + "NOT " * 20_000)
@example("SELECT " + "f(" * 30_000)
def test_any_text_is_read_or_refused_with_a_code(text: str) -> None:
    for parse in (parse_query, parse_condition, parse_order, parse_items, parse_path):
        code, message = _refusal(parse, text)
        assert code.startswith("query.")
        assert message.endswith(".")


def _refusal(parse: Callable[[str], object], text: str) -> tuple[str, str]:
    """Give code and message of the refusal; where there is none, what passes for one."""
    try:
        parse(text)
    except InvalidInput as error:
        return error.problem.code, error.problem.message
    return "query.none", "."
