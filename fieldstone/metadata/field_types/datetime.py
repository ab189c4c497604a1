"""Datetime: an instant, kept in UTC to the millisecond, in text of one width.

The stored text is always 2026-01-31T14:30:00.000Z, so that the order of texts is that of instants.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import Final

from sqlalchemy import ColumnElement

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_DATETIME
from fieldstone.metadata.field_types.date import parse_date, read_date, show_date
from fieldstone.metadata.field_types.field_type import ORDERED, FieldType, NoOptions, Widget
from fieldstone.metadata.field_types.stored import StoredJson, exact
from fieldstone.metadata.field_types.time import parse_time
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonSchema

_HINT: Final = 'Write it with its zone: "2026-01-31T14:30:00Z" or "2026-01-31T15:30:00+01:00".'
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WRITTEN: Final = re.compile(
    r"(?P<day>.*?\d),? +(?:at +)?(?P<time>\d{1,2}(?::.*| ?[ap]\.?m\.?))", re.IGNORECASE
)
_ZONES: Final = re.compile(r" *(?:UTC|GMT|Z)$", re.IGNORECASE)


def to_utc(instant: datetime) -> datetime:
    """Give an aware instant in UTC, cut to whole milliseconds. Raises BadValue."""
    try:
        moved = instant.astimezone(UTC)
    except (OverflowError, ValueError):
        raise BadValue("This instant lies outside the years 1 to 9999.") from None
    return moved.replace(microsecond=moved.microsecond // 1000 * 1000)


def read_instant(value: Json) -> datetime:
    """Give a JSON text in ISO 8601 with a zone as an instant. Raises BadValue."""
    if not isinstance(value, str):
        raise BadValue("This must be a date with a time.", hint=_HINT)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise BadValue(f"{value[:80]!r} is not a date with a time.", hint=_HINT) from None
    if found.tzinfo is None:
        raise BadValue(f"{value[:80]!r} names no time zone.", hint=_HINT)
    return to_utc(found)


def write_instant(instant: datetime) -> str:
    """Give an instant in UTC as it is stored: 2026-01-31T14:30:00.000Z."""
    return instant.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_instant(text: str) -> datetime:
    """Read a date with a time that a person wrote; without a zone it is in UTC. Raises BadValue."""
    plain = text.strip()
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        found = _parse_written(_ZONES.sub("", plain))
    return to_utc(found if found.tzinfo else found.replace(tzinfo=UTC))


def _parse_written(plain: str) -> datetime:
    match = _WRITTEN.fullmatch(plain)
    if match is None:
        return datetime.combine(parse_date(plain), time())
    return datetime.combine(parse_date(match["day"]), parse_time(match["time"]))


class Datetime(FieldType[NoOptions, datetime]):
    """An instant, such as the start of a meeting."""

    name = "datetime"
    label = "Date/time"
    operators = ORDERED
    calculation = AS_DATETIME
    slot = SlotKind.TIME

    def json_schema(self, options: NoOptions) -> JsonSchema:
        return {"type": "string", "format": "date-time"}

    def accept(self, value: Json, options: NoOptions) -> datetime:
        return read_instant(value)

    def parse(self, text: str, options: NoOptions) -> datetime:
        return parse_instant(text)

    def accept_operand(self, value: Json, options: NoOptions) -> datetime:
        """A day alone stands for its first instant in UTC."""
        if isinstance(value, str) and _DAY.fullmatch(value):
            return datetime.combine(read_date(value), time(), UTC)
        return read_instant(value)

    def encode(self, value: datetime) -> str:
        return write_instant(value)

    def decode(self, stored: Json) -> datetime:
        assert isinstance(stored, str)
        return datetime.fromisoformat(stored)

    def slot_value(self, value: datetime, options: NoOptions) -> datetime:
        return value.replace(tzinfo=None)

    def sql(self, stored: StoredJson, options: NoOptions) -> ColumnElement[str]:
        return exact(stored)

    def sql_operand(self, value: datetime, options: NoOptions) -> str:
        return write_instant(value)

    def show(self, value: datetime, options: NoOptions) -> str:
        return f"{show_date(value)}, {value:%H:%M} UTC"

    def widget(self, options: NoOptions) -> Widget:
        return Widget("datetime")
