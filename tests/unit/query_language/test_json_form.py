"""Queries as JSON."""

from __future__ import annotations

import pytest

from fieldstone.errors import InvalidInput
from fieldstone.metadata.values import JsonObject
from fieldstone.query_language.json_form import (
    filter_from_json,
    filter_to_json,
    query_from_json,
)
from fieldstone.query_language.lifting import lift
from fieldstone.query_language.parse import parse_condition, parse_query
from fieldstone.query_language.render import render_condition, render_query
from fieldstone.query_language.syntax import Text


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
        (
            {"object": "Deal", "fields": ["a", None]},
            "A field is a text or an object.",
            "/fields/1",
        ),
        ({"object": "Deal", "where": {}}, "A filter names a field.", "/where"),
        ({"object": "Deal", "limit": 3}, "A query has no limit.", "/limit"),
        (
            {"object": "Deal", "having": "COUNT(id) > 1"},
            "having stands without group_by.",
            "/having",
        ),
        ({"object": "Deal", "per": ["stage"]}, "per stands without at_most.", "/per"),
        ({"object": "Deal", "fields": ["COUNT()", "id"]}, "COUNT() stands alone.", "/fields/0"),
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


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"field": "amount", "op": ">", "value": 1000}, "amount > 1000"),
        ({"field": "stage", "op": "<>", "value": "Won"}, "stage != 'Won'"),
        ({"field": "a.b", "op": "LIKE", "value": "x\\%%"}, "a.b LIKE 'x\\%%'"),
        ({"field": "note", "op": "=", "value": "a\\b"}, "note = 'a\\\\b'"),
        ({"field": "due", "op": "=", "value": None}, "due = NULL"),
        ({"field": "due", "op": "<", "value": {"field": "start"}}, "due < (start)"),
        (
            {"field": "due", "op": "=", "value": {"relative_date": "last_n_days", "count": 3}},
            "due = LAST_N_DAYS:3",
        ),
        ({"field": "a", "op": "not in", "value": [1, "b", None]}, "a NOT IN (1, 'b', NULL)"),
        ({"field": "a", "op": "includes", "value": {"parameter": "tags"}}, "a INCLUDES :tags"),
        (
            {"field": "a", "op": "=", "value": {"currency": "eur", "amount": 5}},
            "a = EUR5",
        ),
        (
            {"expression": {"function": "ISBLANK", "arguments": [{"field": "a"}]}},
            "ISBLANK(a) = TRUE",
        ),
        (
            {
                "expression": {"operator": "-", "operands": [{"field": "a"}, {"field": "b"}]},
                "op": ">=",
                "value": {"operator": "-", "operands": [5]},
            },
            "a - b >= -5",
        ),
        (
            {
                "and": [
                    {"not": {"field": "a", "op": "=", "value": True}},
                    {"or": [{"field": "b", "op": "=", "value": {"date": "2026-03-18"}}]},
                ]
            },
            "NOT a = TRUE AND b = 2026-03-18",
        ),
        (
            {
                "field": "id",
                "op": "in",
                "value": {"query": {"object": "Deal", "fields": "company", "where": "value > 1"}},
            },
            "id IN (SELECT company FROM Deal WHERE value > 1)",
        ),
    ],
)
def test_a_filter_says_what_text_says(said: JsonObject, text: str) -> None:
    found = filter_from_json(said)

    assert render_condition(found) == text
    assert parse_condition(text) == found


@pytest.mark.parametrize(
    ("said", "message", "at", "hint"),
    [
        ([], "A filter is a JSON object.", "", None),
        (
            {"feild": "a", "op": "=", "value": 1},
            "A filter has no feild.",
            "/feild",
            "Did you mean field?",
        ),
        (
            {"and": [{"field": "a", "op": "in", "value": []}]},
            "A list of values has at least 1 member.",
            "/and/0/value",
            None,
        ),
        (
            {"field": "a", "op": "eqauls", "value": 1},
            "An op is not 'eqauls'.",
            "/op",
            "Known are: =, !=, <, <=, >, >=, like, <>, in, not in, includes, excludes.",
        ),
        (
            {"field": "a", "op": "=", "value": {"relative_date": "TODAI"}},
            "A relative date is not 'TODAI'.",
            "/value/relative_date",
            "Did you mean TODAY?",
        ),
        (
            {"field": "a", "op": "=", "value": {"date": "2026-02-30"}},
            "2026-02-30 is not a day of the calendar.",
            "/value/date",
            None,
        ),
        (
            {"field": "a", "op": "=", "value": {"datetime": "2026-02-03T10:00"}},
            "2026-02-03T10:00 has no time zone.",
            "/value/datetime",
            "Write 2026-02-03T10:00Z for UTC, or an offset such as 2026-02-03T10:00+02:00.",
        ),
        (
            {"field": "a", "op": "=", "value": [1]},
            "= compares with one value.",
            "/value",
            "A list stands behind in.",
        ),
        (
            {"not": {"field": "a b", "op": "=", "value": 1}},
            "'a b' is not the name of a field.",
            "/not/field",
            "Names look like amount or company.name.",
        ),
        (
            {"expression": {"function": "LEN", "argument": []}, "op": "=", "value": 1},
            "An expression has no argument.",
            "/expression/argument",
            "Did you mean arguments?",
        ),
        (
            {"expression": 5, "op": "=", "value": 1},
            "A field, a function or an operation stands here, not a value.",
            "/expression",
            'Write {"field": "amount"}.',
        ),
    ],
)
def test_what_is_wrong_with_a_filter_is_told_at_its_pointer(
    said: JsonObject, message: str, at: str, hint: str | None
) -> None:
    with pytest.raises(InvalidInput) as raised:
        filter_from_json(said)

    problem = raised.value.problem
    assert (problem.message, problem.at, problem.hint) == (message, at, hint)


def test_a_bare_word_is_a_bare_word_again() -> None:
    found = parse_condition("stage = Proposal")

    assert filter_to_json(found) == {"field": "stage", "op": "=", "value": {"word": "Proposal"}}
    assert filter_from_json(filter_to_json(found)) == found


def test_a_bare_word_is_quoted_where_a_query_would_take_it_for_a_field() -> None:
    query = query_from_json({"object": "Deal", "fields": ["id"], "where": "stage = Proposal"})

    assert render_query(query) == "SELECT id FROM Deal WHERE stage = 'Proposal'"


def test_the_same_text_may_stand_at_two_places_of_a_query() -> None:
    below = {"object": "Deal", "fields": ["id"], "where": "name = 'a'"}
    query = query_from_json({**below, "fields": ["id", {"children": below}]})

    assert lift(query).literals == (Text("a"), Text("a"))
