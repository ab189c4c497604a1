"""HTML in formulas: what HYPERLINK and IMAGE make keeps its tags, and all other text is escaped.

A tag is known by the function that made it and not by how it looks: a text of a record that looks
like one is shown as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import constant_sql
from fieldstone.query_language.formula.typed import Apply, Constant, Shape, Typed
from fieldstone.query_language.functions.blank import BlankValue
from fieldstone.query_language.functions.case_ import Case
from fieldstone.query_language.functions.encode import Replacements, replaced, replaced_sql
from fieldstone.query_language.functions.function import TEXT, Category, Function, Plain, Takes
from fieldstone.query_language.functions.if_ import If, Ifs
from fieldstone.query_language.functions.iferror import IfError
from fieldstone.query_language.functions.join import Join

_ENTITY: Final = "&(#|[A-Za-z][A-Za-z0-9]*;)"
"""An ampersand that a browser would not take for itself; one in a query string stays."""
_SPECIAL: Final[Replacements] = (("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"))


def escaped(text: str) -> str:
    """Give a text as it stands in HTML, within a tag or between tags."""
    return replaced(re.sub(_ENTITY, r"&amp;\1", text), _SPECIAL)


def escaped_sql(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the same in SQL."""
    spared = constant_sql(r"&amp;\1", Kind.TEXT)
    plain = func.regexp_replace(text, constant(_ENTITY), spared, constant("g"))
    return replaced_sql(plain, _SPECIAL)


class Markup(Function):
    """A function that gives HTML."""

    category = Category.TEXT
    # Else a constant would take its place, and nobody could tell it from other texts.
    is_steady = False


class _Escape(Plain):
    """A text as it stands in HTML. It cannot be called."""

    name = "ESCAPE"
    category = Category.TEXT
    takes = (Takes("text", TEXT),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, text: str) -> Value:
        return escaped(text)

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return escaped_sql(text)


_ESCAPE: Final = _Escape()


def as_markup(expression: Typed) -> Typed:
    """Give a text as HTML: the tags of HYPERLINK and IMAGE stay, all other text is escaped."""
    match expression:
        case Apply(Markup()):
            return expression
        case Apply(function, arguments) if (shown := _shown(function, len(arguments))) is not None:
            parts = [
                as_markup(part) if place in shown else part for place, part in enumerate(arguments)
            ]
            return replace(expression, arguments=tuple(parts))
        case Constant(str() as text):
            return replace(expression, value=escaped(text))
        case _ if expression.shape.kind.is_text:
            return Apply(_ESCAPE, (expression,), Shape(Kind.TEXT))
        case _:
            return expression


def holds_markup(expression: Typed) -> bool:
    """Tell whether a text is HTML, at least sometimes: whether HYPERLINK or IMAGE make it."""
    match expression:
        case Apply(Markup()):
            return True
        case Apply(function, arguments):
            shown = _shown(function, len(arguments)) or ()
            return any(holds_markup(arguments[place]) for place in shown)
        case _:
            return False


def _shown(function: object, count: int) -> Sequence[int] | None:
    """Give which arguments a function passes on as they are; None if it does none."""
    match function:
        case Join() | BlankValue() | IfError():
            return range(count)
        case Ifs():
            return [*range(1, count - 1, 2), count - 1]
        case If():
            return (1, 2)
        case Case():
            return [*range(2, count - 1, 2), count - 1]
        case _:
            return None
