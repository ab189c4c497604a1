"""JSON: anything that JSON can say, within limits of size and depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.field_type import FieldType, Widget
from fieldstone.metadata.field_types.number import read_decimal
from fieldstone.metadata.field_types.stored import StoredJson, exact
from fieldstone.metadata.field_types.text import check_text
from fieldstone.metadata.values import Json, JsonSchema, read_json, write_json, write_json_bytes

MAX_DEPTH: Final = 20
_SMALLEST_EXPONENT: Final = -40


@dataclass(frozen=True, slots=True)
class JsonOptions:
    """size_bytes: the most bytes of a value, written without blanks in UTF-8."""

    size_bytes: Annotated[int, Meta(ge=2, le=1_000_000)] = 65_536


def check_json(value: Json, depth: int = MAX_DEPTH) -> Json:
    """Give a value if PostgreSQL can keep it as it is. Raises BadValue."""
    if depth == 0:
        raise BadValue(f"This JSON is nested more than {MAX_DEPTH} levels deep.")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return check_text(value)
    if isinstance(value, int | Decimal):
        number = read_decimal(value)
        if number and number.adjusted() < _SMALLEST_EXPONENT:
            raise BadValue("A number in this JSON is too small.")
        return value
    if isinstance(value, Mapping):
        return {check_text(key): check_json(member, depth - 1) for key, member in value.items()}
    return [check_json(member, depth - 1) for member in value]


class JsonValue(FieldType[JsonOptions, Json]):
    """Any JSON, such as what another system sent; neither filtered nor sorted by."""

    name = "json"
    label = "JSON"
    options_class = JsonOptions
    long = True

    def json_schema(self, options: JsonOptions) -> JsonSchema:
        return {}

    def accept(self, value: Json, options: JsonOptions) -> Json:
        checked = check_json(value)
        size_bytes = len(write_json_bytes(checked))
        if size_bytes > options.size_bytes:
            raise BadValue(
                f"This JSON has {size_bytes} bytes; at most {options.size_bytes} are allowed."
            )
        return checked

    def parse(self, text: str, options: JsonOptions) -> Json:
        try:
            return self.accept(read_json(text), options)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise BadValue("This is not JSON.", hint=str(error)[:200]) from None

    def encode(self, value: Json) -> Json:
        return value

    def decode(self, stored: Json) -> Json:
        return stored

    def sql(self, stored: StoredJson, options: JsonOptions) -> ColumnElement[str]:
        return exact(stored)

    def sql_operand(self, value: Json, options: JsonOptions) -> str:
        return write_json(value)

    def show(self, value: Json, options: JsonOptions) -> str:
        return write_json(value)

    def widget(self, options: JsonOptions) -> Widget:
        return Widget("json", {"size_bytes": options.size_bytes})
