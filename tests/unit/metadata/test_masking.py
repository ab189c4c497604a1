"""Masks: the end of a value, and nothing of a short one."""

from __future__ import annotations

import pytest

from fieldstone.metadata.masking import DOTS, Mask, is_masked, masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [("DE02120300000000202051", f"{DOTS} 2051"), ("12345678", f"{DOTS} 5678"), ("1234567", DOTS)],
)
def test_last_four_characters_are_shown_of_what_is_long_enough(text: str, shown: str) -> None:
    assert masked(text, Mask.LAST_FOUR) == shown


def test_hidden_value_shows_nothing_not_even_its_length() -> None:
    assert {masked(text, Mask.HIDDEN) for text in ("a", "b" * 100)} == {DOTS}


def test_mask_is_known_as_one() -> None:
    assert (is_masked(f"{DOTS} 2051"), is_masked("2051"), is_masked(None)) == (True, False, False)
