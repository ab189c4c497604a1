"""SUBSTITUTE: a text in which another text stands for one of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Numeric, cast, false, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.typed import Constant, Failed, Shape, Typed
from fieldstone.query_language.functions.counts import MAX_CHARACTERS
from fieldstone.query_language.functions.function import TEXT, Category, Function, Plain, Takes


class Substitute(Plain):
    """A text with a new text wherever the old one stood in it; case counts.

    It fails where it would have more than 250,000 characters.
    """

    name = "SUBSTITUTE"
    category = Category.TEXT
    takes = (Takes("text", TEXT), Takes("old", TEXT), Takes("new", TEXT))
    reads_constants = True
    examples = (("SUBSTITUTE('a-b-c', '-', '')", "abc"), ("SUBSTITUTE('aaa', 'aa', 'b')", "ba"))

    def choose(self, arguments: Sequence[Typed]) -> Function:
        return _SHORTENING if _shortens(arguments) else self

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, text: str, old: str, new: str) -> Value:
        if not old:
            return text
        longer = text.count(old) * (len(new) - len(old))
        if len(text) + longer > MAX_CHARACTERS:
            raise Failed(f"The text would have more than {MAX_CHARACTERS:,} characters.")
        return text.replace(old, new)

    def sql(
        self, text: ColumnElement[Any], old: ColumnElement[Any], new: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        return func.replace(text, old, new)

    def wrong(
        self, text: ColumnElement[Any], old: ColumnElement[Any], new: ColumnElement[Any]
    ) -> ColumnElement[bool] | None:
        left = func.length(func.replace(text, old, constant("")))
        # Null, and so not wrong, where there is nothing to look for.
        count = (func.length(text) - left) / func.nullif(func.length(old), constant(0))
        after = left + cast(count, Numeric) * func.length(new)
        return func.coalesce(after > constant(MAX_CHARACTERS), false())


class _Shortening(Substitute):
    """The same where the new text is not longer than the old one, so that it cannot fail."""

    def value(self, text: str, old: str, new: str) -> Value:
        return text.replace(old, new)

    def wrong(
        self, text: ColumnElement[Any], old: ColumnElement[Any], new: ColumnElement[Any]
    ) -> ColumnElement[bool] | None:
        return None


_SHORTENING = _Shortening()


def _shortens(arguments: Sequence[Typed]) -> bool:
    match arguments:
        case [_, Constant(str() as old), Constant(str() | None as new)]:
            return bool(old) and len(new or "") <= len(old)
        case _:
            return False
