"""Text: one line, compared without regard to case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta
from sqlalchemy import ColumnElement

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_TEXT
from fieldstone.metadata.field_types.field_type import TEXTUAL, FieldType, Widget
from fieldstone.metadata.field_types.stored import StoredJson, folded
from fieldstone.metadata.slots import TEXT_SLOT_LENGTH, SlotKind
from fieldstone.metadata.values import Json, JsonSchema, fold

MAX_LENGTH = 4000


@dataclass(frozen=True, slots=True)
class TextOptions:
    """length: the most characters. case_sensitive: whether case tells unique values apart."""

    length: Annotated[int, Meta(ge=1, le=MAX_LENGTH)] = 255
    case_sensitive: bool = False


def check_text(value: Json, length: int | None = None) -> str:
    """Give value if it is a text that can be stored, of at most length characters.

    Raises BadValue.
    """
    if not isinstance(value, str):
        raise BadValue("This must be a text.", hint='Write it in quotes, such as "Acme".')
    if length is not None and len(value) > length:
        raise BadValue(
            f"This text has {len(value)} characters; at most {length} are allowed.",
            hint="Shorten it, or raise the length of the field.",
        )
    if "\x00" in value:
        raise BadValue("A text cannot hold the character NUL.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadValue("This text is not valid Unicode: it holds half of a pair.") from None
    return value


def one_line(text: str) -> str:
    """Give a text without blanks around it; line breaks become blanks."""
    lines = text.splitlines()
    return text.strip() if len(lines) < 2 else " ".join(line.strip() for line in lines).strip()


def read_stored_text(stored: Json) -> str:
    """Give a stored value that is a text."""
    assert isinstance(stored, str)
    return stored


class Text(FieldType[TextOptions, str]):
    """One line of text, such as a name; blanks around it are dropped and case does not count."""

    name = "text"
    label = "Text"
    options_class = TextOptions
    operators = TEXTUAL
    calculation = AS_TEXT
    slot = SlotKind.TEXT
    searchable = True

    def json_schema(self, options: TextOptions) -> JsonSchema:
        return {"type": "string", "maxLength": options.length}

    def accept(self, value: Json, options: TextOptions) -> str:
        return one_line(check_text(value, options.length))

    def parse(self, text: str, options: TextOptions) -> str:
        return self.accept(one_line(text), options)

    def accept_operand(self, value: Json, options: TextOptions) -> str:
        return one_line(check_text(value))

    def encode(self, value: str) -> str:
        return value

    def decode(self, stored: Json) -> str:
        return read_stored_text(stored)

    def slot_value(self, value: str, options: TextOptions) -> str:
        return fold(value)[:TEXT_SLOT_LENGTH]

    def sql(self, stored: StoredJson, options: TextOptions) -> ColumnElement[str]:
        return folded(stored)

    def sql_operand(self, value: str, options: TextOptions) -> str:
        return fold(value)

    def show(self, value: str, options: TextOptions) -> str:
        return value

    def widget(self, options: TextOptions) -> Widget:
        return Widget("line", {"maxlength": options.length})

    def describe(self, options: TextOptions) -> str:
        return f"Text({options.length})"
