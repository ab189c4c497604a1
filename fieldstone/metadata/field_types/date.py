"""Date: a day of the calendar, without a time and in no zone."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_DATE
from fieldstone.metadata.field_types.field_type import ORDERED, FieldType, NoOptions, Widget
from fieldstone.metadata.field_types.stored import StoredJson, exact
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonSchema, fold

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER_OF: Final = {fold(name): number for number, name in enumerate(MONTHS, 1)}
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEAR: Final = r"(?P<year>\d{4}|\d{2})"
_MIDNIGHT: Final = r"(?:[T ]0?0:00(?::00(?:\.0+)?)?Z?)?"
_WRITTEN: Final = tuple(
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (
        rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_MIDNIGHT}",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
        rf"(?P<month>\d{{1,2}})[/-](?P<day>\d{{1,2}})[/-]{_YEAR}{_MIDNIGHT}",
        rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.{_YEAR}",
        rf"(?P<month>[a-z]{{3,9}})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -](?P<month>[a-z]{{3,9}})\.?,?[ -]{_YEAR}",
    )
)
_LATEST_SHORT_YEAR: Final = 69
_MONTHS_IN_YEAR: Final = 12


def read_date(value: Json) -> date:
    """Give a JSON text such as 2026-01-31 as a date. Raises BadValue."""
    if isinstance(value, str) and _ISO.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise BadValue(f"There is no day {value}.") from None
    raise BadValue("This must be a date.", hint='Write it as year, month and day: "2026-01-31".')


def parse_date(text: str) -> date:
    """Read a date that a person wrote. Raises BadValue.

    Between slashes the month comes first, as in 1/31/2026, unless only the second number can be a
    month; between points the day comes first. A year of two digits is from 1970 to 2069.
    """
    plain = " ".join(text.split())
    for pattern in _WRITTEN:
        if match := pattern.fullmatch(plain):
            break
    else:
        raise BadValue(f"{text[:80]!r} is not a date.", hint="Write 2026-01-31.")
    month = _month(match["month"], text)
    day = int(match["day"])
    if month > _MONTHS_IN_YEAR >= day:
        month, day = day, month
    try:
        return date(_year(match["year"]), month, day)
    except ValueError:
        raise BadValue(f"There is no day {text[:80]}.", hint="Write 2026-01-31.") from None


def _month(written: str, text: str) -> int:
    if written.isdigit():
        return int(written)
    number = _NUMBER_OF.get(fold(written)[:3])
    if number is None:
        raise BadValue(f"{text[:80]!r} names no month.", hint="Write 2026-01-31.")
    return number


def _year(written: str) -> int:
    year = int(written)
    if len(written) > 2:
        return year
    return year + (2000 if year <= _LATEST_SHORT_YEAR else 1900)


def show_date(value: date) -> str:
    """Give a date as a person reads it: Jan 31, 2026."""
    return f"{MONTHS[value.month - 1]} {value.day}, {value.year:04d}"


class Date(FieldType[NoOptions, date]):
    """A day, such as a birthday or the day a deal closes."""

    name = "date"
    label = "Date"
    operators = ORDERED
    calculation = AS_DATE
    slot = SlotKind.TIME

    def json_schema(self, options: NoOptions) -> JsonSchema:
        return {"type": "string", "format": "date"}

    def accept(self, value: Json, options: NoOptions) -> date:
        return read_date(value)

    def parse(self, text: str, options: NoOptions) -> date:
        return parse_date(text)

    def encode(self, value: date) -> str:
        return value.isoformat()

    def decode(self, stored: Json) -> date:
        assert isinstance(stored, str)
        return date.fromisoformat(stored)

    def slot_value(self, value: date, options: NoOptions) -> datetime:
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a day has no zone

    def sql(self, stored: StoredJson, options: NoOptions) -> ColumnElement[str]:
        return exact(stored)

    def sql_operand(self, value: date, options: NoOptions) -> str:
        return value.isoformat()

    def show(self, value: date, options: NoOptions) -> str:
        return show_date(value)

    def widget(self, options: NoOptions) -> Widget:
        return Widget("date")
