"""Days and instants in words: as short as they can be understood."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.ui_generator.moments import day_in_words, instant_in_words
from fieldstone.ui_generator.viewing import Viewing
from tests.support.components import a_catalog, stored

TODAY = date(2026, 11, 22)


def a_view(zone: str) -> Viewing:
    """Give somebody who looks at noon UTC from a zone."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    return Viewing(a_catalog(stored()), ADMINISTRATOR, now, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 22), "today"),
        (date(2026, 11, 24), "Tue, 24 Nov"),
        (date(2026, 3, 3), "3 Mar"),
        (date(2027, 3, 3), "3 Mar 2027"),
    ],
)
def test_a_day_is_told_briefly(day: date, words: str) -> None:
    assert day_in_words(day, TODAY) == words


@pytest.mark.parametrize(
    ("zone", "words"),
    [("UTC", "today 02:30"), ("America/New_York", "Sat 21:30"), ("Asia/Kolkata", "today 08:00")],
)
def test_an_instant_is_told_in_the_zone_of_the_viewer(zone: str, words: str) -> None:
    instant = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)

    assert instant_in_words(instant, a_view(zone)) == words
