"""Filters and queries as JSON: the trees that text becomes, in both directions without loss.

Entry points: `filter_from_json` and `filter_to_json` for conditions, `query_from_json` and
`query_to_json` for whole queries, and `read_filter` for what may be either text or JSON.
`filter_from_json(filter_to_json(c)) == c`, and the same of queries. JSON that is no filter or query
raises BadForm (`query.bad_form`), with a pointer.
"""

from __future__ import annotations

from typing import Final

from fieldstone.metadata.values import Json, JsonObject
from fieldstone.query_language.json_forms import queries
from fieldstone.query_language.json_forms.conditions import condition_to_json
from fieldstone.query_language.json_forms.spot import Spot
from fieldstone.query_language.parse import parse_condition
from fieldstone.query_language.syntax import Condition, Query

BESIDE: Final = ("limit", "cursor", "params", "explain")
"""What stands beside the members of a query where it is asked."""

query_to_json = queries.query_to_json
nulls_last = queries.nulls_last
is_json_filter = queries.is_json


def query_from_json(said: Json, pointer: str = "") -> Query:
    """Give the query that JSON means. pointer: where the JSON stands in what was sent.

    Raises BadForm and its like at a JSON pointer; errors in the text of the condition of the whole
    have their place within that text.
    """
    return queries.query_from_json(said, Spot(pointer))


def query_asked(asked: JsonObject) -> Query:
    """Give the query of a JSON object that holds what stands beside it as well."""
    return query_from_json({key: said for key, said in asked.items() if key not in BESIDE})


def filter_to_json(condition: Condition) -> JsonObject:
    """Give the JSON of a condition."""
    return condition_to_json(condition, query_to_json)


def filter_from_json(said: Json, pointer: str = "") -> Condition:
    """Give the condition that JSON means. pointer: where the JSON stands in what was sent.

    Raises BadForm, TooDeep, TooLong and BadSyntax at a JSON pointer.
    """
    return queries.filter_at(said, Spot(pointer))


def read_filter(text: str, pointer: str = "/where") -> Condition:
    """Read a filter that came as text, in the language of queries or as JSON.

    Raises BadSyntax and its like for text, BadForm and its like for JSON.
    """
    if not is_json_filter(text):
        return parse_condition(text)
    spot = Spot(pointer)
    return queries.filter_at(queries.json_in(text, spot), spot)
