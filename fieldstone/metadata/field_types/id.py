"""Id: what names a record, a column of its own that no definition can ask for."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from fieldstone.metadata.calculation import AS_ID
from fieldstone.metadata.field_types.field_type import EQUALITY, FieldType, NoOptions, Widget
from fieldstone.metadata.field_types.reference import ID_PATTERN, id_number, number_of, read_id
from fieldstone.metadata.field_types.stored import StoredJson
from fieldstone.metadata.field_types.text import read_stored_text
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonSchema


class Id(FieldType[NoOptions, str]):
    """The id of the record itself; slot_value gives the number that its column holds."""

    name = "id"
    label = "Id"
    operators = EQUALITY
    calculation = AS_ID
    slot = SlotKind.REFERENCE
    read_only = True
    definable = False

    def json_schema(self, options: NoOptions) -> JsonSchema:
        return {"type": "string", "pattern": ID_PATTERN, "readOnly": True}

    def accept(self, value: Json, options: NoOptions) -> str:
        return read_id(value)

    def parse(self, text: str, options: NoOptions) -> str:
        return read_id(text.strip())

    def encode(self, value: str) -> str:
        return value

    def decode(self, stored: Json) -> str:
        return read_stored_text(stored)

    def slot_value(self, value: str, options: NoOptions) -> int:
        return number_of(value)

    def sql(self, stored: StoredJson, options: NoOptions) -> ColumnElement[int]:
        return id_number(stored)

    def show(self, value: str, options: NoOptions) -> str:
        return value

    def widget(self, options: NoOptions) -> Widget:
        return Widget("read_only")
