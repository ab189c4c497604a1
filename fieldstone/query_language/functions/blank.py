"""ISBLANK and BLANKVALUE, and their older names ISNULL and NULLVALUE: what has no value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, cast, false, func
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import any_of
from fieldstone.query_language.formula.typed import Compiled, Shape, Thunk, Typed
from fieldstone.query_language.functions.choice import as_results, shape_of_choice
from fieldstone.query_language.functions.function import (
    ANY,
    Category,
    Function,
    Takes,
    unless_failed,
)


def is_blank_sql(one: Compiled) -> ColumnElement[bool]:
    """Give the test that there is no value; null where a text or a set fails."""
    if one.kind is Kind.BOOLEAN:
        return false()
    if one.kind.is_text:
        return one.value == constant("")
    if one.kind is Kind.CHOICES:
        return one.value == cast(constant("[]"), JSONB)
    return one.value.is_(None)


def is_blank(value: Value) -> bool:
    """Tell whether a value stands for no value; false is one."""
    return value is None or value in ("", ())


class IsBlank(Function):
    """Whether there is no value: nothing, or an empty text."""

    category = Category.LOGIC
    takes = (Takes("value", ANY),)

    def __init__(self, name: str) -> None:
        self.name = name  # type: ignore[misc]  # one class for two names
        self.examples = ((f"{name}('')", "true"), (f"{name}(0)", "false"))  # type: ignore[misc]

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.BOOLEAN)

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        return is_blank(arguments[0]())

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        (one,) = arguments
        return Compiled(shape, unless_failed(one.fails, is_blank_sql(one)), one.fails)


ISBLANK = IsBlank("ISBLANK")
ISNULL = IsBlank("ISNULL")


class BlankValue(Function):
    """The first value, or the second if there is no first."""

    category = Category.LOGIC
    takes = (Takes("value", ANY), Takes("instead", ANY))

    def __init__(self, name: str) -> None:
        self.name = name  # type: ignore[misc]  # one class for two names
        self.examples = ((f"{name}('', 'none')", "none"),)  # type: ignore[misc]

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        return as_results(arguments)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return shape_of_choice(shapes)

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        value = arguments[0]()
        return arguments[1]() if is_blank(value) else value

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        value, instead = arguments
        found = func.coalesce(_null_if_blank(value), instead.value, type_=value.value.type)
        fails = value.fails
        if instead.fails is not None:
            blank = is_blank_sql(value)
            fails = any_of([value.fails, func.coalesce(blank & instead.fails, false())])
        return Compiled(shape, unless_failed(value.fails, found), fails)


def _null_if_blank(one: Compiled) -> ColumnElement[Any]:
    """Give a value that is null where it is blank, and that stands in the SQL once."""
    if one.kind.is_text:
        return func.nullif(one.value, constant(""), type_=one.value.type)
    if one.kind is Kind.CHOICES:
        return func.nullif(one.value, cast(constant("[]"), JSONB), type_=one.value.type)
    return one.value


BLANKVALUE = BlankValue("BLANKVALUE")
NULLVALUE = BlankValue("NULLVALUE")
