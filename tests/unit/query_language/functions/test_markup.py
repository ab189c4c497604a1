"""What HYPERLINK and IMAGE make is HTML, and no value can put a tag or an attribute into it."""

from __future__ import annotations

import pytest

from fieldstone.query_language.formula.evaluate import evaluate
from fieldstone.query_language.functions.markup import as_markup, holds_markup
from tests.support.formulas import typed, value_of

LINK = '<a href="/"><img src="/a.png" alt="a"/></a>'


def test_values_cannot_leave_an_attribute() -> None:
    found = value_of("HYPERLINK(t1, 'x')", t1='"><script>')

    assert found == '<a href="&quot;&gt;&lt;script&gt;">x</a>'


def test_values_cannot_leave_the_label() -> None:
    assert value_of("HYPERLINK('/', t1)", t1="</a><b>") == '<a href="/">&lt;/a&gt;&lt;b&gt;</a>'


def test_an_ampersand_that_begins_an_entity_is_escaped_and_one_of_a_query_is_not() -> None:
    found = value_of("HYPERLINK(t1, '')", t1="/?a=1&b=2&#106;&colon;")

    assert found == '<a href="/?a=1&b=2&amp;#106;&amp;colon;"></a>'


@pytest.mark.parametrize("address", ["javascript:a()", " JavaScript:a()", "java\nscript\t:a()"])
def test_an_address_that_is_a_program_is_made_harmless(address: str) -> None:
    found = value_of("HYPERLINK(t1, '')", t1=address)

    assert found == f'<a href="unsafe:{address}"></a>'


@pytest.mark.parametrize(
    "label",
    [
        "IMAGE('/a.png', 'a')",
        "IF(b1, IMAGE('/b.png', 'b'), IMAGE('/a.png', 'a'))",
        "CASE(t1, 'x', 'y', IMAGE('/a.png', 'a'))",
        "IFS(b1, 'x', IMAGE('/a.png', 'a'))",
        "BLANKVALUE(t1, IMAGE('/a.png', 'a'))",
        "'' & IMAGE('/a.png', 'a')",
    ],
)
def test_a_picture_stays_one_within_a_link(label: str) -> None:
    assert value_of(f"HYPERLINK('/', {label})") == LINK


def test_what_stands_beside_a_picture_is_escaped() -> None:
    found = value_of("HYPERLINK('/', IMAGE('/a.png', 'a') & t1)", t1="<b>")

    assert found == '<a href="/"><img src="/a.png" alt="a"/>&lt;b&gt;</a>'


def test_a_text_that_looks_like_a_picture_is_none() -> None:
    found = value_of("HYPERLINK('/', t1)", t1='<img src="/a.png" alt="a"/>')

    assert found == ('<a href="/">&lt;img src=&quot;/a.png&quot; alt=&quot;a&quot;/&gt;</a>')


def test_a_part_of_a_link_is_a_text() -> None:
    assert not holds_markup(typed("LEFT(HYPERLINK('/', 'x'), 5)"))


def test_a_formula_with_a_link_can_be_shown_as_html() -> None:
    expression = typed("HYPERLINK('/', 'x') & t1")

    shown = evaluate(as_markup(expression), lambda _: "<b>")

    assert holds_markup(expression)
    assert shown == '<a href="/">x</a>&lt;b&gt;'
