"""BR and GETSESSIONID: texts that are always the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import Category, Plain


class _FixedText(Plain):
    category = Category.TEXT
    _text: str

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self) -> Value:
        return self._text

    def sql(self) -> ColumnElement[Any]:
        return constant(self._text)


class LineBreak(_FixedText):
    """A line break."""

    name = "BR"
    examples = (("LEN('a' & BR() & 'b')", "3"),)
    _text = "\n"


class SessionId(_FixedText):
    """A blank text, for formulas that were written for a system that gave its session away.

    Whoever has a session may do all that its user may. A formula's value is stored, listed and put
    into links to other servers, where the session of a user has no place: those who follow such a
    link sign in there.
    """

    name = "GETSESSIONID"
    examples = (("LEN(GETSESSIONID())", "0"),)
    _text = ""
