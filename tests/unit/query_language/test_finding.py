"""Searches in the search language: read, written, refused, and their terms as patterns."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.errors import InvalidInput, Span
from fieldstone.metadata.values import fold
from fieldstone.query_language.finding.checks import Marking
from fieldstone.query_language.finding.cover import patterns_of
from fieldstone.query_language.finding.marks import Marker
from fieldstone.query_language.finding.patterns import (
    expression_of,
    holds_word,
    like_of,
    phone_digits_of,
    steady_expression_of,
)
from fieldstone.query_language.finding.render import render_find
from fieldstone.query_language.finding.syntax import AllOf, AnyOf, NoneOf, SearchText, Term
from fieldstone.query_language.finding.text import (
    LONGEST,
    MAX_DEPTH,
    MOST_TERMS,
    parse_search_text,
)
from fieldstone.query_language.parse import parse_find

HERE = Span(1, 1, 1)


def read(text: str) -> SearchText:
    """Read a search text."""
    return parse_search_text(text, HERE, literally=True)


@pytest.mark.parametrize(
    "text",
    [
        "FIND {acme}",
        'FIND {acme AND "old works" AND (NOT a?c*)} IN NAME FIELDS',
        "FIND {a OR (b AND c)} RETURNING Contact",
        "FIND {acme} RETURNING Contact(id, company.name AS c WHERE a = 'x' AND b > 5), Deal",
        "FIND {acme} RETURNING Deal(id USING LISTVIEW = My ORDER BY a DESC LIMIT 5 OFFSET :n)",
        "FIND {acme} RETURNING Deal(toLabel(stage), FORMAT(value) v, (SELECT id FROM tasks))",
        "FIND :term RETURNING Contact(id) LIMIT :most",
        "FIND {acme} WITH SNIPPET (target_length = 120) WITH HIGHLIGHT WITH USER_MODE LIMIT 5",
        "FIND {acme} WITH NETWORK IN ('a', 'b') WITH DATA CATEGORY g__c AT (x__c)",
        "FIND {acme} WITH SPELL_CORRECTION = FALSE UPDATE TRACKING, VIEWSTAT",
        r'FIND {a\*b AND "c \"d\" \{e\}" AND "(f)" AND "and"}',
    ],
)
def test_canonical_text_is_rendered_as_it_was(text: str) -> None:
    assert render_find(parse_find(text)) == text


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("find {a} returning Contact", "FIND {a} RETURNING Contact"),
        ("FIND 'it\\'s \"so so\"'", 'FIND {it\'s AND "so so"}'),
        ("FIND 'a\\\\*'", r"FIND {a\*}"),
        ("FIND {a b}", "FIND {a AND b}"),
        ("FIND {a and not b}", "FIND {a AND (NOT b)}"),
        ("FIND {a not b}", "FIND {a AND (NOT b)}"),
        ("FIND {a AND b OR c d}", "FIND {(a AND b) OR (c AND d)}"),
        ("FIND {(a)}", "FIND {a}"),
        ('FIND {"  a   b "}', 'FIND {"a b"}'),
        (r"FIND {a\ b}", 'FIND {"a b"}'),
        (r"FIND {\a\-\&}", "FIND {a-&}"),
        ("FIND {a} IN ALL FIELDS", "FIND {a}"),
        ("FIND // why\n {a} /* what */ RETURNING Contact", "FIND {a} RETURNING Contact"),
    ],
)
def test_other_spellings_mean_the_same(text: str, same: str) -> None:
    assert render_find(parse_find(text)) == same


@pytest.mark.parametrize(
    ("text", "told", "column"),
    [
        ("FIND", "Expected a search text in braces after FIND", 5),
        ("FIND acme", "Expected a search text in braces after FIND, found acme.", 6),
        ("FIND {acme", "This search text has no closing brace.", 6),
        ("FIND {}", "There is nothing to find.", 7),
        ('FIND {""}', "There is nothing between these quotes.", 7),
        ("FIND {a AND}", "Expected a word, a phrase in quotes or an opening parenthesis", 12),
        ("FIND {a OR OR b}", "found OR.", 12),
        ("FIND {AND a}", "found AND.", 7),
        ("FIND {(a b}", "Expected a closing parenthesis", 11),
        ("FIND {a) b}", "This closing parenthesis closes nothing.", 8),
        ('FIND {ab "c}', "This phrase has no closing quote.", 10),
        ("FIND {acme} IN FIELDS", "Expected ALL, NAME, EMAIL, PHONE or SIDEBAR", 16),
        ("FIND {acme} RETURNING", "Expected an object after RETURNING", 22),
        ("FIND {acme} RETURNING Contact()", "Expected a field after (", 31),
        ("FIND {acme} RETURNING Contact(name n)", "found n.", 36),
        ("FIND {acme} WITH DIVISION > 'x'", "Expected = after DIVISION", 27),
        ("FIND {acme} LIMIT x", "Expected a number after LIMIT", 19),
        ("SELECT id FROM Contact", "Expected FIND, found SELECT.", 1),
    ],
)
def test_what_is_no_search_is_refused_where_it_goes_wrong(
    text: str, told: str, column: int
) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_find(text)

    problem = caught.value.problem
    assert problem.code == "query.syntax"
    assert told in problem.message
    assert isinstance(problem.at, Span)
    assert problem.at.column == column


def test_a_place_in_a_text_of_several_lines_is_told() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_find("FIND\n  {acme\n AND OR b}")
    assert caught.value.problem.at == Span(3, 6, 2)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a" * (LONGEST + 1), "query.too_long"),
        (" ".join(["ab"] * (MOST_TERMS + 1)), "query.too_long"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "query.too_deep"),
        ("a\0", "query.syntax"),
    ],
)
def test_a_search_text_has_limits(text: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(text)
    assert caught.value.problem.code == code


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("acme", "Acme", True),
        ("acme", "the acme, inc.", True),
        ("acme", "pacme", False),
        ("acme", "acmes", False),
        ("acme*", "acmes", True),
        ("*acme", "pacme", True),
        ("a?me", "acme", True),
        ("a?me", "ame", False),
        ("a*e", "acme inc", True),
        ("a*c", "acme inc", False),
        ("new york", "New\n York", True),
        ("new york", "new-york", True),
        ("o'brien", "Ann O'Brien", True),
        ("brien", "Ann O'Brien", True),
        ("björn", "BJÖRN", True),
        ("rn", "björn", False),
        ("rn", "bjö rn", True),
        ("c++", "in c++ and", True),
        ("c++", "c+", False),
        (".com", "acme.com", True),
        (r"5\*", "5*", True),
        (r"5\*", "55", False),
        ("小龍", "李小龍", True),
        (".", "a.b", True),
        ("a.c", "abc", False),
    ],
)
def test_a_term_finds_whole_words(pattern: str, text: str, found: bool) -> None:
    matched = bool(re.search(expression_of(pattern), fold(text)))
    assert matched is found
    assert not found or _is_like(like_of(pattern), fold(text))


def _is_like(pattern: str, text: str) -> bool:
    signs = {"%": ".*", "_": "."}
    pieces = re.findall(r"\\.|.", pattern, re.DOTALL)
    expression = "".join(
        re.escape(piece[1:]) if piece.startswith("\\") else signs.get(piece, re.escape(piece))
        for piece in pieces
    )
    return re.fullmatch(expression, text, re.DOTALL) is not None


@pytest.mark.parametrize(
    ("pattern", "digits"),
    [
        ("acme", None),
        ("123", None),
        ("0100", "%0100"),
        ("+1 (312) 555-0100", "%13125550100%"),
        ("0312 555 0100", "%3125550100%"),
        ("312*", "%312%"),
        ("3*1", None),
        ("31?5", "%31_5%"),
        ("0000000", "%0000000%"),
        ("00000001", "%00000001%"),
    ],
)
def test_a_term_of_digits_finds_phone_numbers(pattern: str, digits: str | None) -> None:
    assert phone_digits_of(pattern) == digits


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("acme", [["%acme%"]]),
        ("ab OR abc", [["%ab%", "%abc%"]]),
        ("ab AND abcdef", [["%abcdef%"], ["%ab%"]]),
        ("(ab cde) OR fgh", [["%cde%", "%fgh%"]]),
        ("acme AND NOT old", [["%acme%"]]),
        ('"new york" ny', [["%new%york%"], ["%ny%"]]),
        ("a_b\\% 555-0100", [["%a\\_b\\%%"], ["%555-0100%", "%5550100%"]]),
    ],
)
def test_the_index_is_asked_for_what_tells_most(text: str, patterns: list[list[str]]) -> None:
    found = patterns_of(read(text))
    assert sorted(found) == sorted(patterns)


@pytest.mark.parametrize("text", ["a", "a*", "?????", "NOT ab", "ab OR NOT cd", "ab OR c", "--"])
def test_what_would_go_through_everything_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        patterns_of(read(text))
    assert caught.value.problem.code == "query.contradiction"


def test_a_tree_is_what_was_written() -> None:
    acme, old, works = Term("acme"), Term("old"), Term("wor*s")
    assert read("acme AND NOT (old OR wor*s)") == AllOf((acme, NoneOf(AnyOf((old, works)))))


def test_marks_stand_around_what_is_wanted_and_the_rest_is_html() -> None:
    marker = Marker.of(read('acme "old works" NOT inc'), Marking(highlights=True))
    text = "<Acme> acme & Old\nWorks inc"
    assert marker.members({"a": text, "b": "nothing", "c": None}) == {
        "highlight": {
            "a": "&lt;<mark>Acme</mark>&gt; <mark>acme</mark> &amp; <mark>Old\nWorks</mark> inc"
        }
    }


def test_a_snippet_is_cut_around_the_first_place() -> None:
    marker = Marker.of(read("acme"), Marking(snippet_length=50))
    (snippet,) = marker.members({"a": "x " * 50 + "acme" + " y" * 50, "b": "acme"}).values()
    assert snippet == {"field": "a", "text": f"…{' x' * 11} <mark>acme</mark>{' y' * 11} …"}
    assert marker.members({"a": "nothing"}) == {"snippet": None}


@given(
    st.text("ab*? ", min_size=1, max_size=8).map(str.strip).filter(holds_word),
    st.text("ab .", max_size=16),
)
def test_what_marks_finds_what_the_search_found(pattern: str, text: str) -> None:
    found = re.search(expression_of(pattern), text)
    marked = re.search(steady_expression_of(pattern), text)

    assert (found is None) == (marked is None)


def test_many_wildcards_in_one_word_are_marked_without_trying_all_ways() -> None:
    search = read("aa*a*a*a*a*a*a*a*a*b")

    # Tried all ways, this one would not end.
    assert Marker.of(search, Marking(highlights=True)).members({"text": "a" * 4_000}) == {
        "highlight": {}
    }
