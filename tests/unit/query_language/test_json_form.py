"""Queries as JSON."""

from __future__ import annotations

import pytest

from fieldstone.errors import InvalidInput
from fieldstone.metadata.values import JsonObject
from fieldstone.query_language.json_form import query_from_json
from fieldstone.query_language.parse import parse_query
from fieldstone.query_language.render import render_query


def test_the_json_form_gives_the_tree_of_text() -> None:
    asked = {
        "object": "Project__c",
        "fields": ["name", "owner.name"],
        "where": "budget > 100000 AND status = 'Active'",
        "order_by": "budget desc, name",
    }
    text = (
        "SELECT name, owner.name FROM Project__c WHERE budget > 100000 AND status = 'Active' "
        "ORDER BY budget DESC NULLS LAST, name NULLS LAST"
    )

    assert query_from_json(asked) == parse_query(text)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"object": "Deal"}, "SELECT FIELDS(ALL) FROM Deal"),
        ({"object": "Deal", "fields": []}, "SELECT id FROM Deal"),
        ({"object": "Deal", "fields": "name, COUNT(id) n"}, "SELECT name, COUNT(id) n FROM Deal"),
        ({"object": "Deal", "where": " ", "order_by": ""}, "SELECT FIELDS(ALL) FROM Deal"),
        (
            {"object": "Deal", "as_of": "LAST_N_DAYS:7", "where": "a = 1"},
            "SELECT FIELDS(ALL) FROM Deal AS OF LAST_N_DAYS:7 WHERE a = 1",
        ),
        ({"object": "Deal", "as_of": ":then"}, "SELECT FIELDS(ALL) FROM Deal AS OF :then"),
        (
            {"object": "Deal", "order_by": ["a", "b desc nulls first"]},
            "SELECT FIELDS(ALL) FROM Deal ORDER BY a NULLS LAST, b DESC NULLS FIRST",
        ),
    ],
)
def test_what_is_left_out_has_a_meaning(asked: JsonObject, text: str) -> None:
    assert render_query(query_from_json(asked)) == text


@pytest.mark.parametrize(
    ("asked", "message", "at"),
    [
        ({}, "A query needs an object.", "/object"),
        ({"object": 5}, "A query needs an object.", "/object"),
        ({"object": "Deal", "fields": 5}, "fields must be a list of texts.", "/fields"),
        ({"object": "Deal", "fields": ["a", None]}, "fields must be a list of texts.", "/fields"),
        ({"object": "Deal", "where": {}}, "where must be a text.", "/where"),
        ({"object": "Deal", "wher": "a = 1"}, "A query has no wher.", "/wher"),
        (
            {"object": "Deal", "fields": ["name", "a b c"]},
            "Expected a comma or the end of the list of fields after b, found c.",
            "/fields/1",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_pointer(asked: JsonObject, message: str, at: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        query_from_json(asked)

    assert (raised.value.problem.message, raised.value.problem.at) == (message, at)
