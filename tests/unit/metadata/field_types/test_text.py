"""Text: one line, tidied, without case."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.text import Text, TextOptions

TEXT = Text()
OPTIONS = TextOptions(length=10)


def test_blanks_around_a_text_are_dropped():
    assert TEXT.accept("  Acme ", OPTIONS) == "Acme"


def test_line_breaks_become_blanks():
    assert TEXT.accept("1 Main\r\nSt", OPTIONS) == "1 Main St"


def test_a_text_that_is_too_long_is_refused_with_both_lengths():
    with pytest.raises(BadValue, match="11 characters; at most 10 are allowed"):
        TEXT.accept("a" * 11, OPTIONS)


@pytest.mark.parametrize("said", [5, True, ["a"], {"a": "b"}, "a\x00b", "\ud800"])
def test_what_is_not_a_storable_text_is_refused(said):
    with pytest.raises(BadValue):
        TEXT.accept(said, OPTIONS)


def test_a_constant_of_a_condition_may_be_longer_than_the_field():
    assert TEXT.accept_operand("a" * 11, OPTIONS) == "a" * 11


def test_the_slot_holds_at_most_255_characters_in_small_letters():
    assert TEXT.slot_value("A" * 300, OPTIONS) == "a" * 255


def test_a_text_describes_itself_with_its_length():
    assert TEXT.describe(TextOptions()) == "Text(255)"
