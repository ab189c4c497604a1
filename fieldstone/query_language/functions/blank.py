"""ISBLANK and BLANKVALUE: what has no value. ISNULL and NULLVALUE, to which texts are always there.

The older two do as Salesforce does, so that rules and formulas from there keep their meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

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
    as_kind,
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

    name = "ISBLANK"
    category = Category.LOGIC
    takes = (Takes("value", ANY),)
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        ("ISBLANK('')", "true"),
        ("ISBLANK(0)", "false"),
    )

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.BOOLEAN)

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        return is_blank(arguments[0]())

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        (one,) = arguments
        return Compiled(shape, unless_failed(one.fails, is_blank_sql(one)), one.fails)


class IsNull(IsBlank):
    """Whether there is no value; a text is never null, however empty. ISBLANK tells both."""

    name = "ISNULL"
    examples = (("ISNULL(NULL)", "true"), ("ISNULL('')", "false"), ("ISNULL(0)", "false"))

    def choose(self, arguments: Sequence[Typed]) -> Function:
        return _NEVER_NULL if _are_texts(arguments) else self

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        return [as_kind(argument, Kind.NUMBER) for argument in arguments]


class NeverNull(IsBlank):
    """False, if the text does not fail."""

    name = "ISNULL OF TEXT"

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        arguments[0]()
        return False

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        (one,) = arguments
        return Compiled(shape, unless_failed(one.fails, false()), one.fails)


def _are_texts(arguments: Sequence[Typed]) -> bool:
    return bool(arguments) and arguments[0].shape.kind is Kind.TEXT


_NEVER_NULL = NeverNull()


class BlankValue(Function):
    """The first value, or the second if there is no first."""

    name = "BLANKVALUE"
    category = Category.LOGIC
    takes = (Takes("value", ANY), Takes("instead", ANY))
    examples: ClassVar[tuple[tuple[str, str], ...]] = (("BLANKVALUE('', 'none')", "none"),)

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


class NullValue(BlankValue):
    """The first value, or the second if there is no first; a text stays, however empty."""

    name = "NULLVALUE"
    examples = (("NULLVALUE(NULL, 1)", "1"), ("NULLVALUE('', 'none')", ""))

    def choose(self, arguments: Sequence[Typed]) -> Function:
        return _TEXT_ITSELF if _are_texts(arguments) else self


class TextItself(BlankValue):
    """The first value, which is a text."""

    name = "NULLVALUE OF TEXT"

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        return arguments[0]()

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        value = arguments[0]
        return Compiled(shape, value.value, value.fails)


_TEXT_ITSELF = TextItself()

ISBLANK, ISNULL = IsBlank(), IsNull()
BLANKVALUE, NULLVALUE = BlankValue(), NullValue()
