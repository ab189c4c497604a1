"""Marks: where in the text of a row an encrypted value stands, for whoever may open it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, func, type_coerce

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.stored import constant

MARK: Final = "\x01"
"""Begins and ends a mark. JSON holds no control character as it is, but escaped."""


def marked(
    table: FromClause, field: Field, token: ColumnElement[str], *, masked: bool
) -> ColumnElement[Any]:
    """Give the mark of a field's value: how it is shown, field, record and token; null for none.

    One that is null makes the whole mark null.
    """
    begin = constant(f"{MARK}{'m' if masked else 'c'}{field.id}:")
    record = func.to_hex(table.c.id)
    whole = begin.concat(record).concat(constant(":")).concat(token).concat(constant(MARK))
    return type_coerce(whole, token.type)
