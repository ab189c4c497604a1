"""Tests of YAML as declarations are written in it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.errors import Span
from fieldstone.metadata.values import write_json
from fieldstone.metadata.yaml_text import MAX_DEPTH, BadYaml, read_yaml, write_yaml

NUMBERS = st.integers(-(10**20), 10**20) | st.decimals(
    min_value=-1000, max_value=1000, places=3, allow_nan=False, allow_infinity=False
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | NUMBERS
    | st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcxyz_", min_size=1), inner),
    max_leaves=12,
)


@given(JSON)
def test_json_is_read_as_json_reads_it(value):
    assert read_yaml(write_json(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("no", "no"),
        ("on", "on"),
        ("2026-01-31", "2026-01-31"),
        ("1-10", "1-10"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("1e9", "1e9"),
        (".inf", ".inf"),
        ("true", True),
        ("-12", -12),
        ("12.50", Decimal("12.50")),
        ('"12"', "12"),
    ],
)
def test_only_what_json_has_is_more_than_text(text, value):
    assert read_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "told", "at"),
    [
        ("a: 1\nb: 2\na: 3", "The key a stands there twice.", Span(3, 1)),
        ("a: &x [1]\nb: *x", "References with & and * are not allowed here.", Span(1, 4)),
        ("a: !!python/object:os.system {}", "Tags with ! are not allowed here.", Span(1, 4)),
        ("a: !custom 1", "Tags with ! are not allowed here.", Span(1, 4)),
        ("{[1]: 2}", "A key must be a text.", Span(1, 2)),
        ("a: [1}", "This is not valid YAML", Span(1, 6)),
        ("a: 1\n---\nb: 2", "This is not valid YAML", Span(2, 1)),
        ("[" * (MAX_DEPTH + 1), "This is nested more than 32 deep.", Span(1, MAX_DEPTH + 1)),
        ("\x00", "This is not valid YAML", None),
        ("\ud800", "This text is not valid Unicode", None),
    ],
)
def test_what_could_surprise_or_harm_is_refused_with_its_place(text, told, at):
    with pytest.raises(BadYaml, match="^" + told.replace("*", r"\*")) as caught:
        read_yaml(text)

    assert caught.value.problem.at == at


def test_too_long_a_file_is_refused():
    with pytest.raises(BadYaml, match="more than 1,000,000 characters"):
        read_yaml("a" * 1_000_001)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_one_way(text):
    try:
        value = read_yaml(text)
    except BadYaml:
        return
    assert write_json(value)


TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    (
        *("no", "null", "~", "", "true", "1", "1.5", "2026-01-31", "- a", "a: b", "#", "<<", "---"),
        *("a\nb\n", "a\n\nb", " a\nb", "a \nb", "a\n---\nb\n", "\x85", "\u2028", "\ufeff", "\t"),
    )
)
NUMBERS = st.integers(-(10**27), 10**27) | st.decimals(-(10**9), 10**9, places=3)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_reads_as_it_was(value):
    assert read_yaml(write_yaml(value)) == value
