"""A plain reading of what conditions compare, after docs/guides/query_language.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from fieldstone.query_language.syntax import DateTimeValue, DateValue, Operator, RelativeDate, Text
from tests.support.naive_values import constant_of, folded, viewers_day


def _days(first: str, behind: str) -> tuple[date, date]:
    return date.fromisoformat(first), date.fromisoformat(behind)


# What relative dates are on Wednesday, 18 March 2026: the first day, and the day behind the last.
DAYS: Final[Mapping[RelativeDate, tuple[date, date]]] = {
    RelativeDate("YESTERDAY"): _days("2026-03-17", "2026-03-18"),
    RelativeDate("TODAY"): _days("2026-03-18", "2026-03-19"),
    RelativeDate("TOMORROW"): _days("2026-03-19", "2026-03-20"),
    RelativeDate("LAST_WEEK"): _days("2026-03-08", "2026-03-15"),
    RelativeDate("THIS_WEEK"): _days("2026-03-15", "2026-03-22"),
    RelativeDate("NEXT_WEEK"): _days("2026-03-22", "2026-03-29"),
    RelativeDate("LAST_MONTH"): _days("2026-02-01", "2026-03-01"),
    RelativeDate("THIS_MONTH"): _days("2026-03-01", "2026-04-01"),
    RelativeDate("NEXT_MONTH"): _days("2026-04-01", "2026-05-01"),
    RelativeDate("LAST_QUARTER"): _days("2025-10-01", "2026-01-01"),
    RelativeDate("THIS_FISCAL_QUARTER"): _days("2026-01-01", "2026-04-01"),
    RelativeDate("LAST_YEAR"): _days("2025-01-01", "2026-01-01"),
    RelativeDate("THIS_FISCAL_YEAR"): _days("2026-01-01", "2027-01-01"),
    RelativeDate("NEXT_YEAR"): _days("2027-01-01", "2028-01-01"),
    RelativeDate("LAST_90_DAYS"): _days("2025-12-18", "2026-03-19"),
    RelativeDate("NEXT_90_DAYS"): _days("2026-03-19", "2026-06-17"),
    RelativeDate("LAST_N_DAYS", 3): _days("2026-03-15", "2026-03-19"),
    RelativeDate("NEXT_N_DAYS", 3): _days("2026-03-19", "2026-03-22"),
    RelativeDate("N_DAYS_AGO", 1): _days("2026-03-17", "2026-03-18"),
    RelativeDate("LAST_N_WEEKS", 2): _days("2026-03-01", "2026-03-15"),
    RelativeDate("LAST_N_MONTHS", 2): _days("2026-01-01", "2026-03-01"),
    RelativeDate("N_MONTHS_AGO", 2): _days("2026-01-01", "2026-02-01"),
    RelativeDate("N_QUARTERS_AGO", 1): _days("2025-10-01", "2026-01-01"),
    RelativeDate("LAST_N_FISCAL_QUARTERS", 1): _days("2025-10-01", "2026-01-01"),
    RelativeDate("N_FISCAL_YEARS_AGO", 2): _days("2024-01-01", "2025-01-01"),
    RelativeDate("LAST_N_YEARS", 2): _days("2024-01-01", "2026-01-01"),
    RelativeDate("NEXT_N_YEARS", 1): _days("2027-01-01", "2028-01-01"),
}


def has_all(picked: list[str], member: object) -> bool:
    """Tell whether all parts of a text such as a;b are picked."""
    assert isinstance(member, Text)
    mine = {one.lower() for one in picked}
    return all(part.lower() in mine for part in member.value.split(";"))


def is_so(left: Any, sign: Operator, right: object) -> bool:
    """Compare with a constant; a day of the calendar and a relative date are spans of days."""
    if isinstance(right, RelativeDate):
        return _in_days(viewers_day(left), sign, *DAYS[right])
    if isinstance(right, DateValue):
        left = viewers_day(left)
    found = constant_of(right)
    if isinstance(right, DateTimeValue) and not isinstance(left, datetime):
        found = viewers_day(found)
    return compared(left, sign, found)


def _in_days(day: Any, sign: Operator, first: date, behind: date) -> bool:
    if day is None:
        return sign is Operator.NOT_EQUAL
    outcomes: dict[Operator, bool] = {
        Operator.EQUAL: first <= day < behind,
        Operator.NOT_EQUAL: not first <= day < behind,
        Operator.LESS: day < first,
        Operator.LESS_OR_EQUAL: day < behind,
        Operator.GREATER: day >= behind,
        Operator.GREATER_OR_EQUAL: day >= first,
    }
    return outcomes[sign]


def compared(left: Any, sign: Operator, right: Any) -> bool:
    """Compare two values; case does not count, and what is missing is only equal to itself."""
    left, right = folded(left), folded(right)
    if sign is Operator.EQUAL:
        return bool(left == right)
    if sign is Operator.NOT_EQUAL:
        return bool(left != right)
    if left is None or right is None:
        return False
    outcomes: dict[Operator, bool] = {
        Operator.LESS: left < right,
        Operator.LESS_OR_EQUAL: left <= right,
        Operator.GREATER: left > right,
        Operator.GREATER_OR_EQUAL: left >= right,
    }
    return outcomes[sign]


def regular(pattern: str) -> str:
    """Give the regular expression of a pattern of LIKE."""
    wild = {"%": ".*", "_": "."}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
