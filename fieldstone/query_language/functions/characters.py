"""ASCII and CHR: the numbers of characters."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Numeric, cast, func, not_, or_

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sizes import number
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Failed, Shape
from fieldstone.query_language.functions.function import NUMBER, TEXT, Category, Plain, Takes

_FIRST_SURROGATE: Final = 0xD800
_LAST_SURROGATE: Final = 0xDFFF
_LAST: Final = 0x10FFFF


class CodeOf(Plain):
    """The number that Unicode gives to the first character of a text; a blank one has none."""

    name = "ASCII"
    category = Category.TEXT
    takes = (Takes("text", TEXT),)
    examples = (("ASCII('Apple')", "65"), ("ASCII('é')", "233"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(7, 0)

    def value(self, text: str) -> Value:
        return Decimal(ord(text[0])) if text else None

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(func.nullif(func.ascii(text), constant(0)), Numeric)


class CharacterOf(Plain):
    """The character that has a number in Unicode; it fails where there is none."""

    name = "CHR"
    category = Category.TEXT
    takes = (Takes("number", NUMBER),)
    examples = (("CHR(65)", "A"), ("CHR(233)", "é"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, code: Decimal) -> Value:
        if not 1 <= code < _LAST + 1 or _FIRST_SURROGATE <= code < _LAST_SURROGATE + 1:
            raise Failed("No character has this number.")
        return chr(int(code))

    def sql(self, code: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.chr(cast(func.trunc(code), Integer))

    def wrong(self, code: ColumnElement[Any]) -> ColumnElement[bool]:
        whole = func.trunc(code)
        return or_(
            not_(whole.between(number_sql(1), number_sql(_LAST))),
            whole.between(number_sql(_FIRST_SURROGATE), number_sql(_LAST_SURROGATE)),
        )
