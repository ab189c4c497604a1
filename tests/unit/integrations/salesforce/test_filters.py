"""Filters of Salesforce as conditions of queries and as formulas."""

from __future__ import annotations

import csv
from xml.etree.ElementTree import fromstring

import pytest

from fieldstone.integrations.salesforce.filters import (
    OF_TYPE,
    Criterion,
    UnreadableFilter,
    as_condition,
    as_formula,
    values_of,
)
from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.parse import parse_query

CASES = [
    (Criterion("a", "text", "equals", ("x",)), "a = 'x'", 'a = "x"'),
    (Criterion("a", "text", "equals", ("x", "y")), "a IN ('x', 'y')", 'OR(a = "x", a = "y")'),
    (Criterion("a", "text", "notEqual", ("it's",)), "a != 'it\\'s'", 'a != "it\'s"'),
    (Criterion("a", "text", "contains", ("5%",)), "a LIKE '%5\\%%'", 'CONTAINS(a, "5%")'),
    (Criterion("a", "picklist", "notEqual", ("x",)), "a != 'x'", 'NOT(ISPICKVAL(a, "x"))'),
    (Criterion("a", "checkbox", "equals", ("1",)), "a = true", "a = TRUE"),
    (Criterion("a", "number", "greaterThan", ("1,000",)), "a > 1000", "a > 1000"),
    (Criterion("a", "date", "notEqual", ()), "a != null", "NOT(ISBLANK(a))"),
    (Criterion("a", "multi_select", "includes", ("x",)), "a INCLUDES ('x')", 'INCLUDES(a, "x")'),
    (Criterion("a", "currency", "lessThan", ("USD 1,5.5",)), "a < 15.5", "a < 15.5"),
    (Criterion("a", "percent", "lessThan", ("50%",)), "a < 50", "a < 50"),
    (Criterion("a", "date", "equals", ("TODAY",)), "a = TODAY", "a = TODAY()"),
    (
        Criterion("a", "date", "equals", ("1/31/2026",)),
        "a = 2026-01-31",
        'a = DATEVALUE("2026-01-31")',
    ),
    (
        Criterion("a", "datetime", "lessThan", ("1/31/2026 2:30 PM",)),
        "a < 2026-01-31T14:30:00Z",
        'a < DATETIMEVALUE("2026-01-31 14:30:00")',
    ),
    (
        Criterion("RecordType", OF_TYPE, "notEqual", ("Big one",)),
        "(RecordType.DeveloperName != 'Big_one' AND RecordType.Name != 'Big one')",
        'AND(RecordType.DeveloperName != "Big_one", RecordType.Name != "Big one")',
    ),
]


def test_values_in_quotes_keep_their_commas():
    said = fromstring('<i><value>Blunt, "Very, very blunt",x</value></i>')

    assert values_of(said) == ("Blunt", "Very, very blunt", "x")


def test_a_value_that_is_too_long_is_refused_as_a_filter(request: pytest.FixtureRequest):
    # An import that ran before in the same process has raised the reader's own limit.
    before = csv.field_size_limit(1_000_000)
    request.addfinalizer(lambda: csv.field_size_limit(before))
    said = fromstring(f"<i><value>{'x' * 140_000}</value></i>")

    with pytest.raises(UnreadableFilter):
        values_of(said)


@pytest.mark.parametrize("operation", ["contains", "startsWith", "greaterThan", "notContain"])
def test_only_equality_is_asked_without_a_value(operation):
    for write in (as_condition, as_formula):
        with pytest.raises(UnreadableFilter):
            write([Criterion("a", "text", operation, ())], "")


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [("time", "5:30 PM", "17:30:00"), ("date", "N_DAYS_AGO:5", "N_DAYS_AGO:5")],
)
def test_times_and_days_are_read_as_people_wrote_them(kind, value, said):
    assert as_condition([Criterion("a", kind, "lessThan", (value,))], "") == f"a < {said}"


@pytest.mark.parametrize(("criterion", "condition", "formula"), CASES)
def test_each_comparison_is_said_in_both_languages(criterion, condition, formula):
    assert as_condition([criterion], "") == condition
    assert as_formula([criterion], "") == formula
    assert parse_query(f"SELECT id FROM Deal WHERE {condition}").where is not None
    assert parse_formula(formula) is not None


def test_logic_puts_the_items_in_their_places():
    items = [Criterion(name, "date", "equals", ("TODAY",)) for name in "ab"]
    items.append(Criterion("c", "date", "greaterThan", ("1/31/2026",)))

    condition = as_condition(items, "(1 AND 2) or NOT 3")

    assert condition == "( (a = TODAY) AND (b = TODAY) ) OR NOT (c > 2026-01-31)"
    assert parse_query(f"SELECT id FROM Deal WHERE {condition}").where is not None
    with pytest.raises(UnreadableFilter):
        as_condition(items, "1 AND 9")
    with pytest.raises(UnreadableFilter):
        as_condition(items, "1; DROP")


def test_logic_that_is_long_is_refused_at_once():
    items = [Criterion("a", "text", "equals", ("x" * 9_000,))]

    for logic in ("1" * 60 + "x", "1 OR " * 200 + "1", "1" * 5_000, "(" * 5_000):
        with pytest.raises(UnreadableFilter):
            as_condition(items, logic)
