"""Time: times of day."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.field_type import NoOptions
from fieldstone.metadata.field_types.time import Time

TIME = Time()
NO = NoOptions()


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("14:30", "14:30:00.000"),
        ("2:30 pm", "14:30:00.000"),
        ("2 PM", "14:00:00.000"),
        ("12:00 am", "00:00:00.000"),
        ("12 p.m.", "12:00:00.000"),
        ("14:30:15.5", "14:30:15.500"),
    ],
)
def test_a_time_is_read_as_people_write_it(written, stored):
    assert TIME.encode(TIME.parse(written, NO)) == stored


@pytest.mark.parametrize("written", ["25:00", "14:60", "13 pm", "14", "noon"])
def test_what_is_no_time_is_refused(written):
    with pytest.raises(BadValue):
        TIME.parse(written, NO)


@pytest.mark.parametrize("said", ["2 pm", "14:30Z", 14, "9:00"])
def test_json_says_a_time_in_one_way_only(said):
    with pytest.raises(BadValue):
        TIME.accept(said, NO)


def test_a_time_is_shown_no_longer_than_it_must_be():
    assert TIME.show(TIME.parse("14:30:00", NO), NO) == "14:30"
