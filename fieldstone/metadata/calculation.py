"""How formulas see the values of fields: a kind each, read from stored JSON in Python and in SQL.

What both give is the same value. Texts are never null: a text that is not there is empty, and a
checkbox that is not there is false. Every other kind has None, null in SQL, for no value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Numeric, String, false, func
from sqlalchemy import Date as SqlDate
from sqlalchemy import DateTime as SqlDateTime
from sqlalchemy import Time as SqlTime
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.field_types.stored import StoredJson, constant, member
from fieldstone.metadata.values import Json


class Kind(StrEnum):
    """What sort of value an expression has; the value is its name for callers."""

    TEXT = "text"
    NUMBER = "number"
    CURRENCY = "currency"
    PERCENT = "percent"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    CHOICE = "picklist"
    CHOICES = "multi-select picklist"
    ID = "id"
    PLACE = "geolocation"
    NOTHING = "null"

    @property
    def is_number(self) -> bool:
        """Whether one calculates with it: percents count as shares of one."""
        return self in _NUMBERS

    @property
    def is_text(self) -> bool:
        """Whether it is compared and joined as text."""
        return self in _TEXTS

    @property
    def is_never_null(self) -> bool:
        """Whether there is always a value, so that null in SQL means that something failed."""
        return self in _TEXTS or self is Kind.BOOLEAN or self is Kind.CHOICES


_NUMBERS: Final = frozenset({Kind.NUMBER, Kind.CURRENCY, Kind.PERCENT})
_TEXTS: Final = frozenset({Kind.TEXT, Kind.CHOICE, Kind.ID})

GIVEN: Final = _NUMBERS | {Kind.TEXT, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME, Kind.TIME}
"""The kinds that the formula of a field may give."""

Place = tuple[Decimal, Decimal]
Value = None | str | Decimal | bool | date | datetime | time | tuple[str, ...] | Place
"""What an expression may have. Instants are in UTC and know no zone; a place is latitude first."""


@dataclass(frozen=True, slots=True)
class Calculation:
    """How the values of a field type enter a formula.

    read: gives the value of stored JSON, None where there is none. sql: gives the same in SQL.
    """

    kind: Kind
    read: Callable[[Json], Value]
    sql: Callable[[StoredJson], ColumnElement[Any]]

    def write(self, value: Value) -> Json:
        """Give the JSON of a value of this kind; None where it stands for no value."""
        if value is None or value in {"", ()}:
            return None
        if self.kind is Kind.PERCENT:
            assert isinstance(value, Decimal)
            return value.scaleb(2)
        return _MOMENTS.get(self.kind, _plain)(value)


def _plain(value: Any) -> Json:
    """Give a value that is JSON already, or a place or set of such. Any: it is told by its kind."""
    if not isinstance(value, tuple):
        plain: Json = value
        return plain
    if all(isinstance(one, str) for one in value):
        return list(value)
    return dict(zip(("latitude", "longitude"), value, strict=True))


_MOMENTS: Final[Mapping[Kind, Callable[[Any], Json]]] = {
    Kind.DATE: date.isoformat,
    Kind.DATETIME: lambda value: f"{value.isoformat(timespec='milliseconds')}Z",
    Kind.TIME: lambda value: value.isoformat(timespec="milliseconds"),
}


def _text(stored: Json) -> Value:
    return stored if isinstance(stored, str) else ""


def _number(stored: Json) -> Value:
    return Decimal(stored) if isinstance(stored, int | Decimal) else None


def _share(stored: Json) -> Value:
    return Decimal(stored).scaleb(-2) if isinstance(stored, int | Decimal) else None


def _date(stored: Json) -> Value:
    return date.fromisoformat(stored) if isinstance(stored, str) else None


def _instant(stored: Json) -> Value:
    if not isinstance(stored, str):
        return None
    return datetime.fromisoformat(stored).replace(tzinfo=None)


def _time(stored: Json) -> Value:
    return time.fromisoformat(stored) if isinstance(stored, str) else None


def _choices(stored: Json) -> Value:
    return tuple(str(one) for one in stored) if isinstance(stored, list | tuple) else ()


def _place(stored: Json) -> Value:
    if not isinstance(stored, Mapping):
        return None
    latitude, longitude = _number(stored.get("latitude")), _number(stored.get("longitude"))
    if not isinstance(latitude, Decimal) or not isinstance(longitude, Decimal):
        return None
    return latitude, longitude


def _text_sql(stored: StoredJson) -> ColumnElement[Any]:
    return func.coalesce(stored.astext, constant(""), type_=String())


def _number_sql(stored: StoredJson) -> ColumnElement[Any]:
    return sql_cast(stored.astext, Numeric)


def _share_sql(stored: StoredJson) -> ColumnElement[Any]:
    return sql_cast(stored.astext, Numeric) * sql_cast(constant("0.01"), Numeric)


def _boolean_sql(stored: StoredJson) -> ColumnElement[Any]:
    return func.coalesce(stored.astext == constant("true"), false())


def _date_sql(stored: StoredJson) -> ColumnElement[Any]:
    return sql_cast(stored.astext, SqlDate)


def _instant_sql(stored: StoredJson) -> ColumnElement[Any]:
    # Instants are stored in UTC with a Z behind them, which a timestamp without zone leaves out.
    return sql_cast(stored.astext, SqlDateTime)


def _time_sql(stored: StoredJson) -> ColumnElement[Any]:
    return sql_cast(stored.astext, SqlTime)


def _choices_sql(stored: StoredJson) -> ColumnElement[Any]:
    return func.coalesce(stored, sql_cast(constant("[]"), JSONB), type_=JSONB())


def _whole_sql(stored: StoredJson) -> ColumnElement[Any]:
    assert isinstance(stored, ColumnElement)
    return stored


AS_TEXT: Final = Calculation(Kind.TEXT, _text, _text_sql)
AS_NUMBER: Final = Calculation(Kind.NUMBER, _number, _number_sql)
AS_CURRENCY: Final = Calculation(Kind.CURRENCY, _number, _number_sql)
AS_PERCENT: Final = Calculation(Kind.PERCENT, _share, _share_sql)
AS_BOOLEAN: Final = Calculation(Kind.BOOLEAN, lambda stored: stored is True, _boolean_sql)
AS_DATE: Final = Calculation(Kind.DATE, _date, _date_sql)
AS_DATETIME: Final = Calculation(Kind.DATETIME, _instant, _instant_sql)
AS_TIME: Final = Calculation(Kind.TIME, _time, _time_sql)
AS_CHOICE: Final = Calculation(Kind.CHOICE, _text, _text_sql)
AS_CHOICES: Final = Calculation(Kind.CHOICES, _choices, _choices_sql)
AS_ID: Final = Calculation(Kind.ID, _text, _text_sql)
AS_PLACE: Final = Calculation(Kind.PLACE, _place, _whole_sql)


def text_part(name: str) -> Calculation:
    """Give how a text within a value, such as the city of an address, enters a formula."""

    def read(stored: Json) -> Value:
        return _text(stored.get(name)) if isinstance(stored, Mapping) else ""

    def sql(stored: StoredJson) -> ColumnElement[Any]:
        return func.coalesce(member(stored, name), constant(""), type_=String())

    return Calculation(Kind.TEXT, read, sql)


def number_part(name: str) -> Calculation:
    """Give how a number within a value, such as a latitude, enters a formula."""

    def read(stored: Json) -> Value:
        return _number(stored.get(name)) if isinstance(stored, Mapping) else None

    def sql(stored: StoredJson) -> ColumnElement[Any]:
        return sql_cast(member(stored, name), Numeric)

    return Calculation(Kind.NUMBER, read, sql)
