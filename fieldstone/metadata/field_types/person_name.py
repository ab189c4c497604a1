"""Person name: the parts of a person's name as a JSON object, sorted and found as first last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nameparser import HumanName
from sqlalchemy import ColumnElement, func

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import Calculation, Kind, text_part
from fieldstone.metadata.field_types.compound import (
    Part,
    decode_parts,
    encode_parts,
    parts_schema,
    read_parts,
)
from fieldstone.metadata.field_types.field_type import TEXTUAL, FieldType, NoOptions, Widget
from fieldstone.metadata.field_types.stored import StoredJson, constant, joined_members, member
from fieldstone.metadata.field_types.text import check_text, one_line
from fieldstone.metadata.slots import TEXT_SLOT_LENGTH, SlotKind
from fieldstone.metadata.values import Json, JsonSchema, fold

PARTS: Final = (
    Part("salutation", 40),
    Part("first", 80),
    Part("middle", 80),
    Part("last", 80),
    Part("suffix", 40),
)


@dataclass(frozen=True, slots=True)
class NameOfPerson:
    """The parts of a name, "" where one is not known."""

    salutation: str = ""
    first: str = ""
    middle: str = ""
    last: str = ""
    suffix: str = ""

    @property
    def short(self) -> str:
        """First and last name, by which people are found and sorted."""
        return " ".join(filter(None, (self.first, self.last)))


def split_name(text: str) -> NameOfPerson:
    """Tell the parts of a name that a person wrote (Dr. Ann M. Lee Jr., or Lee, Ann).

    A nickname stays with the middle names, in quotes. A single word is a last name.
    """
    parsed = HumanName(one_line(text))
    nickname = f'"{parsed.nickname}"' if parsed.nickname else ""
    first, last = parsed.first, parsed.last
    if first and not last and not parsed.middle:
        first, last = "", first
    middle = " ".join(filter(None, (parsed.middle, nickname)))
    return NameOfPerson(parsed.title, first, middle, last, parsed.suffix)


def _read_short(stored: Json) -> str:
    return NameOfPerson(**decode_parts(stored)).short if isinstance(stored, Mapping) else ""


def _short_sql(stored: StoredJson) -> ColumnElement[str]:
    nothing, blank = constant(""), constant(" ")
    first = func.coalesce(member(stored, "first"), nothing)
    last = func.coalesce(member(stored, "last"), nothing)
    return func.btrim(first.concat(blank).concat(last), blank)


class PersonName(FieldType[NoOptions, NameOfPerson]):
    """A person's name: salutation, first, middle, last and suffix, each of them optional."""

    name = "person_name"
    label = "Person name"
    operators = TEXTUAL
    calculation = Calculation(Kind.TEXT, _read_short, _short_sql)
    parts = {part.name: text_part(part.name) for part in PARTS}
    slot = SlotKind.TEXT
    searchable = True

    def json_schema(self, options: NoOptions) -> JsonSchema:
        return parts_schema(PARTS)

    def accept(self, value: Json, options: NoOptions) -> NameOfPerson:
        return NameOfPerson(**read_parts(value, PARTS))

    def parse(self, text: str, options: NoOptions) -> NameOfPerson:
        check_text(text)
        split = encode_parts(split_name(text), PARTS)
        if not split:
            raise BadValue(f"{text[:80]!r} is not a name.", hint="Write Ann Lee or Lee, Ann.")
        return self.accept(split, options)

    def accept_operand(self, value: Json, options: NoOptions) -> NameOfPerson:
        """A text stands for first and last name together."""
        if isinstance(value, str):
            return NameOfPerson(last=one_line(check_text(value)))
        return self.accept(value, options)

    def encode(self, value: NameOfPerson) -> dict[str, str]:
        return encode_parts(value, PARTS)

    def decode(self, stored: Json) -> NameOfPerson:
        return NameOfPerson(**decode_parts(stored))

    def slot_value(self, value: NameOfPerson, options: NoOptions) -> str:
        return fold(value.short)[:TEXT_SLOT_LENGTH]

    def sql(self, stored: StoredJson, options: NoOptions) -> ColumnElement[str]:
        return func.lower(_short_sql(stored)).collate("C")

    def sql_operand(self, value: NameOfPerson, options: NoOptions) -> str:
        return fold(value.short)

    def show(self, value: NameOfPerson, options: NoOptions) -> str:
        parts = (value.salutation, value.first, value.middle, value.last, value.suffix)
        return " ".join(filter(None, parts))

    def search_sql(self, stored: StoredJson, options: NoOptions) -> ColumnElement[str]:
        return joined_members(stored, [part.name for part in PARTS])

    def widget(self, options: NoOptions) -> Widget:
        return Widget("person_name", {"parts": {part.name: part.length for part in PARTS}})
