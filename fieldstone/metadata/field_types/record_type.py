"""Record type: which of the types of its object a record is of, kept as the type's id."""

from __future__ import annotations

from fieldstone.metadata.field_types.choice import CHOICE_LENGTH, ChoiceOptions, describe_choices
from fieldstone.metadata.field_types.picklist import Picklist
from fieldstone.metadata.values import Json, JsonSchema


class RecordTypeValue(Picklist):
    """The record type of a record: chosen by id, by name or by label, and kept by its id.

    Objects that have record types have such a field by themselves; no definition asks for one.
    """

    name = "record_type"
    label = "Record type"
    searchable = False
    definable = False

    def json_schema(self, options: ChoiceOptions) -> JsonSchema:
        return {"type": "string", "minLength": 1, "maxLength": CHOICE_LENGTH}

    def default(self, options: ChoiceOptions) -> Json:
        # What is usual hangs on who makes the record: runtime/records/record_types.py.
        return None

    def describe(self, options: ChoiceOptions) -> str:
        return f"Record type {describe_choices(options)}"
