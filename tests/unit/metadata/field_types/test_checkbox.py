"""Checkbox: true or false, never unknown."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.checkbox import Checkbox
from fieldstone.metadata.field_types.field_type import NoOptions

CHECKBOX = Checkbox()
NO = NoOptions()


@pytest.mark.parametrize(
    ("written", "value"), [("TRUE", True), ("yes", True), ("x", True), ("0", False), ("No", False)]
)
def test_yes_and_no_are_read_in_many_words(written, value):
    assert CHECKBOX.parse(written, NO) is value


@pytest.mark.parametrize("said", ["true", 1, 0, []])
def test_only_true_and_false_are_accepted_in_json(said):
    with pytest.raises(BadValue):
        CHECKBOX.accept(said, NO)


def test_a_new_record_says_false():
    assert CHECKBOX.default(NO) is False
