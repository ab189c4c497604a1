"""Relative dates: which days THIS_MONTH, LAST_N_DAYS:30 and their like mean today.

Days are given half open: from the first day up to, not including, the second. As in SOQL, weeks
begin on Sunday, LAST_N_DAYS:n is today and the n days before it, and LAST_N_WEEKS:n and the longer
ones end before the current week, month, quarter or year begins. N_x_AGO:n is one week,
month, quarter or year. NEXT_N_DAYS:n begins tomorrow. Days outside the years 1 to 9999 are cut.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from fieldstone.query_language.plan import Moment
from fieldstone.query_language.syntax import RelativeDate

_PARTS: Final = re.compile(
    r"(?P<way>LAST_N|NEXT_N|LAST|THIS|NEXT|N)_"
    r"(?P<unit>DAY|WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR)S?(?P<ago>_AGO)?"
)
_MONTHS: Final = {"MONTH": 1, "QUARTER": 3, "YEAR": 12, "FISCAL_QUARTER": 3, "FISCAL_YEAR": 12}
_NAMED_DAYS: Final = {
    "YESTERDAY": (-1, 0),
    "TODAY": (0, 1),
    "TOMORROW": (1, 2),
    "LAST_90_DAYS": (-90, 1),
    "NEXT_90_DAYS": (1, 91),
}
_PERIODS: Final = ("WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR")
PLAIN_NAMES: Final = (
    *_NAMED_DAYS,
    *(f"{way}_{unit}" for unit in _PERIODS for way in ("LAST", "THIS", "NEXT")),
)
"""The relative dates that stand alone."""

COUNTED_NAMES: Final = tuple(
    name
    for unit in ("DAY", *_PERIODS)
    for name in (f"LAST_N_{unit}S", f"NEXT_N_{unit}S", f"N_{unit}S_AGO")
)
"""The relative dates with a number behind them."""

_DAYS_IN_WEEK: Final = 7
_MONTHS_IN_YEAR: Final = 12


def today_of(moment: Moment) -> date:
    """Give the viewer's day."""
    return moment.now.astimezone(moment.zone).date()


def days_of(relative: RelativeDate, moment: Moment) -> tuple[date, date]:
    """Give the days that a relative date means, the second not included."""
    today = today_of(moment)
    if relative.name in _NAMED_DAYS:
        first, behind = _NAMED_DAYS[relative.name]
        return _day(today, first), _day(today, behind)
    parts = _PARTS.fullmatch(relative.name)
    assert parts is not None, relative.name
    way, unit, count = parts["way"], parts["unit"], relative.count or 0
    if unit == "DAY":
        first, behind = _day_steps(way, count)
        return _day(today, first), _day(today, behind)
    first, behind = _steps(way, count)
    if unit == "WEEK":
        sunday = _day(today, -(today.isoweekday() % _DAYS_IN_WEEK))
        return _day(sunday, first * _DAYS_IN_WEEK), _day(sunday, behind * _DAYS_IN_WEEK)
    month, length = _first_month(today, unit, moment.fiscal_month), _MONTHS[unit]
    return _month(month + first * length), _month(month + behind * length)


def start_of(day: date, moment: Moment) -> datetime:
    """Give the instant at which a day of the viewer begins."""
    local = datetime.combine(day, time(), moment.zone)
    try:
        return local.astimezone(UTC)
    except OverflowError:
        return local.replace(tzinfo=UTC)


def _steps(way: str, count: int) -> tuple[int, int]:
    """Give first and last (not included) in units from the current one."""
    return {
        "LAST": (-1, 0),
        "THIS": (0, 1),
        "NEXT": (1, 2),
        "LAST_N": (-count, 0),
        "NEXT_N": (1, 1 + count),
        "N": (-count, 1 - count),
    }[way]


def _day_steps(way: str, count: int) -> tuple[int, int]:
    if way == "LAST_N":
        return -count, 1
    return _steps(way, count)


def _first_month(today: date, unit: str, fiscal_month: int) -> int:
    """Give the first month of the current unit, counted from January of the year 0."""
    shift = fiscal_month - 1 if unit.startswith("FISCAL") else 0
    month = today.year * _MONTHS_IN_YEAR + today.month - 1 - shift
    return month - month % _MONTHS[unit] + shift


def _month(month: int) -> date:
    year, index = divmod(month, _MONTHS_IN_YEAR)
    if year < date.min.year:
        return date.min
    return date.max if year > date.max.year else date(year, index + 1, 1)


def _day(day: date, step: int) -> date:
    try:
        return day + timedelta(days=step)
    except OverflowError:
        return date.max if step > 0 else date.min
