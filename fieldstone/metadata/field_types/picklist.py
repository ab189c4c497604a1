"""Picklist: one value of a list, kept in the spelling of the list and compared without case."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from fieldstone.metadata.calculation import AS_CHOICE
from fieldstone.metadata.field_types.choice import (
    Choice,
    ChoiceOptions,
    choice_schema,
    describe_choices,
    read_any_choice,
    read_choice,
    searched_choice,
    searched_choice_sql,
    show_choice,
)
from fieldstone.metadata.field_types.field_type import TEXTUAL, FieldType, Widget
from fieldstone.metadata.field_types.stored import StoredJson, folded
from fieldstone.metadata.field_types.text import read_stored_text
from fieldstone.metadata.slots import TEXT_SLOT_LENGTH, SlotKind
from fieldstone.metadata.values import Json, JsonSchema, fold


class Picklist(FieldType[ChoiceOptions, str]):
    """One value of a list, such as the stage of a deal; other spellings become the list's own."""

    name = "picklist"
    label = "Picklist"
    options_class = ChoiceOptions
    operators = TEXTUAL
    calculation = AS_CHOICE
    slot = SlotKind.TEXT
    searchable = True

    def json_schema(self, options: ChoiceOptions) -> JsonSchema:
        return choice_schema(options)

    def accept(self, value: Json, options: ChoiceOptions) -> str:
        return read_choice(value, options)

    def parse(self, text: str, options: ChoiceOptions) -> str:
        return read_choice(text.strip(), options)

    def accept_operand(self, value: Json, options: ChoiceOptions) -> str:
        return read_any_choice(value, options)

    def encode(self, value: str) -> str:
        return value

    def decode(self, stored: Json) -> str:
        return read_stored_text(stored)

    def slot_value(self, value: str, options: ChoiceOptions) -> str:
        return fold(value)[:TEXT_SLOT_LENGTH]

    def sql(self, stored: StoredJson, options: ChoiceOptions) -> ColumnElement[str]:
        return folded(stored)

    def sql_operand(self, value: str, options: ChoiceOptions) -> str:
        return fold(value)

    def show(self, value: str, options: ChoiceOptions) -> str:
        return show_choice(value, options)

    def search_text(self, value: str, options: ChoiceOptions) -> str:
        return searched_choice(value, options)

    def search_sql(self, stored: StoredJson, options: ChoiceOptions) -> ColumnElement[str]:
        return searched_choice_sql(stored.astext, options)

    def widget(self, options: ChoiceOptions) -> Widget:
        return Widget("choice", {"choices": options.choices, "open": not options.restricted})

    def default(self, options: ChoiceOptions) -> Json:
        return next((choice.value for choice in options.choices if choice.default), None)

    def describe(self, options: ChoiceOptions) -> str:
        return f"Picklist {describe_choices(options)}"

    def choices(self, options: ChoiceOptions) -> tuple[Choice, ...]:
        """Give every value of the list, inactive ones included, in its order."""
        return options.choices
