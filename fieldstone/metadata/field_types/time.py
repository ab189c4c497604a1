"""Time: a time of day, to the millisecond and in no zone."""

from __future__ import annotations

import re
from datetime import time
from typing import Final

from sqlalchemy import ColumnElement

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_TIME
from fieldstone.metadata.field_types.field_type import ORDERED, FieldType, NoOptions, Widget
from fieldstone.metadata.field_types.stored import StoredJson, exact
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonSchema

_ISO: Final = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?", re.ASCII)
_WRITTEN: Final = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<part>\d{1,9}))?)?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?",
    re.ASCII | re.IGNORECASE,
)
_NOON: Final = 12


def parse_time(text: str) -> time:
    """Read a time of day that a person wrote: 14:30, 2:30 pm or 2 pm. Raises BadValue."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None or not (match["minute"] or match["half"]):
        raise BadValue(f"{text[:80]!r} is not a time of day.", hint="Write 14:30.")
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= _NOON:
            raise BadValue(f"There is no time {text[:80]}.", hint="Write 14:30.")
        hour = hour % _NOON + (_NOON if match["half"] in "pP" else 0)
    thousandths = int((match["part"] or "0").ljust(3, "0")[:3])
    try:
        return time(hour, int(match["minute"] or 0), int(match["second"] or 0), thousandths * 1000)
    except ValueError:
        raise BadValue(f"There is no time {text[:80]}.", hint="Write 14:30.") from None


class Time(FieldType[NoOptions, time]):
    """A time of day, such as when a shop opens."""

    name = "time"
    label = "Time"
    operators = ORDERED
    calculation = AS_TIME
    slot = SlotKind.TEXT

    def json_schema(self, options: NoOptions) -> JsonSchema:
        return {"type": "string", "pattern": r"^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?$"}

    def accept(self, value: Json, options: NoOptions) -> time:
        if not isinstance(value, str) or not _ISO.fullmatch(value):
            raise BadValue("This must be a time of day.", hint='Write it as "14:30:00".')
        return parse_time(value)

    def parse(self, text: str, options: NoOptions) -> time:
        return parse_time(text)

    def encode(self, value: time) -> str:
        return value.isoformat(timespec="milliseconds")

    def decode(self, stored: Json) -> time:
        assert isinstance(stored, str)
        return time.fromisoformat(stored)

    def slot_value(self, value: time, options: NoOptions) -> str:
        return value.isoformat(timespec="milliseconds")

    def sql(self, stored: StoredJson, options: NoOptions) -> ColumnElement[str]:
        return exact(stored)

    def show(self, value: time, options: NoOptions) -> str:
        if value.microsecond:
            return value.isoformat(timespec="milliseconds")
        return value.isoformat(timespec="seconds" if value.second else "minutes")

    def widget(self, options: NoOptions) -> Widget:
        return Widget("time")
