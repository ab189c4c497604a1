"""Address: where a letter goes, as a JSON object of its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import text_part
from fieldstone.metadata.field_types.compound import (
    Part,
    decode_parts,
    encode_parts,
    parts_schema,
    read_parts,
)
from fieldstone.metadata.field_types.field_type import FieldType, NoOptions, Widget
from fieldstone.metadata.field_types.stored import StoredJson, folded, joined_members
from fieldstone.metadata.values import Json, JsonSchema, fold

PARTS: Final = (
    Part("street", 255, lines=True),
    Part("city", 80),
    Part("state", 80),
    Part("postal_code", 20),
    Part("country", 80),
)
_BREAK: Final = re.compile(r"\s*[,\n]\s*")
_STATE_AND_CODE: Final = re.compile(
    r"(?P<state>[^\W\d_][^\d]*?)\s+(?P<code>\d[\dA-Za-z -]{2,9}|[A-Z]\d[A-Z] ?\d[A-Z]\d)"
)
_CODE_AND_CITY: Final = re.compile(r"(?P<code>(?:[A-Z]{1,2}-)?\d{4,6}) (?P<city>[^\W\d_].*)")


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """The parts of an address, "" where one is not known. street may have several lines."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The address as it is written on a letter, line by line."""
        region = " ".join(filter(None, (self.state, self.postal_code)))
        place = ", ".join(filter(None, (self.city, region)))
        return tuple(filter(None, (*self.street.split("\n"), place, self.country)))


def split_address(text: str) -> PostalAddress:
    """Tell the parts of an address that a person wrote; what is not understood is the street.

    Understood are parts between commas or line ends: street, city, state with postal code and
    perhaps the country (1 Main St, Chicago, IL 60607, USA), or postal code before the city
    (Hauptstr. 5, 10115 Berlin, Germany).
    """
    pieces = [piece for piece in _BREAK.split(text.strip()) if piece]
    for place, piece in list(enumerate(pieces))[:0:-1]:
        after = pieces[place + 1 :]
        if len(after) > 1:
            break
        country = after[0] if after else ""
        if place > 1 and (match := _STATE_AND_CODE.fullmatch(piece)):
            street = ", ".join(pieces[: place - 1])
            return PostalAddress(street, pieces[place - 1], match["state"], match["code"], country)
        if match := _CODE_AND_CITY.fullmatch(piece):
            street = ", ".join(pieces[:place])
            return PostalAddress(street, match["city"], "", match["code"], country)
    return PostalAddress(street="\n".join(line.strip() for line in text.strip().splitlines()))


class Address(FieldType[NoOptions, PostalAddress]):
    """A postal address: street, city, state, postal_code and country, each of them optional."""

    name = "address"
    label = "Address"
    parts = {part.name: text_part(part.name) for part in PARTS}
    searchable = True

    def json_schema(self, options: NoOptions) -> JsonSchema:
        return parts_schema(PARTS)

    def accept(self, value: Json, options: NoOptions) -> PostalAddress:
        return PostalAddress(**read_parts(value, PARTS))

    def parse(self, text: str, options: NoOptions) -> PostalAddress:
        try:
            return self.accept(encode_parts(split_address(text), PARTS), options)
        except BadValue:
            return self.accept({"street": text}, options)

    def encode(self, value: PostalAddress) -> dict[str, str]:
        return encode_parts(value, PARTS)

    def decode(self, stored: Json) -> PostalAddress:
        return PostalAddress(**decode_parts(stored))

    def sql(self, stored: StoredJson, options: NoOptions) -> ColumnElement[str]:
        return folded(stored)

    def sql_operand(self, value: PostalAddress, options: NoOptions) -> str:
        return fold(", ".join(value.lines))

    def show(self, value: PostalAddress, options: NoOptions) -> str:
        return ", ".join(value.lines)

    def search_sql(self, stored: StoredJson, options: NoOptions) -> ColumnElement[str]:
        return joined_members(stored, [part.name for part in PARTS])

    def widget(self, options: NoOptions) -> Widget:
        return Widget("address", {"parts": {part.name: part.length for part in PARTS}})
