"""Days, instants and times that are written in a text, told by patterns alone.

A pattern matches only what there is, leap days included, so that PostgreSQL reads what it matches
without an error, and Python and PostgreSQL read the same.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import ColumnElement, cast, func

from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import SQL_TYPES
from fieldstone.query_language.formula.typed import Failed

_YEAR: Final = "(?:1[7-9][0-9][0-9]|[23][0-9][0-9][0-9]|4000)"
_LEAP_YEAR: Final = (
    "(?:(?:1[7-9]|[23][0-9])(?:0[48]|[2468][048]|[13579][26])|(?:2000|2400|2800|3200|3600|4000))"
)
_LONG_MONTH: Final = "(?:0?[13578]|1[02])-(?:0?[1-9]|[12][0-9]|3[01])"
_SHORT_MONTH: Final = "(?:0?[469]|11)-(?:0?[1-9]|[12][0-9]|30)"
_FEBRUARY: Final = "0?2-(?:0?[1-9]|1[0-9]|2[0-8])"
_DAY: Final = f"(?:{_YEAR}-(?:{_LONG_MONTH}|{_SHORT_MONTH}|{_FEBRUARY})|{_LEAP_YEAR}-0?2-29)"
_TIME: Final = "(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](?:[.][0-9][0-9]?[0-9]?)?"
_INSTANT: Final = f"{_DAY}[ T]{_TIME}Z?"
_PYTHON: Final = {pattern: re.compile(pattern) for pattern in (_DAY, _TIME, _INSTANT)}


def day_of_text(text: str) -> date:
    """Give the day that a text is written as: 2026-01-31. Raises Failed."""
    _check(text, _DAY, "The text is not a date such as 2026-01-31.")
    return _day(text)


def instant_of_text(text: str) -> datetime:
    """Give the instant in UTC that a text is written as: 2026-01-31 14:30:00. Raises Failed."""
    _check(text, _INSTANT, "The text is not a date with a time such as 2026-01-31 14:30:00.")
    day, moment = re.split("[ T]", text.removesuffix("Z"))
    return datetime.combine(_day(day), _time(moment))


def time_of_text(text: str) -> time:
    """Give the time that a text is written as: 14:30:00.000. Raises Failed."""
    _check(text, _TIME, "The text is not a time such as 14:30:00.000.")
    return _time(text)


def day_of_text_sql(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the day that a text is written as, null for another text."""
    return _read_sql(text, _DAY, Kind.DATE)


def instant_of_text_sql(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the instant that a text is written as, null for another text."""
    return _read_sql(text, _INSTANT, Kind.DATETIME)


def time_of_text_sql(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the time that a text is written as, null for another text."""
    return _read_sql(text, _TIME, Kind.TIME)


def _check(text: str, pattern: str, why: str) -> None:
    if _PYTHON[pattern].fullmatch(text) is None:
        raise Failed(why)


def _day(text: str) -> date:
    year, month, day = (int(part) for part in text.split("-"))
    return date(year, month, day)


def _time(text: str) -> time:
    hour, minute, second = text.split(":")
    whole, _, part = second.partition(".")
    return time(int(hour), int(minute), int(whole), int(part.ljust(6, "0")))


def _read_sql(text: ColumnElement[Any], pattern: str, kind: Kind) -> ColumnElement[Any]:
    return cast(func.substring(text, constant(f"^{pattern}$")), SQL_TYPES[kind])
