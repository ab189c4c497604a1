"""Excerpts show the line at fault with carets below the place, as a terminal shows letters."""

from __future__ import annotations

import pytest

from fieldstone.errors import Problem, Span
from fieldstone.platform.excerpts import excerpt, problems_in_words


@pytest.mark.parametrize(
    ("text", "at", "shown"),
    [
        ("SELECT nme FROM Deal", Span(1, 8, 3), "  SELECT nme FROM Deal\n         ^^^"),
        ("SELECT name\n  FROM Del", Span(2, 8, 3), "    FROM Del\n         ^^^"),
        ("SELECT", Span(1, 7, 1), "  SELECT\n        ^"),
        ("a\tb", Span(1, 3, 1), "  a b\n    ^"),
        ("'日本' x", Span(1, 6, 1), "  '日本' x\n         ^"),
        ("short", Span(1, 2, 90), "  short\n   ^^^^"),
        ("one line", Span(3, 1, 1), ""),
        ("", Span(1, 1, 1), ""),
    ],
)
def test_an_excerpt_has_carets_below_the_place(text: str, at: Span, shown: str) -> None:
    assert excerpt(text, at) == shown


def test_a_long_line_is_cut_to_what_stands_around_the_place() -> None:
    text = "SELECT " + "name, " * 60 + "oops, " + "name, " * 60

    line, carets = excerpt(text, Span(1, text.index("oops") + 1, 4)).splitlines()

    assert line.startswith("  …")
    assert line.endswith("…")
    assert len(line) < 120
    assert line[carets.index("^") : carets.index("^") + 4] == "oops"


def test_problems_tell_code_place_message_and_hint() -> None:
    one = Problem("query.unknown_field", "Deal has no field nme.", Span(1, 8, 3), "Is it name?")
    two = Problem("query.timeout", "The database took too long to answer.")

    assert problems_in_words("SELECT nme FROM Deal", [one, two]) == (
        "query.unknown_field at line 1, column 8\n"
        "  SELECT nme FROM Deal\n"
        "         ^^^\n"
        "Deal has no field nme.\n"
        "Is it name?\n"
        "\n"
        "query.timeout\n"
        "The database took too long to answer."
    )
