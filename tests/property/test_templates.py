"""A text asked through its template means what it means as it was written."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from fieldstone.errors import InvalidInput
from fieldstone.query_language.lifting import lift
from fieldstone.query_language.parse import parse_condition, parse_query
from fieldstone.query_language.render import render_condition, render_query
from fieldstone.query_language.syntax import Condition, Query
from fieldstone.query_language.templates import template_of
from tests.support.query_strategies import conditions, queries

OURS = {"p": 1, "q": "x"}
WORDS = """
    a b.c = != < > 'x' "y" 'it''s' '%a' 1 2.50 -3 +4 .5 1e9 USD5 2024-01-01 LAST_N_DAYS:3 TODAY
    ( ) , AND OR NOT IN LIKE INCLUDES null true /* // ' " \\ :p LAST_N_DAYS : 30
"""


def lifted_or_refused(text: str, params: dict[str, object], *, whole: bool) -> object:
    """Give key and values of a text; None if it is refused."""
    try:
        if whole:
            found = lift(parse_query(text), params)  # type: ignore[arg-type]
        else:
            found = lift(_asking(parse_condition(text)), params)  # type: ignore[arg-type]
    except InvalidInput:
        return None
    return found.key, found.literals


def _asking(condition: Condition) -> Query:
    query = parse_query("SELECT id FROM a")
    return Query(select=query.select, source=query.source, where=condition)


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(queries)
@example(parse_query("SELECT TODAY() FROM A WITH RecordVisibilityContext(A = '')"))
def test_a_query_means_the_same_through_its_template(query: Query) -> None:
    text = render_query(query)
    template = template_of(text, words=False)
    assume(template is not None)
    assert template is not None

    through = lifted_or_refused(template.text, {**OURS, **template.params}, whole=True)

    assert through in (None, lifted_or_refused(text, dict(OURS), whole=True))


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(conditions())
def test_a_condition_means_the_same_through_its_template(condition: Condition) -> None:
    text = render_condition(condition)
    template = template_of(text, words=True)
    assume(template is not None)
    assert template is not None

    through = lifted_or_refused(template.text, {**OURS, **template.params}, whole=False)

    assert through in (None, lifted_or_refused(text, dict(OURS), whole=False))


@settings(
    max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(st.lists(st.sampled_from(WORDS.split()), max_size=14).map(" ".join))
@example("a = 'x' LIMIT 5")
@example('a = "y"')
def test_any_query_means_the_same_through_its_template(text: str) -> None:
    text = f"SELECT id FROM a WHERE {text}"
    template = template_of(text, words=False)
    assume(template is not None)
    assert template is not None

    through = lifted_or_refused(template.text, {**OURS, **template.params}, whole=True)

    assert through in (None, lifted_or_refused(text, dict(OURS), whole=True))


@settings(
    max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(st.lists(st.sampled_from(WORDS.split()), max_size=14).map(" ".join))
@example("a = 'x' AND b.c > 2.50")
@example("a LIKE '%a' AND b.c IN ( 1 , 2 )")
@example("a = 'it''s'")
@example("a = 'x'y'z'")
@example("a IN 'x'")
def test_any_text_means_the_same_through_its_template(text: str) -> None:
    template = template_of(text, words=True)
    assume(template is not None)
    assert template is not None

    through = lifted_or_refused(template.text, {**OURS, **template.params}, whole=False)

    assert through in (None, lifted_or_refused(text, dict(OURS), whole=False))
