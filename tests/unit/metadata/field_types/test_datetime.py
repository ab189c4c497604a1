"""Datetime: instants in UTC, in text of one width."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.datetime import Datetime
from fieldstone.metadata.field_types.field_type import NoOptions

DATETIME = Datetime()
NO = NoOptions()


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("2026-01-31T14:30:00Z", "2026-01-31T14:30:00.000Z"),
        ("2026-01-31T15:30:00+01:00", "2026-01-31T14:30:00.000Z"),
        ("2026-01-31 14:30:00.123999-00:00", "2026-01-31T14:30:00.123Z"),
        ("20260131T143000Z", "2026-01-31T14:30:00.000Z"),
    ],
)
def test_an_instant_is_stored_in_utc_and_in_one_width(said, stored):
    assert DATETIME.encode(DATETIME.accept(said, NO)) == stored


def test_an_instant_without_a_zone_is_refused_with_a_hint():
    with pytest.raises(BadValue, match="names no time zone") as caught:
        DATETIME.accept("2026-01-31T14:30:00", NO)

    assert caught.value.problem.hint is not None


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-01:00", 5, "x"])
def test_what_is_no_instant_of_the_calendar_is_refused(said):
    with pytest.raises(BadValue):
        DATETIME.accept(said, NO)


@pytest.mark.parametrize(
    "written",
    ["2026-01-31 14:30", "1/31/2026 2:30 PM", "Jan 31, 2026 at 14:30", "31.1.2026, 14:30 UTC"],
)
def test_an_instant_that_a_person_wrote_without_a_zone_is_in_utc(written):
    assert DATETIME.encode(DATETIME.parse(written, NO)) == "2026-01-31T14:30:00.000Z"


def test_a_day_in_a_condition_stands_for_its_first_instant():
    assert DATETIME.encode(DATETIME.accept_operand("2026-01-31", NO)) == "2026-01-31T00:00:00.000Z"
