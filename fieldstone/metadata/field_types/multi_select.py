"""Multi-select: several values of a list, kept as a JSON array in the order of the list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_CHOICES
from fieldstone.metadata.field_types.choice import (
    MAX_CHOICES,
    Choice,
    ChoiceOptions,
    choice_schema,
    describe_choices,
    read_any_choice,
    read_choice,
    searched_choice,
    searched_choices_sql,
    show_choice,
)
from fieldstone.metadata.field_types.field_type import BadOption, Widget
from fieldstone.metadata.field_types.set_of import SetOf
from fieldstone.metadata.field_types.stored import StoredJson
from fieldstone.metadata.values import Json, JsonSchema

MARK: Final = ";"
_BETWEEN: Final = re.compile(r"[;\n]")


@dataclass(frozen=True, slots=True)
class MultiSelectOptions(ChoiceOptions):
    """As of a picklist; no value holds a semicolon, which separates values in text."""

    def __post_init__(self) -> None:
        ChoiceOptions.__post_init__(self)
        for place, choice in enumerate(self.choices):
            if MARK in choice.value:
                raise BadOption(
                    f"The value {choice.value} holds a semicolon, which separates values.",
                    at=f"/options/{place}",
                )


def in_order(values: Iterable[str], options: ChoiceOptions) -> tuple[str, ...]:
    """Give values without doubles in the order of the list, those that it lacks at the end."""
    rank = {choice.value: place for place, choice in enumerate(options.choices)}
    return tuple(sorted(dict.fromkeys(values), key=lambda value: rank.get(value, len(rank))))


class MultiSelect(SetOf[MultiSelectOptions]):
    """Several values of a list, such as the interests of a contact."""

    name = "multi_select"
    label = "Multi-select"
    options_class = MultiSelectOptions
    calculation = AS_CHOICES
    searchable = True

    def json_schema(self, options: MultiSelectOptions) -> JsonSchema:
        return {"type": "array", "items": choice_schema(options), "maxItems": MAX_CHOICES}

    def accept(self, value: Json, options: MultiSelectOptions) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise BadValue("This must be a list of values.", hint='Write ["Red", "Green"].')
        if len(value) > MAX_CHOICES:
            raise BadValue(f"At most {MAX_CHOICES} values can be chosen.")
        chosen = [read_choice(member, options) for member in value]
        if any(MARK in member for member in chosen):
            raise BadValue("A value cannot hold a semicolon, which separates values.")
        return in_order(chosen, options)

    def parse(self, text: str, options: MultiSelectOptions) -> tuple[str, ...]:
        parts = (part.strip() for part in _BETWEEN.split(text))
        return self.accept([part for part in parts if part], options)

    def accept_operand(self, value: Json, options: MultiSelectOptions) -> tuple[str, ...]:
        """A text holds several values between semicolons, as in INCLUDES ('a;b')."""
        if isinstance(value, str):
            value = [part for part in value.split(MARK) if part.strip()]
        if not isinstance(value, Sequence):
            raise BadValue("This must be a value or a list of values.", hint="Write 'Red;Green'.")
        return in_order((read_any_choice(member, options) for member in value), options)

    def show(self, value: tuple[str, ...], options: MultiSelectOptions) -> str:
        return f"{MARK} ".join(show_choice(member, options) for member in value)

    def search_text(self, value: tuple[str, ...], options: MultiSelectOptions) -> str:
        return f"{MARK} ".join(searched_choice(member, options) for member in value)

    def search_sql(self, stored: StoredJson, options: MultiSelectOptions) -> ColumnElement[str]:
        return searched_choices_sql(stored, options)

    def widget(self, options: MultiSelectOptions) -> Widget:
        return Widget("choices", {"choices": options.choices, "open": not options.restricted})

    def default(self, options: MultiSelectOptions) -> Json:
        return [choice.value for choice in options.choices if choice.default] or None

    def describe(self, options: MultiSelectOptions) -> str:
        return f"Multi-select {describe_choices(options)}"

    def choices(self, options: MultiSelectOptions) -> tuple[Choice, ...]:
        """Give every value of the list, inactive ones included, in its order."""
        return options.choices
