"""Where memory and PostgreSQL could differ most easily: edges of numbers, of dates and of zones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.clock import zone_named
from fieldstone.metadata.values import Json
from fieldstone.query_language.functions.moments import FIRST_DAY, LAST_DAY
from fieldstone.query_language.functions.zones import local
from tests.support.formulas import FAILED, ZONES, FormulaTable, formula_table, in_memory, typed

NUMBERS = [
    Decimal(text)
    for text in (
        "0 1 -1 2 -2 3 -3 0.5 -0.5 1.5 2.25 -2.5 10 -10 100 0.1 0.01 1e-6 -1e-6 12.5 24.5 25 "
        "230 231 -231 232 0.999999 1.000001 999999999999 -999999999999 123456.789"
    ).split()
]
RULES = (
    "n1 ^ n2",
    "SQRT(n1)",
    "EXP(n1)",
    "LN(n1)",
    "LOG(n1)",
    "SIN(n1)",
    "TAN(n1)",
    "ASIN(n1)",
    "ACOS(n1 / 10)",
    "ATAN2(n1, n2)",
    "MOD(n1, n2)",
    "ROUND(n1, n2)",
    "TRUNC(n1, n2)",
    "CEILING(n1) + MCEILING(n1) * 2 + FLOOR(n1) * 4 + MFLOOR(n1) * 8",
    "CEILING(n1 / n2 * n2) + MCEILING(n1 / n2 * n2) * 2",
    "FLOOR(n1 / n2 * n2) + MFLOOR(n1 / n2 * n2) * 2",
    "(n1 / 3) ^ (n2 / 7)",
    "EXP(n1 / 3)",
    "LN(EXP(n1 / 10))",
    "SQRT(n1 ^ 2)",
    "MAX(n1, n2, 3) - MIN(n1, n2, 3)",
)


Row = dict[str, Json]


@pytest.fixture(scope="module")
def table(database_dsn: str) -> Iterator[FormulaTable]:
    """A table of sample rows in PostgreSQL."""
    with formula_table(database_dsn) as opened:
        yield opened


def both_agree(table: FormulaTable, formula: str, rows: list[Row]) -> None:
    """Assert that both evaluators give the same for all rows."""
    expression = typed(formula)
    assert table.outcomes(expression, rows) == [in_memory(expression, row) for row in rows]


def both_read(table: FormulaTable, formula: str, rows: list[Row], wanted: Sequence[object]) -> None:
    """Assert what both evaluators give for all rows."""
    expression = typed(formula)
    assert [in_memory(expression, row) for row in rows] == wanted
    assert table.outcomes(expression, rows) == wanted


@pytest.mark.parametrize("formula", RULES)
def test_numbers_at_the_edges_have_one_outcome(table: FormulaTable, formula: str) -> None:
    rows: list[Row] = [{"n1": one, "n2": two} for one, two in product(NUMBERS, NUMBERS)]

    both_agree(table, formula, rows)


@pytest.mark.parametrize(
    "formula", ["0 ^ n1", "(-2) ^ n1", "n1 ^ -1", "n1 ^ 0.5", "MOD(5, n1)", "1000 ^ n1"]
)
def test_what_has_a_constant_argument_raises_no_error_beforehand(
    table: FormulaTable, formula: str
) -> None:
    rows: list[Row] = [{"n1": one} for one in NUMBERS]

    both_agree(table, formula, [{}, *rows])


parts = st.integers(-2, 35)
written = st.builds(
    "{}-{}-{}".format,
    st.sampled_from(
        ["1699", "1700", "1900", "2000", "2024", "2026", "4000", "4001", "204", "0000"]
    ),
    parts | st.integers(0, 12).map("{:02}".format),
    parts | st.integers(0, 31).map("{:02}".format),
)
clocks = st.builds(
    "{}:{}:{}{}".format,
    st.integers(0, 25),
    st.integers(0, 61).map("{:02}".format),
    st.integers(0, 61),
    st.sampled_from(["", ".0", ".123", ".12", ".1234", ",1", "Z", ".5Z", " "]),
)
texts = written | clocks | st.builds("{}{}{}".format, written, st.sampled_from(" T_"), clocks)


@settings(deadline=None, max_examples=25)
@given(rows=st.lists(texts.map(lambda text: {"t1": text}), min_size=50, max_size=100))
@pytest.mark.parametrize("formula", ["DATEVALUE(t1)", "DATETIMEVALUE(t1)", "TIMEVALUE(t1)"])
def test_texts_that_look_like_moments_are_read_alike(
    table: FormulaTable, formula: str, rows: list[Row]
) -> None:
    both_agree(table, formula, rows)


def test_every_day_of_leap_years_and_their_neighbours_is_read_from_its_text(
    table: FormulaTable,
) -> None:
    years = [1700, 1704, 1800, 1896, 1900, 1904, 1999, 2000, 2023, 2024, 2100, 3600, 3999, 4000]
    days = [date(year, 1, 1) + timedelta(days=number) for year in years for number in range(365)]
    rows: list[Row] = [{"t1": day.isoformat()} for day in days]

    both_read(table, "DATEVALUE(t1)", rows, days)


def test_days_that_no_month_has_fail_in_every_year(table: FormulaTable) -> None:
    years = range(FIRST_DAY.year - 1, LAST_DAY.year + 2)
    days = [(2, 29), (2, 30), (4, 31), (12, 31), (13, 1)]
    wanted = [(year, month, day) for year, (month, day) in product(years, days)]
    rows: list[Row] = [{"n1": year, "n2": month, "n3": day} for year, month, day in wanted]

    expected = [_date_or_failed(*numbers) for numbers in wanted]
    both_read(table, "DATE(n1, n2, n3)", rows, expected)


def _date_or_failed(year: int, month: int, day: int) -> object:
    try:
        found = date(year, month, day)
    except ValueError:
        return FAILED
    return found if FIRST_DAY <= found <= LAST_DAY else FAILED


FIRST_KNOWN = 1970
"""Of the years before, editions of the time zone database tell different things."""


@pytest.mark.parametrize("zone", ZONES)
def test_instants_around_changes_of_summer_time_show_on_the_same_clocks(
    table: FormulaTable, zone: str
) -> None:
    instants = [
        change + timedelta(minutes=minutes)
        for change in _changes(zone, FIRST_KNOWN, 2060)
        for minutes in (-61, -31, -30, -1, 0, 1, 30, 59, 60)
    ]
    rows: list[Row] = [
        {"i1": f"{instant.isoformat(timespec='milliseconds')}Z", "zone": zone}
        for instant in instants
    ]

    shown = [local(instant, zone) for instant in instants]
    both_read(table, "CONVERTTIMEZONE(i1)", rows, shown)
    both_read(table, "DATEVALUE(i1)", rows, [one.date() for one in shown])


def _changes(zone: str, first: int, last: int) -> list[datetime]:
    """Give the hours in which the clocks of a zone are changed, and one day that has no change."""
    hour = timedelta(hours=1)
    found, moment = [datetime(2026, 1, 1)], datetime(first, 1, 1)
    while moment.year < last:
        coming = moment + timedelta(days=20)
        if _offset(moment, zone) != _offset(coming, zone):
            while _offset(moment, zone) == _offset(moment + hour, zone):
                moment += hour
            found.append(moment + hour)
        moment = coming
    return found


def _offset(moment: datetime, zone: str) -> timedelta | None:
    return moment.replace(tzinfo=UTC).astimezone(zone_named(zone)).utcoffset()


_MONTHS = (-(10**9), -2_028_592, -90_000, -27_613, -13, -1, 0, 1, 2, 12, 30, 24_000, 27_613, 10**9)


def test_months_are_added_alike_at_the_ends_of_months(table: FormulaTable) -> None:
    days = [date(2023, 12, 27) + timedelta(days=number) for number in range(70)]
    rows: list[Row] = [
        {"d1": day.isoformat(), "i1": f"{day.isoformat()}T23:59:59.999Z", "n1": Decimal(months)}
        for day, months in product([*days, FIRST_DAY, LAST_DAY, date.min, date.max], _MONTHS)
    ]

    for formula in ("ADDMONTHS(d1, n1)", "ADDMONTHS(i1, n1)"):
        both_agree(table, formula, rows)


@pytest.mark.parametrize(
    "formula", ["FISCAL_YEAR(d1)", "FISCAL_QUARTER(d1)", "FISCAL_MONTH(d1)", "FISCAL_YEAR(i1)"]
)
def test_fiscal_years_begin_alike_in_any_month(table: FormulaTable, formula: str) -> None:
    days = [date(2024, 1, 31) + timedelta(days=10 * number) for number in range(40)]
    rows: list[Row] = [
        {"d1": f"{day}", "i1": f"{day}T10:00:00.000Z", "fiscal_month": Decimal(first)}
        for day, first in product(days, range(1, 13))
    ]

    both_agree(table, formula, rows)
