"""Date: days, and how people write them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.date import Date, parse_date
from fieldstone.metadata.field_types.field_type import NoOptions

DATE = Date()
NO = NoOptions()


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-31",
        "2026/1/31",
        "20260131",
        "1/31/2026",
        "31/1/2026",
        "1-31-26",
        "31.1.2026",
        "Jan 31, 2026",
        "January 31st 2026",
        "31 Jan 2026",
        "31-Jan-26",
        "2026-01-31 00:00:00",
        "2026-01-31T00:00:00.000Z",
    ],
)
def test_a_day_is_read_as_people_write_it(written):
    assert parse_date(written) == date(2026, 1, 31)


@pytest.mark.parametrize("written", ["2/30/2026", "13/13/2026", "Foo 5, 2026", "2026", "5", "x"])
def test_what_is_no_day_is_refused(written):
    with pytest.raises(BadValue):
        parse_date(written)


def test_of_two_possible_months_the_first_is_taken():
    assert parse_date("3/4/2026") == date(2026, 3, 4)


@pytest.mark.parametrize(("written", "year"), [("1/1/69", 2069), ("1/1/70", 1970)])
def test_a_short_year_lies_between_1970_and_2069(written, year):
    assert parse_date(written).year == year


@pytest.mark.parametrize("said", ["2026-1-5", "20260105", "2026-02-30", "", 20260105, None])
def test_json_says_a_day_in_one_way_only(said):
    with pytest.raises(BadValue):
        DATE.accept(said, NO)


def test_the_slot_holds_midnight_without_a_zone():
    assert DATE.slot_value(date(2026, 1, 31), NO) == datetime(2026, 1, 31)
