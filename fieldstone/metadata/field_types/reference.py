"""References: what the types share whose values are ids of records."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, Protocol, runtime_checkable

from sqlalchemy import BigInteger, ColumnElement, cast, func
from sqlalchemy.dialects.postgresql import BIT

from fieldstone.errors import BadValue
from fieldstone.ids import BadId, format_id, parse_id
from fieldstone.metadata.calculation import AS_ID
from fieldstone.metadata.field_types.field_type import EQUALITY, FieldType, OptionsT, Widget
from fieldstone.metadata.field_types.set_of import SetOf
from fieldstone.metadata.field_types.stored import StoredJson, constant
from fieldstone.metadata.field_types.text import read_stored_text
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonSchema

MOST_LINKED: Final = 500
ID_PATTERN: Final = "^[a-z][a-z0-9]{0,39}_[0-9a-f]{1,16}$"


class OnDelete(StrEnum):
    """What happens to a reference when the record it points to is deleted."""

    CLEAR = "clear"
    RESTRICT = "restrict"
    CASCADE = "cascade"


class ReferenceOptions(Protocol):
    """What the options of every reference say."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the objects it may point to, as defined; none means any object."""
        ...

    @property
    def on_delete(self) -> OnDelete:
        """What happens to it when its target is deleted."""
        ...

    @property
    def child_name(self) -> str | None:
        """What the target calls the records that point to it; None leaves it to the catalog."""
        ...


@runtime_checkable
class References(Protocol):
    """A field type whose values point to other records; its options are ReferenceOptions."""

    def linked(self, value: Any) -> tuple[str, ...]:
        """Give the ids, as text, of the records that a value points to."""
        ...


def read_id(value: Json) -> str:
    """Give the id of a record in its one spelling. Raises BadValue."""
    if not isinstance(value, str):
        raise BadValue(
            "This must be the id of a record.", hint="Ids look like deal_1563a2f0c401000."
        )
    try:
        prefix, number = parse_id(value)
    except BadId as error:
        raise BadValue(error.problem.message, hint=error.problem.hint) from error
    return format_id(prefix, number)


def number_of(record_id: str) -> int:
    """Give the number of an id that was read before."""
    return parse_id(record_id)[1]


def id_number(stored: StoredJson) -> ColumnElement[int]:
    """Give the number of a stored id in SQL: its hexadecimal part as bigint."""
    return id_number_of(stored.astext)


def id_number_of(text: ColumnElement[str]) -> ColumnElement[int]:
    """Give the number of an id that is there as text, in SQL."""
    written = func.split_part(text, constant("_"), constant(2))
    digits = func.lpad(written, constant(16), constant("0"))
    return cast(cast(constant("x").concat(digits), BIT(64)), BigInteger)


class Reference(FieldType[OptionsT, str]):
    """The id of one record, kept as text and compared as a number.

    Whether the record exists and is of the right object is asked by those who can look.
    """

    operators = EQUALITY
    calculation = AS_ID
    slot = SlotKind.REFERENCE

    def json_schema(self, options: OptionsT) -> JsonSchema:
        return {"type": "string", "pattern": ID_PATTERN}

    def accept(self, value: Json, options: OptionsT) -> str:
        return read_id(value)

    def parse(self, text: str, options: OptionsT) -> str:
        return read_id(text.strip())

    def encode(self, value: str) -> str:
        return value

    def decode(self, stored: Json) -> str:
        return read_stored_text(stored)

    def slot_value(self, value: str, options: OptionsT) -> int:
        return number_of(value)

    def sql(self, stored: StoredJson, options: OptionsT) -> ColumnElement[int]:
        return id_number(stored)

    def show(self, value: str, options: OptionsT) -> str:
        return value

    def linked(self, value: str) -> tuple[str, ...]:
        """Give the ids, as text, of the records that a value points to."""
        return (value,)


class ReferenceSet(SetOf[OptionsT]):
    """The ids of several records, without doubles and in the order of their numbers."""

    def json_schema(self, options: OptionsT) -> JsonSchema:
        item = {"type": "string", "pattern": ID_PATTERN}
        return {"type": "array", "items": item, "maxItems": MOST_LINKED}

    def accept(self, value: Json, options: OptionsT) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise BadValue("This must be a list of ids.", hint='Write ["contact_1563a2f0c401000"].')
        if len(value) > MOST_LINKED:
            raise BadValue(
                f"At most {MOST_LINKED} records can be listed.",
                hint="Use an object between the two for more.",
            )
        return tuple(sorted({read_id(member) for member in value}, key=_rank))

    def parse(self, text: str, options: OptionsT) -> tuple[str, ...]:
        parts = (part.strip() for part in text.replace(",", ";").split(";"))
        return self.accept([part for part in parts if part], options)

    def accept_operand(self, value: Json, options: OptionsT) -> tuple[str, ...]:
        """A text holds several ids between semicolons, as in INCLUDES ('a;b')."""
        return self.parse(value, options) if isinstance(value, str) else self.accept(value, options)

    def show(self, value: tuple[str, ...], options: OptionsT) -> str:
        return "; ".join(value)

    def linked(self, value: tuple[str, ...]) -> tuple[str, ...]:
        """Give the ids, as text, of the records that a value points to."""
        return value


def picker(options: ReferenceOptions, *, many: bool = False) -> Widget:
    """Give the widget that finds a record of the objects a reference may point to."""
    return Widget("records" if many else "record", {"targets": options.targets})


def describe_reference(label: str, options: ReferenceOptions) -> str:
    """Give a reference in a few words: Lookup → Account."""
    return f"{label} \u2192 {', '.join(options.targets) or 'any object'}"


def _rank(record_id: str) -> tuple[int, str]:
    return number_of(record_id), record_id
