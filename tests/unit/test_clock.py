"""Zones come from one place, whatever the machine has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import reset_tzpath

import pytest

from fieldstone.clock import UnknownZone, zone_named


def test_a_zone_is_known_by_its_name_without_the_machines_list() -> None:
    reset_tzpath(())
    try:
        shown = datetime(2026, 7, 1, tzinfo=UTC).astimezone(zone_named("America/Argentina/Salta"))
        summer = datetime(2026, 7, 1, tzinfo=UTC).astimezone(zone_named("Etc/GMT+10"))
    finally:
        reset_tzpath()

    assert (shown.utcoffset(), summer.utcoffset()) == (timedelta(hours=-3), timedelta(hours=-10))


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../tzdata/zones", "/etc/passwd", "Europe", "Europe/", "a\0b", "é"]
)
def test_any_other_text_is_no_zone(name: str) -> None:
    with pytest.raises(UnknownZone):
        zone_named(name)
