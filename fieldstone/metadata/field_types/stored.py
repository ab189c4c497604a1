"""SQL forms of stored JSON that several field types share; every function in them is immutable."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, cast

from sqlalchemy import ColumnElement, String, func, literal, type_coerce
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB


class StoredJson(Protocol):
    """A stored value in SQL: the expression data['key'], whose astext is data ->> 'key'."""

    @property
    def astext(self) -> ColumnElement[str]:
        """The value as text, without quotes."""
        ...


def constant(value: str | int) -> ColumnElement[Any]:
    """Give a constant that is written into the SQL, so that an index on the expression matches."""
    return literal(value, literal_execute=True)


def folded(stored: StoredJson) -> ColumnElement[str]:
    """Give the SQL form of a stored text in which case does not count, ordered by code point."""
    return func.lower(stored.astext).collate("C")


def exact(stored: StoredJson) -> ColumnElement[str]:
    """Give a stored text as it is, ordered by code point."""
    return stored.astext.collate("C")


def member(stored: StoredJson, key: str) -> ColumnElement[str]:
    """Give one member of a stored object as text; the key is written as a literal."""
    whole = cast("ColumnElement[Any]", stored)
    return type_coerce(whole.op("->>")(constant(key)), String)


def folded_json(stored: StoredJson) -> ColumnElement[Any]:
    """Give a stored JSON value as jsonb in which the case of texts does not count."""
    return sql_cast(func.lower(stored.astext), JSONB)


def joined_members(stored: StoredJson, keys: Iterable[str]) -> ColumnElement[str]:
    """Give the texts of some members of a stored object with blanks between them."""
    return func.concat_ws(constant(" "), *(member(stored, key) for key in keys), type_=String())
