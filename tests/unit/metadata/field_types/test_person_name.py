"""Person name: parts, and how they are told in one text."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.field_type import NoOptions
from fieldstone.metadata.field_types.person_name import NameOfPerson, PersonName, split_name

PERSON_NAME = PersonName()
NO = NoOptions()


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("Dr. Ann M. Lee Jr.", ("Dr.", "Ann", "M.", "Lee", "Jr.")),
        ("Lee, Ann", ("", "Ann", "", "Lee", "")),
        ('Robert "Bob" Smith', ("", "Robert", '"Bob"', "Smith", "")),
        ("Juan de la Vega", ("", "Juan", "", "de la Vega", "")),
        ("Cher", ("", "", "", "Cher", "")),
        ("王小明", ("", "", "", "王小明", "")),
    ],
)
def test_parts_are_told_as_people_write_names(written, parts):
    assert split_name(written) == NameOfPerson(*parts)


@pytest.mark.parametrize("written", [",", "()"])
def test_a_text_without_a_name_is_refused(written):
    with pytest.raises(BadValue):
        PERSON_NAME.parse(written, NO)


def test_people_are_sorted_and_found_by_first_and_last_name():
    value = NameOfPerson("Dr.", "Ann", "M.", "Lee", "Jr.")

    assert PERSON_NAME.slot_value(value, NO) == "ann lee"
    assert PERSON_NAME.sql_operand(PERSON_NAME.accept_operand("Ann LEE", NO), NO) == "ann lee"
