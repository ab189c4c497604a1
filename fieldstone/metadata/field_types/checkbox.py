"""Checkbox: true or false; a record that says nothing counts as false."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, false, func

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_BOOLEAN
from fieldstone.metadata.field_types.field_type import EQUALITY, FieldType, NoOptions, Widget
from fieldstone.metadata.field_types.stored import StoredJson, constant
from fieldstone.metadata.values import Json, JsonSchema, fold

_WORDS: Final = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "x", "1", "checked", "\u2713"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0", "unchecked", "-"), False),
}


class Checkbox(FieldType[NoOptions, bool]):
    """Something that is so or is not; never unknown."""

    name = "checkbox"
    label = "Checkbox"
    operators = EQUALITY
    calculation = AS_BOOLEAN

    def json_schema(self, options: NoOptions) -> JsonSchema:
        return {"type": "boolean"}

    def accept(self, value: Json, options: NoOptions) -> bool:
        if not isinstance(value, bool):
            raise BadValue("This must be true or false.", hint="Write it without quotes.")
        return value

    def parse(self, text: str, options: NoOptions) -> bool:
        found = _WORDS.get(fold(text.strip()))
        if found is None:
            raise BadValue(f"{text[:80]!r} is neither yes nor no.", hint="Write yes or no.")
        return found

    def encode(self, value: bool) -> bool:  # noqa: FBT001 - the value is the flag
        return value

    def decode(self, stored: Json) -> bool:
        assert isinstance(stored, bool)
        return stored

    def sql(self, stored: StoredJson, options: NoOptions) -> ColumnElement[bool]:
        return func.coalesce(stored.astext == constant("true"), false())

    def sql_operand(self, value: bool, options: NoOptions) -> bool:  # noqa: FBT001
        return value

    def show(self, value: bool, options: NoOptions) -> str:  # noqa: FBT001
        return "Yes" if value else "No"

    def widget(self, options: NoOptions) -> Widget:
        return Widget("check")

    def default(self, options: NoOptions) -> bool:
        return False
