"""What every field type answers. A new type is one new module and one line in the registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement

from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonSchema

O = TypeVar("O")
V = TypeVar("V")
SlotValue = str | float | int | datetime


class StoredJson(Protocol):
    """A stored value in SQL: the expression data['key'], whose astext is data ->> 'key'."""

    @property
    def astext(self) -> ColumnElement[str]:
        """The value as text, without quotes."""
        ...


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


NONE: Final[frozenset[Operator]] = frozenset()
EQUALITY: Final = frozenset({Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN, Operator.NOT_IN})
ORDERED: Final = EQUALITY | {
    Operator.LESS,
    Operator.LESS_EQUAL,
    Operator.GREATER,
    Operator.GREATER_EQUAL,
}
TEXTUAL: Final = ORDERED | {Operator.LIKE}
SET: Final = frozenset(
    {Operator.EQUAL, Operator.NOT_EQUAL, Operator.INCLUDES, Operator.EXCLUDES}
)


@dataclass(frozen=True, slots=True)
class Widget:
    """How a value is edited: the name of a widget of the pages, and what it needs to know."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoOptions:
    """The options of a type that has none."""


class FieldType(ABC, Generic[O, V]):
    """One kind of value. O is its options' data class, V the Python type of a value.

    A stored value and the value that callers see are the same JSON, so that PostgreSQL can build
    whole pages. Options are frozen data classes whose annotations (`Annotated[int, Meta(ge=1)]`)
    give their JSON Schema through msgspec. A type knows no web and no connection.

    name: as written in definitions. label: as shown to a person. operators: what conditions may
    ask. slot: which kind of indexed column its sortable copy takes; None if it cannot be sorted.
    searchable: whether its text may enter the full-text search. sortable follows from slot.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    options_class: ClassVar[type[Any]] = NoOptions
    operators: ClassVar[frozenset[Operator]] = NONE
    slot: ClassVar[SlotKind | None] = None
    searchable: ClassVar[bool] = False
    long: ClassVar[bool] = False
    """Whether values are kept in the second column, data_long, so that the row stays small."""

    @abstractmethod
    def json_schema(self, options: O) -> JsonSchema:
        """Give the JSON Schema of a value as callers send and see it."""

    @abstractmethod
    def accept(self, value: Json, options: O) -> V:
        """Take a JSON value of a request, never null, into a value. Raises BadValue."""

    @abstractmethod
    def parse(self, text: str, options: O) -> V:
        """Read what a person typed or a file holds, never blank, into a value. Raises BadValue."""

    @abstractmethod
    def encode(self, value: V) -> Json:
        """Give the JSON that is stored and shown to callers."""

    @abstractmethod
    def decode(self, stored: Json) -> V:
        """Read the stored JSON back into an equal value."""

    def slot_value(self, value: V, options: O) -> SlotValue | None:
        """Give the sortable copy of a value for its slot; only asked of types with a slot."""
        raise NotImplementedError(self.name)

    @abstractmethod
    def sql(self, stored: StoredJson, options: O) -> ColumnElement[Any]:
        """Give a comparable SQL value of the stored JSON.

        Only immutable functions, so that it may be indexed. It orders and equals as slot_value
        does, and sql_operand gives what it is compared with.
        """

    def sql_operand(self, value: V, options: O) -> object:
        """Give the Python value that is bound when a condition compares sql(...) with value."""
        return self.slot_value(value, options)

    @abstractmethod
    def show(self, value: V, options: O) -> str:
        """Give the value as a person reads it."""

    @abstractmethod
    def widget(self, options: O) -> Widget:
        """Tell which widget edits it."""

    def describe(self, options: O) -> str:
        """Give the type in a few words, such as Text(255), for listings."""
        return self.label
