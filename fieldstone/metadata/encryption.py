"""Encrypted fields: which types they may have, and what can be asked of values nobody can read.

A stored value is a token, 1.<key>.<likeness>.<ciphertext>, of which SQL knows no more than that it
is there and, for deterministic fields, its likeness: what equal values have in common. What becomes
of tokens at the doors stands in runtime/encryption.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.field_types.field_type import EQUALITY, NONE, FieldType, Widget
from fieldstone.metadata.field_types.stored import StoredJson, constant
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonSchema

ENCRYPTED_TYPES: Final = frozenset(
    {"text", "long_text", "email", "phone", "url", "number", "date", "datetime"}
)
LIKENED_TYPES: Final = frozenset({"text", "email", "phone", "url"})
"""The types that may be deterministic: those whose equality is that of folded texts."""

VERSION: Final = "1"
_LIKENESS: Final = 3
"""The place of the likeness in a token, counted from 1 as SQL does."""


class Encryption(StrEnum):
    """How values are encrypted; the value is its name in definitions.

    RANDOM: equal values look different. DETERMINISTIC: it can be seen, and asked, whether two
    values are equal.
    """

    RANDOM = "random"
    DETERMINISTIC = "deterministic"


def is_token(stored: object) -> bool:
    """Tell whether what is stored has the form of a token."""
    return isinstance(stored, str) and stored.startswith(f"{VERSION}.") and stored.count(".") == 3


def key_of(token: str) -> str:
    """Give the id of the key that a token was made with."""
    return token.split(".", 2)[1]


def likeness_of(token: str) -> str:
    """Give what a token has in common with those of equal values; "" where it tells nothing."""
    return token.split(".", 3)[2]


class EncryptedType(FieldType[Any, Any]):
    """The type of an encrypted field: the values of another one, which the database cannot read.

    Each field has an instance of its own, so that no two of them are compared with each other.
    """

    def __init__(self, inner: FieldType[Any, Any], encryption: Encryption) -> None:
        likened = encryption is Encryption.DETERMINISTIC
        self.inner = inner
        vars(self).update(
            name=inner.name,
            label=inner.label,
            options_class=inner.options_class,
            operators=EQUALITY if likened else NONE,
            slot=SlotKind.TEXT if likened else None,
            searchable=False,
            long=inner.long,
            read_only=inner.read_only,
            definable=False,
            calculation=None,
        )

    def json_schema(self, options: Any) -> JsonSchema:
        return self.inner.json_schema(options)

    def accept(self, value: Json, options: Any) -> Any:
        return self.inner.accept(value, options)

    def parse(self, text: str, options: Any) -> Any:
        return self.inner.parse(text, options)

    def accept_operand(self, value: Json, options: Any) -> Any:
        return self.inner.accept_operand(value, options)

    def encode(self, value: Any) -> Json:
        return self.inner.encode(value)

    def decode(self, stored: Json) -> Any:
        return stored if is_token(stored) else self.inner.decode(stored)

    def slot_value(self, value: Any, options: Any) -> str | None:
        return (likeness_of(value) or None) if is_token(value) else None

    def sql(self, stored: StoredJson, options: Any) -> ColumnElement[str]:
        return func.split_part(stored.astext, constant("."), constant(_LIKENESS)).collate("C")

    def likened(self, value: Any, options: Any) -> str:
        """Give what of a value its likeness is made of: what equal values have in common."""
        return str(self.inner.sql_operand(value, options))

    def show(self, value: Any, options: Any) -> str:
        return self.inner.show(value, options)

    def widget(self, options: Any) -> Widget:
        return self.inner.widget(options)

    def default(self, options: Any) -> Json:
        return None

    def describe(self, options: Any) -> str:
        return f"{self.inner.describe(options)}, encrypted"
