"""Long text: many lines, kept beside the record so that its row stays small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta
from sqlalchemy import ColumnElement

from fieldstone.metadata.calculation import AS_TEXT
from fieldstone.metadata.field_types.field_type import FieldType, Operator, Widget
from fieldstone.metadata.field_types.stored import StoredJson, folded
from fieldstone.metadata.field_types.text import check_text, read_stored_text
from fieldstone.metadata.values import Json, JsonSchema, fold

MAX_LONG_LENGTH: Final = 131_072


@dataclass(frozen=True, slots=True)
class LongTextOptions:
    """length: the most characters. lines: how many are seen at once where it is edited."""

    length: Annotated[int, Meta(ge=1, le=MAX_LONG_LENGTH)] = 32_768
    lines: Annotated[int, Meta(ge=2, le=50)] = 5


def tidy_lines(text: str) -> str:
    """Give a text with line feeds as line ends and nothing but text at both ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


class LongText(FieldType[LongTextOptions, str]):
    """Many lines of text, such as a description; found by LIKE and by search, not sorted by."""

    name = "long_text"
    label = "Long text"
    options_class = LongTextOptions
    operators = frozenset({Operator.LIKE})
    calculation = AS_TEXT
    searchable = True
    long = True

    def json_schema(self, options: LongTextOptions) -> JsonSchema:
        return {"type": "string", "maxLength": options.length}

    def accept(self, value: Json, options: LongTextOptions) -> str:
        return tidy_lines(check_text(value, options.length))

    def parse(self, text: str, options: LongTextOptions) -> str:
        return self.accept(tidy_lines(text), options)

    def accept_operand(self, value: Json, options: LongTextOptions) -> str:
        return tidy_lines(check_text(value))

    def encode(self, value: str) -> str:
        return value

    def decode(self, stored: Json) -> str:
        return read_stored_text(stored)

    def sql(self, stored: StoredJson, options: LongTextOptions) -> ColumnElement[str]:
        return folded(stored)

    def sql_operand(self, value: str, options: LongTextOptions) -> str:
        return fold(value)

    def show(self, value: str, options: LongTextOptions) -> str:
        return value

    def widget(self, options: LongTextOptions) -> Widget:
        return Widget("lines", {"maxlength": options.length, "lines": options.lines})

    def describe(self, options: LongTextOptions) -> str:
        return f"Long text({options.length})"
