"""Laws of the JSON form: what can be written as text comes back from JSON as it was."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from jsonschema import Draft202012Validator

from fieldstone.errors import InvalidInput
from fieldstone.metadata.values import read_json, write_json
from fieldstone.query_language.errors import TooDeep, TooLong
from fieldstone.query_language.json_form import (
    filter_from_json,
    filter_to_json,
    query_from_json,
    query_to_json,
)
from fieldstone.query_language.json_forms.schema import FILTER_SCHEMA, QUERY_SCHEMA
from fieldstone.query_language.parse import parse_condition, parse_query
from fieldstone.query_language.render import render_condition, render_query
from fieldstone.query_language.syntax import Condition, Query
from tests.support.json_strategies import FILTERS
from tests.support.query_strategies import conditions, queries

SOQL = Path(__file__).parents[1] / "fixtures" / "soql" / "accepted.txt"
ACCEPTED = SOQL.read_text("utf-8").splitlines()
_FILTER = Draft202012Validator(FILTER_SCHEMA)
_QUERY = Draft202012Validator(QUERY_SCHEMA)
_SLOW = [HealthCheck.too_slow]


@settings(max_examples=80, suppress_health_check=_SLOW)
@given(conditions(queries))
def test_a_filter_comes_back_from_its_json(condition: Condition) -> None:
    sent = read_json(write_json(filter_to_json(condition)))

    assert filter_from_json(sent) == condition
    assert list(_FILTER.iter_errors(_plain(sent))) == []


@settings(max_examples=80, suppress_health_check=_SLOW)
@given(queries)
def test_a_query_comes_back_from_its_json(query: Query) -> None:
    sent = read_json(write_json(query_to_json(query)))

    assert query_from_json(sent) == query
    assert list(_QUERY.iter_errors(_plain(sent))) == []


@settings(max_examples=40, suppress_health_check=_SLOW)
@given(conditions(queries))
def test_text_and_json_of_a_filter_mean_the_same(condition: Condition) -> None:
    text = render_condition(filter_from_json(filter_to_json(condition)))

    assert filter_from_json(filter_to_json(parse_condition(text))) == condition


@settings(max_examples=40, suppress_health_check=_SLOW)
@given(queries)
def test_text_and_json_of_a_query_mean_the_same(query: Query) -> None:
    text = render_query(query_from_json(query_to_json(query)))

    assert query_from_json(query_to_json(parse_query(text))) == query


@settings(max_examples=250, suppress_health_check=_SLOW)
@given(FILTERS)
@example({"and": []})
@example({"field": "name", "op": "in", "value": []})
@example({"field": "name", "op": "=", "value": 10**400})
def test_any_json_is_read_or_refused_at_a_pointer(said: Any) -> None:
    for read in (filter_from_json, query_from_json):
        try:
            read(said)
        except InvalidInput as error:
            assert error.problem.code.startswith("query.")
            assert isinstance(error.problem.at, str)
            assert error.problem.message.endswith(".")


@pytest.mark.parametrize("text", ACCEPTED)
def test_queries_of_salesforce_come_back_from_their_json(text: str) -> None:
    query = parse_query(text)
    sent = query_to_json(query)

    assert query_from_json(sent) == query
    assert list(_QUERY.iter_errors(_plain(sent))) == []


def _nested(depth: int) -> Any:
    said: Any = {"field": "a", "op": "=", "value": 1}
    for _ in range(depth):
        said = {"not": said}
    return said


def test_what_is_nested_too_deep_is_refused() -> None:
    filter_from_json(_nested(200))
    with pytest.raises(TooDeep):
        filter_from_json(_nested(5_000))


def test_what_has_too_many_parts_is_refused() -> None:
    with pytest.raises(TooLong):
        filter_from_json({"field": "a", "op": "in", "value": ["b"] * 40_000})


def test_the_deepest_text_comes_back_from_its_json() -> None:
    text = "NOT (a = 1 AND " * 50 + "b = 2" + ")" * 50
    condition = parse_condition(text)

    assert filter_from_json(filter_to_json(condition)) == condition
    assert parse_condition(render_condition(condition)) == condition


def test_the_longest_chain_comes_back_from_its_json() -> None:
    condition = parse_condition("a" + " + 1" * 99 + " > 3")

    assert filter_from_json(filter_to_json(condition)) == condition
    assert parse_condition(render_condition(condition)) == condition


def test_the_schemas_are_schemas() -> None:
    for schema in (FILTER_SCHEMA, QUERY_SCHEMA):
        Draft202012Validator.check_schema(schema)


def _plain(json: Any) -> Any:
    """Give JSON as the library of schemas takes it, which knows no Decimal."""
    if isinstance(json, dict):
        return {key: _plain(one) for key, one in json.items()}
    if isinstance(json, list):
        return [_plain(one) for one in json]
    return float(json) if isinstance(json, Decimal) else json
