"""Patterns of LIKE."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.query_language.patterns import (
    PatternKind,
    end_of,
    kind_of_pattern,
    prefix_of,
    unescaped,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("", PatternKind.PLAIN),
        ("abc", PatternKind.PLAIN),
        (r"50\%", PatternKind.PLAIN),
        (r"a\\b", PatternKind.PLAIN),
        ("%", PatternKind.ANYTHING),
        ("%%", PatternKind.ANYTHING),
        ("abc%", PatternKind.PREFIX),
        (r"a\_b%", PatternKind.PREFIX),
        (r"a\\%", PatternKind.PREFIX),
        ("_", PatternKind.GENERAL),
        ("%abc", PatternKind.GENERAL),
        ("a_c%", PatternKind.GENERAL),
        ("a%c", PatternKind.GENERAL),
        (r"\%%a", PatternKind.GENERAL),
        (r"a\%%", PatternKind.GENERAL),
    ],
)
def test_patterns_are_told_apart(pattern: str, kind: PatternKind) -> None:
    assert kind_of_pattern(pattern) is kind


def test_escapes_stand_for_themselves() -> None:
    assert unescaped(r"50\% of \\ \_") == r"50% of \ _"
    assert prefix_of(r"a\_b%") == "a_b"


@given(TEXTS, TEXTS)
def test_a_text_begins_with_a_prefix_exactly_if_it_lies_in_its_range(
    prefix: str, text: str
) -> None:
    end = end_of(prefix)

    assert text.startswith(prefix) == (text >= prefix and (end is None or text < end))
    assert end is None or prefix + text < end
