"""Which days relative dates mean."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from fieldstone.query_language.plan import Moment
from fieldstone.query_language.relative_dates import days_of, start_of, today_of
from fieldstone.query_language.syntax import RelativeDate

WEDNESDAY = datetime(2026, 3, 18, 12, tzinfo=UTC)


def moment(now: datetime = WEDNESDAY, zone: str = "UTC", fiscal_month: int = 1) -> Moment:
    """Give a moment."""
    return Moment(now, ZoneInfo(zone), fiscal_month)


@pytest.mark.parametrize(
    ("name", "count", "first", "behind"),
    [
        ("TODAY", None, "2026-03-18", "2026-03-19"),
        ("YESTERDAY", None, "2026-03-17", "2026-03-18"),
        ("TOMORROW", None, "2026-03-19", "2026-03-20"),
        ("LAST_90_DAYS", None, "2025-12-18", "2026-03-19"),
        ("NEXT_90_DAYS", None, "2026-03-19", "2026-06-17"),
        ("THIS_WEEK", None, "2026-03-15", "2026-03-22"),
        ("LAST_WEEK", None, "2026-03-08", "2026-03-15"),
        ("NEXT_MONTH", None, "2026-04-01", "2026-05-01"),
        ("LAST_MONTH", None, "2026-02-01", "2026-03-01"),
        ("THIS_QUARTER", None, "2026-01-01", "2026-04-01"),
        ("LAST_QUARTER", None, "2025-10-01", "2026-01-01"),
        ("NEXT_YEAR", None, "2027-01-01", "2028-01-01"),
        ("LAST_N_DAYS", 1, "2026-03-17", "2026-03-19"),
        ("NEXT_N_DAYS", 2, "2026-03-19", "2026-03-21"),
        ("N_DAYS_AGO", 3, "2026-03-15", "2026-03-16"),
        ("LAST_N_WEEKS", 2, "2026-03-01", "2026-03-15"),
        ("N_WEEKS_AGO", 1, "2026-03-08", "2026-03-15"),
        ("LAST_N_MONTHS", 3, "2025-12-01", "2026-03-01"),
        ("NEXT_N_QUARTERS", 2, "2026-04-01", "2026-10-01"),
        ("LAST_N_YEARS", 5, "2021-01-01", "2026-01-01"),
        ("N_YEARS_AGO", 1, "2025-01-01", "2026-01-01"),
        ("LAST_N_YEARS", 9999, "0001-01-01", "2026-01-01"),
        ("NEXT_N_YEARS", 9999, "2027-01-01", "9999-12-31"),
    ],
)
def test_relative_dates_mean_days(name: str, count: int | None, first: str, behind: str) -> None:
    days = days_of(RelativeDate(name, count), moment())

    assert days == (date.fromisoformat(first), date.fromisoformat(behind))


@pytest.mark.parametrize(
    ("name", "first", "behind"),
    [
        ("THIS_FISCAL_YEAR", "2025-04-01", "2026-04-01"),
        ("NEXT_FISCAL_YEAR", "2026-04-01", "2027-04-01"),
        ("THIS_FISCAL_QUARTER", "2026-01-01", "2026-04-01"),
    ],
)
def test_the_fiscal_year_begins_in_its_month(name: str, first: str, behind: str) -> None:
    days = days_of(RelativeDate(name), moment(fiscal_month=4))

    assert days == (date.fromisoformat(first), date.fromisoformat(behind))


def test_a_sunday_begins_its_week() -> None:
    sunday = datetime(2026, 3, 15, 12, tzinfo=UTC)

    assert days_of(RelativeDate("THIS_WEEK"), moment(sunday))[0] == date(2026, 3, 15)


def test_today_is_the_viewers() -> None:
    late = datetime(2026, 3, 18, 23, 30, tzinfo=UTC)

    assert today_of(moment(late, "Asia/Tokyo")) == date(2026, 3, 19)
    assert today_of(moment(late, "America/New_York")) == date(2026, 3, 18)


def test_a_day_begins_at_the_viewers_midnight_also_when_clocks_change() -> None:
    berlin = moment(zone="Europe/Berlin")

    assert start_of(date(2026, 3, 29), berlin) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert start_of(date(2026, 3, 30), berlin) == datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert start_of(date.min, berlin).year == 1
