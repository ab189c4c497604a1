"""LEFT, RIGHT and MID: some characters of a text."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.counts import (
    count_of,
    count_of_sql,
    place_of,
    place_of_sql,
)
from fieldstone.query_language.functions.function import NUMBER, TEXT, Category, Plain, Takes


class _Part(Plain):
    category = Category.TEXT
    takes: ClassVar[tuple[Takes, ...]] = (Takes("text", TEXT), Takes("count", NUMBER))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)


class Left(_Part):
    """The first characters of a text, so many."""

    name = "LEFT"
    examples = (("LEFT('Fieldstone', 5)", "Field"), ("LEFT('a', 9)", "a"))

    def value(self, text: str, count: Decimal) -> Value:
        return text[: count_of(count)]

    def sql(self, text: ColumnElement[Any], count: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.left(text, count_of_sql(count))


class Right(_Part):
    """The last characters of a text, so many."""

    name = "RIGHT"
    examples = (("RIGHT('Fieldstone', 5)", "stone"), ("RIGHT('a', 9)", "a"))

    def value(self, text: str, count: Decimal) -> Value:
        return text[max(len(text) - count_of(count), 0) :]

    def sql(self, text: ColumnElement[Any], count: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.right(text, count_of_sql(count))


class Mid(_Part):
    """So many characters of a text, from a place on; the first character has place 1."""

    takes = (Takes("text", TEXT), Takes("place", NUMBER), Takes("count", NUMBER))

    def __init__(self, name: str) -> None:
        self.name = name  # type: ignore[misc]  # one class for two names
        self.examples = ((f"{name}('Fieldstone', 6, 3)", "sto"),)  # type: ignore[misc]

    def value(self, text: str, place: Decimal, count: Decimal) -> Value:
        begin = place_of(place) - 1
        return text[begin : begin + count_of(count)]

    def sql(
        self, text: ColumnElement[Any], place: ColumnElement[Any], count: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        return func.substr(text, place_of_sql(place), count_of_sql(count))


MID = Mid("MID")
SUBSTR = Mid("SUBSTR")
