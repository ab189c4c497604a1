"""Rich text: HTML of which only harmless tags and addresses are kept."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Annotated, Final

import nh3
from msgspec import Meta
from sqlalchemy import ColumnElement, Text, func

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_TEXT
from fieldstone.metadata.field_types.field_type import FieldType, Widget
from fieldstone.metadata.field_types.long_text import MAX_LONG_LENGTH, tidy_lines
from fieldstone.metadata.field_types.stored import StoredJson, constant, folded
from fieldstone.metadata.field_types.text import check_text, read_stored_text
from fieldstone.metadata.values import Json, JsonSchema, fold

_MOST_ROUNDS: Final = 5
_NAMED_SIGNS: Final = (("lt", "<"), ("gt", ">"), ("quot", '"'), ("nbsp", " "), ("amp", "&"))
_BREAKS: Final = re.compile(r"(?i)<(?:br|/p|/div|/li|/h[1-6]|/tr|/blockquote)\b[^>]*>")
_BLANKS: Final = re.compile(r"[^\S\n]+|\s*\n\s*")


@dataclass(frozen=True, slots=True)
class RichTextOptions:
    """length: the most characters, tags included."""

    length: Annotated[int, Meta(ge=1, le=MAX_LONG_LENGTH)] = 32_768


def clean_html(text: str) -> str:
    """Give the harmless part of some HTML, such that cleaning it again changes nothing.

    Raises BadValue if that is not reached within a few rounds, which only crafted input does.
    """
    for _ in range(_MOST_ROUNDS):
        cleaned = tidy_lines(nh3.clean(text))
        if cleaned == text:
            return cleaned
        text = cleaned
    raise BadValue("This rich text is nested in a way that cannot be cleaned safely.")


def plain_of_html(text: str) -> str:
    """Give the words of some HTML as plain text; paragraphs and list items end lines."""
    bare = html.unescape(nh3.clean(_BREAKS.sub("\n", text), tags=set()))
    return _BLANKS.sub(lambda run: "\n" if "\n" in run[0] else " ", bare).strip()


class RichText(FieldType[RichTextOptions, str]):
    """Text with headings, lists and links, such as a letter; scripts and styles are dropped."""

    name = "rich_text"
    label = "Rich text"
    options_class = RichTextOptions
    calculation = AS_TEXT
    searchable = True
    long = True

    def json_schema(self, options: RichTextOptions) -> JsonSchema:
        return {"type": "string", "maxLength": options.length, "contentMediaType": "text/html"}

    def accept(self, value: Json, options: RichTextOptions) -> str:
        cleaned = clean_html(check_text(value, options.length))
        return check_text(cleaned, options.length)

    def parse(self, text: str, options: RichTextOptions) -> str:
        return self.accept(text, options)

    def encode(self, value: str) -> str:
        return value

    def decode(self, stored: Json) -> str:
        return read_stored_text(stored)

    def sql(self, stored: StoredJson, options: RichTextOptions) -> ColumnElement[str]:
        return folded(stored)

    def sql_operand(self, value: str, options: RichTextOptions) -> str:
        return fold(value)

    def show(self, value: str, options: RichTextOptions) -> str:
        return plain_of_html(value)

    def search_sql(self, stored: StoredJson, options: RichTextOptions) -> ColumnElement[str]:
        blank, every = constant(" "), constant("g")
        found = func.regexp_replace(stored.astext, constant("<[^>]*>"), blank, every, type_=Text())
        for name, sign in _NAMED_SIGNS:
            found = func.replace(found, constant(f"&{name};"), constant(sign), type_=Text())
        return found

    def widget(self, options: RichTextOptions) -> Widget:
        return Widget("rich_text", {"maxlength": options.length})
