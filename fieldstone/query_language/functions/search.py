"""FIND, CONTAINS and BEGINS: where one text stands in another. Case counts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Numeric, case, cast, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sizes import number
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.counts import MOST, place_of_sql
from fieldstone.query_language.functions.function import (
    NUMBER,
    TEXT,
    Category,
    Overloaded,
    Plain,
    Takes,
)


class FindFirst(Plain):
    """The place where one text first stands in another."""

    name = "FIND"
    category = Category.TEXT
    takes = (Takes("search", TEXT), Takes("text", TEXT))
    repeats = True

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(10, 0)

    def value(self, search: str, text: str) -> Value:
        return Decimal(text.find(search) + 1 if search else 0)

    def sql(self, search: ColumnElement[Any], text: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(_place(search, text), Numeric)


class FindBehind(Plain):
    """The place where one text stands in another, from a place on."""

    name = "FIND"
    category = Category.TEXT
    takes = (Takes("search", TEXT), Takes("text", TEXT), Takes("start", NUMBER))
    repeats = True

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(10, 0)

    def value(self, search: str, text: str, start: Decimal) -> Value:
        if not search or not 1 <= start <= MOST:
            return Decimal(0)
        return Decimal(text.find(search, int(start) - 1) + 1)

    def sql(
        self, search: ColumnElement[Any], text: ColumnElement[Any], start: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        begin = place_of_sql(start)
        found = _place(search, func.substr(text, begin))
        place = found + (begin - constant(1)) * func.least(found, constant(1))
        inside = start.between(number_sql(1), number_sql(MOST))
        # Null where an argument is null.
        outside = func.length(search) * func.length(text) * func.sign(start) * number_sql(0)
        return case((inside, cast(place, Numeric)), else_=outside)


class Find(Overloaded):
    """The place where a text first stands in another, from the start on; 0 where it does not.

    The first character has place 1. A blank text stands nowhere.
    """

    name = "FIND"
    category = Category.TEXT
    forms = (FindFirst(), FindBehind())
    takes = (Takes("search", TEXT), Takes("text", TEXT), Takes("start", NUMBER, optional=True))
    examples = (("FIND('e', 'Fieldstone')", "3"), ("FIND('e', 'Fieldstone', 4)", "10"))


class Contains(Plain):
    """Whether a text stands anywhere in another; a blank one stands in each."""

    name = "CONTAINS"
    category = Category.TEXT
    takes = (Takes("text", TEXT), Takes("search", TEXT))
    examples = (("CONTAINS('Fieldstone', 'stone')", "true"), ("CONTAINS('a', 'A')", "false"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.BOOLEAN)

    def value(self, text: str, search: str) -> Value:
        return search in text

    def sql(self, text: ColumnElement[Any], search: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.strpos(text, search) > constant(0)


class Begins(Plain):
    """Whether a text begins with another; each begins with a blank one."""

    name = "BEGINS"
    category = Category.TEXT
    takes = (Takes("text", TEXT), Takes("beginning", TEXT))
    examples = (("BEGINS('Fieldstone', 'Field')", "true"), ("BEGINS('a', 'ab')", "false"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.BOOLEAN)

    def value(self, text: str, beginning: str) -> Value:
        return text.startswith(beginning)

    def sql(self, text: ColumnElement[Any], beginning: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.starts_with(text, beginning)


def _place(search: ColumnElement[Any], text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the place of a text in another; 0 for a blank one, which PostgreSQL finds at once."""
    return func.strpos(text, search) * func.least(func.length(search), constant(1))
