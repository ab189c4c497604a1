"""Instants as the clocks of a zone show them, in memory and in SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, cast, func

from fieldstone.clock import zone_named
from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import SQL_TYPES
from fieldstone.query_language.formula.typed import Failed
from fieldstone.query_language.functions.guarded import within
from fieldstone.query_language.functions.moments import FIRST_DAY, LAST_DAY

OUTSIDE: Final = "The date lies outside the years 1700 to 4000."
"""Why moments that formulas do not have fail."""

_DAY: Final = timedelta(days=1)
_BEFORE: Final = datetime.combine(FIRST_DAY - _DAY, time(23, 59, 59, 999_000))
_BEHIND: Final = datetime.combine(LAST_DAY + _DAY, time())


def local(instant: datetime, zone: str) -> datetime:
    """Give what the clocks of a zone show at an instant. Raises Failed."""
    try:
        found = instant.replace(tzinfo=UTC).astimezone(zone_named(zone)).replace(tzinfo=None)
    except OverflowError:
        raise Failed(OUTSIDE) from None
    return moment_in_years(found)


def local_sql(instant: ColumnElement[Any], zone: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the same in SQL, null outside the years of formulas."""
    moved = func.timezone(zone, func.timezone(constant("UTC"), instant))
    return moment_in_years_sql(cast(moved, SQL_TYPES[Kind.DATETIME]))


def moment_in_years(moment: datetime) -> datetime:
    """Give a moment that lies in the years of formulas. Raises Failed."""
    if not _BEFORE < moment < _BEHIND:
        raise Failed(OUTSIDE)
    return moment


def moment_in_years_sql(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the same in SQL, null in place of failing."""
    return within(moment, _constant(_BEFORE, Kind.DATETIME), _constant(_BEHIND, Kind.DATETIME))


def _constant(moment: date, kind: Kind) -> ColumnElement[Any]:
    return cast(constant(str(moment)), SQL_TYPES[kind])
