"""Choices: lists of values, and what depends on them."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.choice import (
    Choice,
    ChoiceOptions,
    describe_choices,
    read_any_choice,
    read_choice,
    with_choices,
)
from fieldstone.metadata.field_types.field_type import BadOption

OPTIONS = ChoiceOptions(
    options=("Planning", Choice("Active", label="In progress"), Choice("Old", active=False))
)


@pytest.mark.parametrize("said", ["Active", "ACTIVE", " active ", "in PROGRESS"])
def test_every_spelling_of_a_value_becomes_that_of_the_list(said):
    assert read_choice(said, OPTIONS) == "Active"


def test_a_value_that_is_not_in_the_list_is_refused_with_the_nearest_one():
    with pytest.raises(BadValue) as caught:
        read_choice("Planing", OPTIONS)

    assert caught.value.problem.hint == "Did you mean Planning?"


def test_a_value_that_is_no_longer_active_cannot_be_chosen():
    with pytest.raises(BadValue, match="cannot be chosen any more"):
        read_choice("Old", OPTIONS)


def test_a_condition_may_name_a_value_that_cannot_be_chosen():
    assert read_any_choice("old", OPTIONS) == "Old"
    assert read_any_choice("never there", OPTIONS) == "never there"


def test_an_open_list_takes_other_values_as_they_are():
    assert read_choice("Else", ChoiceOptions(options=("A",), restricted=False)) == "Else"


def test_a_value_of_one_choice_wins_over_the_label_of_another():
    options = ChoiceOptions(options=(Choice("1", label="2"), Choice("2", label="1")))

    assert read_choice("2", options) == "2"


def test_a_dependent_value_is_allowed_under_its_controlling_values():
    options = ChoiceOptions(
        options=("Chicago", "Berlin", "Online"),
        controlled_by="country",
        valid_for={"Chicago": ("USA",), "Berlin": ("Germany", "DE")},
    )

    assert options.allows("berlin", "germany")
    assert not options.allows("Berlin", "USA")
    assert options.allows("Online", "USA")


def test_the_values_of_a_value_set_replace_those_of_the_field():
    options = with_choices(ChoiceOptions(value_set="Stages"), ["New", "Done"])

    assert [choice.value for choice in options.choices] == ["New", "Done"]
    assert options.value_set == "Stages"


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({}, "/options"),
        ({"options": ("A", "a")}, "/options/1"),
        ({"options": ("A", " B")}, "/options/1"),
        ({"options": ("A",), "valid_for": {"A": ("x",)}}, "/valid_for"),
    ],
)
def test_a_bad_list_is_refused_at_its_place(said, at):
    with pytest.raises(BadOption) as caught:
        ChoiceOptions(**said)

    assert caught.value.problem.at == at


def test_a_long_list_is_described_by_its_first_dozen():
    options = ChoiceOptions(options=tuple(str(number) for number in range(20)))

    assert describe_choices(options).endswith("11, 8 more]")
