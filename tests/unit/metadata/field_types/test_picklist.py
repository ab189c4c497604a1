"""Picklist: one value of a list."""

from __future__ import annotations

from fieldstone.metadata.field_types.choice import Choice, ChoiceOptions, HasChoices
from fieldstone.metadata.field_types.picklist import Picklist

PICKLIST = Picklist()
OPTIONS = ChoiceOptions(
    options=("Planning", Choice("Active", label="In progress", default=True), "Complete")
)


def test_a_picklist_describes_itself_by_its_values():
    assert PICKLIST.describe(OPTIONS) == "Picklist [Planning, Active, Complete]"


def test_a_value_is_shown_by_its_label():
    assert PICKLIST.show("Active", OPTIONS) == "In progress"


def test_the_value_marked_as_default_is_that_of_new_records():
    assert PICKLIST.default(OPTIONS) == "Active"


def test_a_picklist_has_choices():
    assert isinstance(PICKLIST, HasChoices)
    assert len(PICKLIST.choices(OPTIONS)) == 3
