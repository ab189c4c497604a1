"""Values of formulas as SQL: the type of each kind, constants, and what stands for a blank."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Numeric,
    Text,
    Time,
    bindparam,
    cast,
    false,
    null,
    or_,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.values import write_json
from fieldstone.query_language.formula.typed import Constant

SQL_TYPES: Final[Mapping[Kind, TypeEngine[Any]]] = {
    Kind.TEXT: Text(),
    Kind.CHOICE: Text(),
    Kind.ID: Text(),
    Kind.NUMBER: Numeric(),
    Kind.CURRENCY: Numeric(),
    Kind.PERCENT: Numeric(),
    Kind.BOOLEAN: Boolean(),
    Kind.DATE: Date(),
    Kind.DATETIME: DateTime(),
    Kind.TIME: Time(),
    Kind.CHOICES: JSONB(),
    Kind.PLACE: JSONB(),
    Kind.NOTHING: Text(),
}

_DEGREES: Final = ("latitude", "longitude")


def constant_sql(value: Value, kind: Kind) -> ColumnElement[Any]:
    """Give a constant, bound where a person may have written a text.

    A number stands in the SQL: it is nothing but digits, and a statement without parameters is
    planned once, where one with them is planned whenever it is asked.
    """
    if value is None:
        return null_of(kind)
    if isinstance(value, Decimal):
        return number_sql(str(value))
    if kind is Kind.BOOLEAN:
        return true() if value else false()
    if isinstance(value, tuple):
        return cast(bindparam(None, _stored_json(value, kind), type_=Text()), JSONB)
    return cast(bindparam(None, str(value), type_=Text(), unique=True), SQL_TYPES[kind])


def sent(constant: Constant) -> object:
    """Give a constant as a statement takes it for a parameter of its kind's type."""
    if isinstance(constant.value, tuple):
        return _stored_json(constant.value, constant.shape.kind)
    return constant.value


def _stored_json(value: tuple[Any, ...], kind: Kind) -> str:
    is_place = kind is Kind.PLACE
    return write_json(dict(zip(_DEGREES, value, strict=True)) if is_place else value)


def number_sql(number: int | str) -> ColumnElement[Any]:
    """Give a number of our own, written into the SQL as numeric."""
    return cast(constant(str(number)), Numeric)


def null_of(kind: Kind) -> ColumnElement[Any]:
    """Give null as a value of a kind."""
    return cast(null(), SQL_TYPES[kind])


def blank_of(kind: Kind) -> Value:
    """Give what stands for no value of a kind."""
    if kind.is_text:
        return ""
    if kind is Kind.CHOICES:
        return ()
    return False if kind is Kind.BOOLEAN else None


def blank_sql(kind: Kind) -> ColumnElement[Any]:
    """Give what stands for no value of a kind in SQL."""
    if kind.is_text:
        return constant("")
    return false() if kind is Kind.BOOLEAN else null_of(kind)


def any_of(tests: list[ColumnElement[bool] | None]) -> ColumnElement[bool] | None:
    """Give the test that one of several holds; None if none can."""
    found = [test for test in tests if test is not None]
    if len(found) < 2:
        return found[0] if found else None
    return or_(*found)
