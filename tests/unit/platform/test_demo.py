"""The declarations of the sample data: keys, and days as they are written there."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fieldstone.platform.demo import declared_records, write_moment

WEDNESDAY = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 3, 21, 12, 0, tzinfo=UTC)


def test_no_key_stands_for_two_records() -> None:
    keys = [key for records in declared_records().values() for key in records]

    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("text", "now", "meant"),
    [
        ("today", WEDNESDAY, "2026-03-18"),
        ("today", SATURDAY, "2026-03-21"),
        ("today+1", WEDNESDAY, "2026-03-19"),
        ("today+3", WEDNESDAY, "2026-03-23"),
        ("today+4", WEDNESDAY, "2026-03-23"),
        ("today-3", WEDNESDAY, "2026-03-13"),
        ("today-4", WEDNESDAY, "2026-03-13"),
        ("today-1", SATURDAY, "2026-03-20"),
        ("today-1 10:30", WEDNESDAY, "2026-03-17T10:30:00+00:00"),
    ],
)
def test_a_day_is_seen_from_today(text: str, now: datetime, meant: str) -> None:
    assert write_moment(text, now, ZoneInfo("UTC")) == meant


def test_a_time_is_that_of_the_tenant() -> None:
    moment = write_moment("today+1 10:30", WEDNESDAY, ZoneInfo("Europe/Berlin"))

    assert moment == "2026-03-19T09:30:00+00:00"


@pytest.mark.parametrize("text", ["yesterday", "today is fine", "today+x", "2026-03-18"])
def test_other_texts_are_no_days(text: str) -> None:
    assert write_moment(text, WEDNESDAY, ZoneInfo("UTC")) is None
