"""Fields as SQL: what of a record's row is compared, tested for presence and shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Float,
    FromClause,
    Numeric,
    Text,
    func,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from fieldstone.ids import ObjectId
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.field_types.field_type import Operator
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.masking import masked_sql
from fieldstone.metadata.slots import SlotKind
from fieldstone.query_language.marks import marked
from fieldstone.query_language.operands import uses_slot
from fieldstone.query_language.plan import FieldRef

INSTANT_FORMAT: Final = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'


class JsonText(Text):
    """A text that is JSON already."""


_SLOT_TYPES: Final[Mapping[SlotKind, TypeEngine[Any]]] = {
    SlotKind.TEXT: Text(),
    SlotKind.NUMBER: Float(),
    SlotKind.TIME: DateTime(),
    SlotKind.REFERENCE: BigInteger(),
}
# Dates and instants are compared as texts of one width where they have no slot.
_JSON_TYPES: Final[Mapping[SlotKind, TypeEngine[Any]]] = {
    SlotKind.TEXT: Text(),
    SlotKind.NUMBER: Numeric(),
    SlotKind.TIME: Text(),
    SlotKind.REFERENCE: BigInteger(),
}


def stored(table: FromClause, field: Field) -> ColumnElement[Any]:
    """Give a field's value in a row's JSON; its key is a literal, so that an index can match."""
    column = table.c.data_long if field.type.long else table.c.data
    found: ColumnElement[Any] = column[constant(field.key)]
    return found


def stored_text(table: FromClause, field: Field) -> ColumnElement[str]:
    """Give a field's value in a row's JSON as text."""
    found: ColumnElement[str] = stored(table, field).astext
    return found


def comparable(table: FromClause, ref: FieldRef) -> ColumnElement[Any]:
    """Give what of a field is compared and ordered by."""
    field = ref.field
    if field.column is not None:
        column = table.c[field.column]
        return _instant_text(column) if ref.exact and _holds_instants(field) else column
    if field.slot is not None and uses_slot(ref):
        return table.c[field.slot]
    return field.type.sql(stored(table, field), field.options)


def presence(table: FromClause, ref: FieldRef) -> ColumnElement[Any]:
    """Give what is null where a field has no value."""
    field = ref.field
    if field.column is not None:
        return table.c[field.column]
    if field.slot is not None:
        return table.c[field.slot]
    return stored_text(table, field)


def type_of(ref: FieldRef) -> TypeEngine[Any]:
    """Give the SQL type of what a field is compared with."""
    field = ref.field
    if _holds_instants(field):
        return Text() if ref.exact else DateTime(timezone=True)
    kind = field.type.slot
    if kind is None:
        return JSONB() if Operator.INCLUDES in field.type.operators else Boolean()
    return _SLOT_TYPES[kind] if uses_slot(ref) else _JSON_TYPES[kind]


def shown(
    table: FromClause, ref: FieldRef, obj: ObjectDef, objects: Mapping[ObjectId, ObjectDef]
) -> ColumnElement[Any]:
    """Give a field's value as callers see it, as JSON or JSON text, or a number."""
    field = ref.field
    if field.column is None:
        return _shown_stored(table, ref)
    column = table.c[field.column]
    if field.column == "id":
        return _id_text(obj.prefix, column)
    if field.references:
        return _id_text(objects[field.references[0]].prefix, column)
    if isinstance(column.type, DateTime):
        return _quoted(_instant_text(column))
    return column


def _shown_stored(table: FromClause, ref: FieldRef) -> ColumnElement[Any]:
    """Give a value of a row's JSON as callers see it; of an encrypted one its mark."""
    field = ref.field
    if field.encryption is not None:
        mark = marked(table, field, stored_text(table, field), masked=ref.masked)
        return type_coerce(mark, JsonText())
    if ref.masked:
        assert field.mask is not None
        return masked_sql(stored_text(table, field), field.mask)
    return stored(table, field)


def _holds_instants(field: Field) -> bool:
    """Tell whether a field is a column that knows its zone, as slots do not."""
    return field.column in ("created_at", "updated_at")


def _instant_text(column: ColumnElement[Any]) -> ColumnElement[str]:
    """Give the instant of a column as it would stand in JSON."""
    utc = func.timezone(constant("UTC"), column)
    return func.to_char(utc, constant(INSTANT_FORMAT))


def _id_text(prefix: str, column: ColumnElement[Any]) -> ColumnElement[str]:
    return _quoted(constant(f"{prefix}_").concat(func.to_hex(column)))


def _quoted(text: ColumnElement[str]) -> ColumnElement[str]:
    """Give a text that needs no escapes as JSON."""
    return type_coerce(constant('"').concat(text).concat(constant('"')), JsonText())
