"""Multi-select: several values of a list."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.field_type import BadOption
from fieldstone.metadata.field_types.multi_select import MultiSelect, MultiSelectOptions

MULTI_SELECT = MultiSelect()
OPTIONS = MultiSelectOptions(options=("Red", "Green", "Blue"))


def test_values_stand_in_the_order_of_the_list_without_doubles():
    assert MULTI_SELECT.accept(["blue", "Red", "BLUE"], OPTIONS) == ("Red", "Blue")


def test_text_holds_values_between_semicolons():
    assert MULTI_SELECT.parse("blue; red;", OPTIONS) == ("Red", "Blue")


@pytest.mark.parametrize("said", ["Red", {"Red": True}, [["Red"]], ["Pink"], [None], 5])
def test_what_is_no_list_of_values_is_refused(said):
    with pytest.raises(BadValue):
        MULTI_SELECT.accept(said, OPTIONS)


def test_a_group_of_includes_may_be_written_as_one_text():
    assert MULTI_SELECT.accept_operand("green;red", OPTIONS) == ("Red", "Green")


def test_a_value_of_the_list_holds_no_semicolon():
    with pytest.raises(BadOption) as caught:
        MultiSelectOptions(options=("a", "b;c"))

    assert caught.value.problem.at == "/options/1"
