"""VALUE and ISNUMBER: texts that are numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Numeric, cast, func, not_

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sizes import number
from fieldstone.query_language.formula.typed import Failed, Shape
from fieldstone.query_language.functions.function import TEXT, Category, Plain, Takes
from fieldstone.query_language.functions.trim import BLANKS

_DIGITS: Final = 30
_EXPONENT: Final = 29
_BLANKS: Final = f"[{BLANKS}]*"
_NUMBER: Final = r"[+-]?(?:[0-9]{1,30}(?:[.][0-9]{0,30})?|[.][0-9]{1,30})(?:[eE][+-]?[0-2]?[0-9])?"
_WHOLE: Final = f"^{_BLANKS}(?:{_NUMBER}){_BLANKS}$"
_PERHAPS: Final = f"^{_BLANKS}(?:{_NUMBER}{_BLANKS})?$"
_PYTHON: Final = re.compile(f"{_BLANKS}(?:{_NUMBER}){_BLANKS}")


class ValueOf(Plain):
    """The number that a text is written as; of a blank text no value. Any other text fails.

    Blanks around it do not count. There are no separators of thousands, and the point is a point;
    a number has at most 30 digits before and after it.
    """

    name = "VALUE"
    category = Category.TEXT
    takes = (Takes("text", TEXT),)
    examples = (("VALUE('12.50') * 2", "25"), ("IFERROR(VALUE('twelve'), -1)", "-1"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(_DIGITS + _EXPONENT, _DIGITS + _EXPONENT)

    def value(self, text: str) -> Value:
        if _PYTHON.fullmatch(text):
            return Decimal(text.strip(BLANKS))
        if text.strip(BLANKS):
            raise Failed("The text is not a number.")
        return None

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        bare = func.btrim(text, constant(BLANKS))
        return cast(func.nullif(bare, constant("")), Numeric)

    def wrong(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        return not_(text.regexp_match(constant(_PERHAPS)))


class IsNumber(Plain):
    """Whether VALUE makes a number of a text; a blank text is none."""

    name = "ISNUMBER"
    category = Category.TEXT
    takes = (Takes("text", TEXT),)
    examples = (("ISNUMBER('-1.5')", "true"), ("ISNUMBER('1,5')", "false"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.BOOLEAN)

    def value(self, text: str) -> Value:
        return _PYTHON.fullmatch(text) is not None

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return text.regexp_match(constant(_WHOLE))
