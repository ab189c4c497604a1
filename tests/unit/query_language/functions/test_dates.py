"""What the examples of the functions of dates and times do not say."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from fieldstone.metadata.values import Json
from fieldstone.query_language.formula.errors import WrongArguments
from fieldstone.query_language.formula.typed import Constant
from tests.support.formulas import FAILED, typed, value_of


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29",
        "1900-02-29",
        "2026-13-01",
        "26-01-01",
        "1699-12-31",
        "4001-01-01",
        "2026-01-01 ",
        "2026-01-01 10:00:00",
        "٢٠٢٦-01-01",
        "2026-01-01\n",
    ],
)
def test_a_text_that_is_no_date_fails(text: str) -> None:
    assert value_of("DATEVALUE(t1)", t1=text) == FAILED


def test_a_blank_text_has_no_date_and_does_not_fail() -> None:
    assert value_of("DATEVALUE(t1)") is None
    assert value_of("DATETIMEVALUE(t1)") is None
    assert value_of("TIMEVALUE(t1)") is None


def test_dates_and_times_may_lack_leading_zeros() -> None:
    assert value_of("DATEVALUE('2028-2-29')") == date(2028, 2, 29)
    assert value_of("DATETIMEVALUE('2026-1-5T7:08:09.5Z')") == datetime(
        2026, 1, 5, 7, 8, 9, 500_000
    )
    assert value_of("TIMEVALUE('7:08:09')") == time(7, 8, 9)


def test_a_shift_over_midnight_has_its_hours() -> None:
    assert value_of("(TIMEVALUE('06:00:00') - TIMEVALUE('22:00:00')) / 3600000") == 8
    assert value_of("TIMEVALUE('22:00:00') - TIMEVALUE('06:00:00')") == 57_600_000


def test_the_day_of_an_instant_is_the_viewers_and_its_time_that_of_utc() -> None:
    row = {"i1": "2026-03-29T22:30:00.000Z", "zone": "Europe/Berlin"}

    assert value_of("DATEVALUE(i1)", **row) == date(2026, 3, 30)
    assert value_of("TIMEVALUE(i1)", **row) == time(22, 30)
    assert value_of("DAY_ONLY(i1)", **row) == date(2026, 3, 29)
    assert value_of("DAY_ONLY(convertTimezone(i1))", **row) == date(2026, 3, 30)


def test_an_hour_that_summer_time_leaves_out_is_on_no_clock() -> None:
    hour = "HOUR_IN_DAY(convertTimezone(i1))"

    assert value_of(hour, i1="2026-03-29T00:59:00.000Z", zone="Europe/Berlin") == 1
    assert value_of(hour, i1="2026-03-29T01:00:00.000Z", zone="Europe/Berlin") == 3


def test_a_day_before_the_first_on_the_viewers_clock_fails() -> None:
    instant = "1700-01-01T00:00:00.000Z"

    assert value_of("DATEVALUE(i1)", i1=instant, zone="America/New_York") == FAILED
    assert value_of("DATEVALUE(i1)", i1="0001-01-01T00:00:00.000Z", zone="Asia/Tokyo") == FAILED


def test_what_reads_the_moment_is_no_constant() -> None:
    assert value_of("TODAY() + 1", today="2026-01-31") == date(2026, 2, 1)
    assert value_of("NOW() - 1", now="2026-01-31T10:00:00.000Z") == datetime(2026, 1, 30, 10)
    assert value_of("HOUR(TIMENOW())", time="10:11:12.000") == 10
    assert not isinstance(typed("YEAR(TODAY())"), Constant)


def test_the_parts_of_dates_are_asked_of_dates_alone() -> None:
    for formula in ("YEAR(i1)", "HOUR(i1)", "DAY_ONLY(d1)", "TODAY(1)", "DATEVALUE(i1, 'UTC')"):
        with pytest.raises(WrongArguments):
            typed(formula)


@pytest.mark.parametrize(
    ("day", "first", "year", "quarter", "month"),
    [
        ("2026-01-31", 1, 2026, 1, 1),
        ("2026-01-31", 2, 2026, 4, 12),
        ("2026-02-01", 2, 2027, 1, 1),
        ("2026-12-31", 4, 2027, 3, 9),
        ("2026-03-31", 4, 2026, 4, 12),
    ],
)
def test_a_fiscal_year_has_the_number_of_the_year_in_which_it_ends(
    day: str, first: int, year: int, quarter: int, month: int
) -> None:
    row: dict[str, Json] = {"d1": day, "fiscal_month": Decimal(first)}

    assert value_of("FISCAL_YEAR(d1)", **row) == year
    assert value_of("FISCAL_QUARTER(d1)", **row) == quarter
    assert value_of("FISCAL_MONTH(d1)", **row) == month


def test_months_that_lead_out_of_the_years_fail() -> None:
    assert value_of("ADDMONTHS(d1, n1)", d1="2026-01-31", n1=Decimal(10**17)) == FAILED
    assert value_of("ADDMONTHS(d1, -4000)", d1="2026-01-31") == FAILED


def test_seconds_before_1970_are_cut_towards_it() -> None:
    assert value_of("UNIXTIMESTAMP(i1)", i1="1969-12-31T23:59:58.500Z") == -1
    assert value_of("FROMUNIXTIME(-1.5)") == datetime(1969, 12, 31, 23, 59, 58, 500_000)


def test_durations_have_no_sign_and_may_be_longer_than_a_day() -> None:
    row = {"i1": "2026-01-31T10:00:00.000Z", "i2": "2026-01-29T09:59:58.100Z"}

    assert value_of("FORMATDURATION(i1, i2)", **row) == "2:00:00:01"
    assert value_of("FORMATDURATION(-360000.9)") == "100:00:00"
    assert value_of("FORMATDURATION(n1, b1)", n1=Decimal(59)) == "00:00:59"
    assert value_of("FORMATDURATION(m1, m2)", m1="10:00:00.000", m2="09:30:00.000") == "00:30:00"
    assert value_of("FORMATDURATION(m1, m2)", m1="10:00:00.000") == ""
