"""Auto-number: a text that counts up with every record, made by the engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from msgspec import Meta
from sqlalchemy import ColumnElement

from fieldstone.metadata.calculation import AS_TEXT
from fieldstone.metadata.field_types.field_type import TEXTUAL, BadOption, FieldType, Widget
from fieldstone.metadata.field_types.stored import StoredJson, folded
from fieldstone.metadata.field_types.text import check_text, one_line, read_stored_text
from fieldstone.metadata.slots import TEXT_SLOT_LENGTH, SlotKind
from fieldstone.metadata.values import Json, JsonSchema, fold

MAX_RENDERED_LENGTH: Final = 80
_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_DIGITS: Final = re.compile("0{1,18}")
_DATES: Final = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d"}


@dataclass(frozen=True, slots=True)
class AutoNumberOptions:
    """format: the text, with {0000} where the number stands, at least as many digits as zeros.

    {YYYY}, {YY}, {MM} and {DD} give the day in UTC. start: the number of the first record.
    """

    format: Annotated[str, Meta(min_length=3, max_length=40)] = "{00000}"
    start: Annotated[int, Meta(ge=0, le=10**15)] = 1

    def __post_init__(self) -> None:
        places = _PLACE.findall(self.format)
        strange = next((p for p in places if p not in _DATES and not _DIGITS.fullmatch(p)), None)
        left_over = _PLACE.sub("", self.format)
        if strange is not None or "{" in left_over or "}" in left_over:
            raise BadOption(
                f"The format {self.format} holds a place that is not known.",
                at="/format",
                hint="Places are {0000}, {YYYY}, {YY}, {MM} and {DD}.",
            )
        if sum(bool(_DIGITS.fullmatch(place)) for place in places) != 1:
            raise BadOption(
                f"The format {self.format} must hold the number once.",
                at="/format",
                hint="Write it like INV-{0000}.",
            )
        if self.format != one_line(self.format):
            raise BadOption("The format has blanks around it.", at="/format")


class AutoNumber(FieldType[AutoNumberOptions, str]):
    """A running number with text around it, such as INV-0042; only the engine writes it."""

    name = "auto_number"
    label = "Auto-number"
    options_class = AutoNumberOptions
    operators = TEXTUAL
    calculation = AS_TEXT
    slot = SlotKind.TEXT
    searchable = True
    read_only = True

    def render(self, number: int, options: AutoNumberOptions, on: date) -> str:
        """Give the text of a number for a record that is made on a day."""

        def fill(place: re.Match[str]) -> str:
            said = place[1]
            return f"{on:{_DATES[said]}}" if said in _DATES else str(number).zfill(len(said))

        return _PLACE.sub(fill, options.format)

    def json_schema(self, options: AutoNumberOptions) -> JsonSchema:
        return {"type": "string", "maxLength": MAX_RENDERED_LENGTH, "readOnly": True}

    def accept(self, value: Json, options: AutoNumberOptions) -> str:
        return one_line(check_text(value, MAX_RENDERED_LENGTH))

    def parse(self, text: str, options: AutoNumberOptions) -> str:
        return self.accept(one_line(text), options)

    def encode(self, value: str) -> str:
        return value

    def decode(self, stored: Json) -> str:
        return read_stored_text(stored)

    def slot_value(self, value: str, options: AutoNumberOptions) -> str:
        return fold(value)[:TEXT_SLOT_LENGTH]

    def sql(self, stored: StoredJson, options: AutoNumberOptions) -> ColumnElement[str]:
        return folded(stored)

    def sql_operand(self, value: str, options: AutoNumberOptions) -> str:
        return fold(value)

    def show(self, value: str, options: AutoNumberOptions) -> str:
        return value

    def widget(self, options: AutoNumberOptions) -> Widget:
        return Widget("read_only")

    def describe(self, options: AutoNumberOptions) -> str:
        return f"Auto-number {options.format}"
