"""LPAD and RPAD: a text of a certain length."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Failed, Shape
from fieldstone.query_language.functions.counts import MAX_CHARACTERS, count_of, count_of_sql
from fieldstone.query_language.functions.function import NUMBER, TEXT, Category, Plain, Takes


class Pad(Plain):
    """A text of so many characters: longer ones are cut off, shorter ones filled up.

    It is filled up with another text, over and over, or with blanks. A blank text stays blank.
    More than 250,000 characters fail.
    """

    category = Category.TEXT
    takes = (Takes("text", TEXT), Takes("length", NUMBER), Takes("filling", TEXT, optional=True))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def wrong(
        self, text: ColumnElement[Any], length: ColumnElement[Any], *_: ColumnElement[Any]
    ) -> ColumnElement[bool]:
        return length >= number_sql(MAX_CHARACTERS + 1)


class LeftPad(Pad):
    """A text of so many characters, filled up in front with blanks or another text.

    Longer ones are cut off behind. A blank text stays blank. More than 250,000 characters fail.
    """

    name = "LPAD"
    examples = (("LPAD('7', 3, '0')", "007"), ("LPAD('abc', 2)", "ab"))

    def value(self, text: str, length: Decimal, filling: str = " ") -> Value:
        return _filling(text, length, filling) + text[: count_of(length)]

    def sql(
        self, text: ColumnElement[Any], length: ColumnElement[Any], *filling: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        return func.lpad(*_parts(text, length, *filling))


class RightPad(Pad):
    """A text of so many characters, filled up behind with blanks or another text.

    Longer ones are cut off. A blank text stays blank. More than 250,000 characters fail.
    """

    name = "RPAD"
    examples = (("RPAD('7', 3, '0')", "700"), ("RPAD('abc', 5) & '.'", "abc  ."))

    def value(self, text: str, length: Decimal, filling: str = " ") -> Value:
        return text[: count_of(length)] + _filling(text, length, filling)

    def sql(
        self, text: ColumnElement[Any], length: ColumnElement[Any], *filling: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        return func.rpad(*_parts(text, length, *filling))


def _filling(text: str, length: Decimal, filling: str) -> str:
    count = count_of(length)
    if length >= MAX_CHARACTERS + 1:
        raise Failed(f"The text would have more than {MAX_CHARACTERS:,} characters.")
    missing = count - len(text)
    if missing <= 0 or not text or not filling:
        return ""
    return (filling * (missing // len(filling) + 1))[:missing]


def _parts(
    text: ColumnElement[Any], length: ColumnElement[Any], *filling: ColumnElement[Any]
) -> list[ColumnElement[Any]]:
    # Of null PostgreSQL makes null, which becomes a blank text; of a blank one it makes blanks.
    filled = func.nullif(text, constant(""))
    return [filled, count_of_sql(length), *(filling or (constant(" "),))]
