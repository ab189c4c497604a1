"""What every field type answers. A new type is one new module and one line in the registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Final, Generic, TypeVar

from sqlalchemy import ColumnElement

from fieldstone.errors import InvalidInput
from fieldstone.metadata.calculation import Calculation
from fieldstone.metadata.field_types.stored import StoredJson
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonSchema, fold

OptionsT = TypeVar("OptionsT")
ValueT = TypeVar("ValueT")
SlotValue = str | float | int | datetime


class BadOption(InvalidInput):
    """An option of a field that its type cannot take; at is a JSON pointer such as /length."""

    code = "metadata.invalid_option"


class Operator(StrEnum):
    """What a condition may ask of a field."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="
    LIKE = "like"
    IN = "in"
    NOT_IN = "not in"
    INCLUDES = "includes"
    EXCLUDES = "excludes"


def is_blank(encoded: Json) -> bool:
    """Tell whether an encoded value says nothing; such a value is stored as absent."""
    return encoded is None or (isinstance(encoded, _MAY_BE_EMPTY) and not encoded)


_MAY_BE_EMPTY: Final = (str, list, dict)


NONE: Final[frozenset[Operator]] = frozenset()
EQUALITY: Final = frozenset({Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN, Operator.NOT_IN})
ORDERED: Final = EQUALITY | {
    Operator.LESS,
    Operator.LESS_EQUAL,
    Operator.GREATER,
    Operator.GREATER_EQUAL,
}
TEXTUAL: Final = ORDERED | {Operator.LIKE}
SET: Final = frozenset({Operator.EQUAL, Operator.NOT_EQUAL, Operator.INCLUDES, Operator.EXCLUDES})


@dataclass(frozen=True, slots=True)
class Widget:
    """How a value is edited: the name of a widget of the pages, and what it needs to know."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoOptions:
    """The options of a type that has none."""


class FieldType(ABC, Generic[OptionsT, ValueT]):
    """One kind of value. OptionsT is its options' data class, ValueT the Python type of a value.

    A stored value and the value that callers see are the same JSON, so that PostgreSQL can build
    whole pages. Options are frozen data classes whose annotations (`Annotated[int, Meta(ge=1)]`)
    give their JSON Schema through msgspec. A type knows no web and no connection.

    name: as written in definitions. label: as shown to a person. operators: what conditions may
    ask. slot: which kind of indexed column its sortable copy takes; None if it cannot be sorted.
    searchable: whether its text may enter the full-text search. sortable follows from slot.
    read_only: whether only the engine writes it. definable: whether a field of an object may
    have it; the types of system fields may not.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    options_class: ClassVar[type[Any]] = NoOptions
    operators: ClassVar[frozenset[Operator]] = NONE
    slot: ClassVar[SlotKind | None] = None
    searchable: ClassVar[bool] = False
    long: ClassVar[bool] = False
    """Whether values are kept in the second column, data_long, so that the row stays small."""
    read_only: ClassVar[bool] = False
    definable: ClassVar[bool] = True
    calculation: ClassVar[Calculation | None] = None
    """How values enter formulas; None for those that cannot."""
    parts: ClassVar[Mapping[str, Calculation]] = MappingProxyType({})
    """Of types whose values have parts, such as the city of an address, how those do."""

    @abstractmethod
    def json_schema(self, options: OptionsT) -> JsonSchema:
        """Give the JSON Schema of a value as callers send and see it."""

    @abstractmethod
    def accept(self, value: Json, options: OptionsT) -> ValueT:
        """Take a JSON value of a request, never null, into a value. Raises BadValue."""

    @abstractmethod
    def parse(self, text: str, options: OptionsT) -> ValueT:
        """Read what a person typed or a file holds, never blank, into a value. Raises BadValue."""

    @abstractmethod
    def encode(self, value: ValueT) -> Json:
        """Give the JSON that is stored and shown to callers."""

    @abstractmethod
    def decode(self, stored: Json) -> ValueT:
        """Read the stored JSON back into an equal value."""

    def accept_operand(self, value: Json, options: OptionsT) -> ValueT:
        """Take the constant of a condition, never null, into a value. Raises BadValue.

        It need not be a value that the field could hold: 0.005 may be compared with an amount of
        two places, and a picklist with a value that it has no more.
        """
        return self.accept(value, options)

    def fold_pattern(self, pattern: str) -> str:
        """Give the pattern of a LIKE condition in the form in which sql and the slot are kept."""
        return fold(pattern)

    def slot_value(self, value: ValueT, options: OptionsT) -> SlotValue | None:
        """Give the sortable copy of a value for its slot; only asked of types with a slot."""
        raise NotImplementedError(self.name)

    @abstractmethod
    def sql(self, stored: StoredJson, options: OptionsT) -> ColumnElement[Any]:
        """Give a comparable SQL value of the stored JSON.

        Only immutable functions, so that it may be indexed. It orders and equals as slot_value
        does, and sql_operand gives what it is compared with.
        """

    def sql_operand(self, value: ValueT, options: OptionsT) -> object:
        """Give the Python value that is bound when a condition compares sql(...) with value."""
        return self.slot_value(value, options)

    @abstractmethod
    def show(self, value: ValueT, options: OptionsT) -> str:
        """Give the value as a person reads it."""

    @abstractmethod
    def widget(self, options: OptionsT) -> Widget:
        """Tell which widget edits it."""

    def default(self, options: OptionsT) -> Json:
        """Give the JSON that a new record gets where nothing else is said; None for nothing."""
        return None

    def search_text(self, value: ValueT, options: OptionsT) -> str:
        """Give what the full-text search finds a value by; only asked of searchable types."""
        return self.show(value, options)

    def search_sql(self, stored: StoredJson, options: OptionsT) -> ColumnElement[str]:
        """Give search_text in SQL, as far as its words go; only asked of searchable types."""
        return stored.astext

    def describe(self, options: OptionsT) -> str:
        """Give the type in a few words, such as Text(255), for listings."""
        return self.label
