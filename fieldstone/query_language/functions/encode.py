"""HTMLENCODE, JSENCODE, JSINHTMLENCODE and URLENCODE: texts as parts of other texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any, Final
from urllib.parse import quote_plus

from sqlalchemy import ColumnElement, Text, case, column, func, null, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import constant_sql
from fieldstone.query_language.formula.typed import Failed, Shape
from fieldstone.query_language.functions.counts import MAX_CHARACTERS
from fieldstone.query_language.functions.function import TEXT, Category, Plain, Takes

Replacements = tuple[tuple[str, str], ...]

_IN_HTML: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"))
_IN_SCRIPT: Final = (
    ("\\", "\\\\"),
    ("'", "\\'"),
    ('"', '\\"'),
    ("/", "\\/"),
    ("<", "\\u003C"),
    (">", "\\u003E"),
    ("\n", "\\n"),
    ("\r", "\\r"),
    ("\t", "\\t"),
    ("\u2028", "\\u2028"),
    ("\u2029", "\\u2029"),
)


def replaced(text: str, replacements: Replacements) -> str:
    """Give a text in which other texts stand for characters, one kind after the other."""
    return reduce(lambda found, pair: found.replace(*pair), replacements, text)


def replaced_sql(text: ColumnElement[Any], replacements: Replacements) -> ColumnElement[Any]:
    """Give the same in SQL."""
    return reduce(lambda found, pair: func.replace(found, *map(_bound, pair)), replacements, text)


def _bound(text: str) -> ColumnElement[Any]:
    return constant_sql(text, Kind.TEXT)


class Encode(Plain):
    """A text in which what means something to another program is written in its way."""

    category = Category.TEXT
    takes = (Takes("text", TEXT),)

    def __init__(
        self, name: str, replacements: Replacements, examples: tuple[tuple[str, str], ...]
    ) -> None:
        self.name = name  # type: ignore[misc]  # one class for three names
        self.examples = examples  # type: ignore[misc]
        self._replacements = replacements

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, text: str) -> Value:
        _check_length(text)
        return replaced(text, self._replacements)

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return replaced_sql(text, self._replacements)

    def wrong(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        return func.length(text) > constant(MAX_CHARACTERS)


HTMLENCODE = Encode("HTMLENCODE", _IN_HTML, (("HTMLENCODE('1 < 2 & 3')", "1 &lt; 2 &amp; 3"),))
JSENCODE = Encode("JSENCODE", _IN_SCRIPT, (("JSENCODE('</b>')", "\\u003C\\/b\\u003E"),))
JSINHTMLENCODE = Encode(
    "JSINHTMLENCODE", _IN_HTML + _IN_SCRIPT, (("JSINHTMLENCODE('<b>')", "&lt;b&gt;"),)
)


class UrlEncode(Plain):
    """A text as a value within the address of a page: a blank as +, other characters as %20."""

    name = "URLENCODE"
    category = Category.TEXT
    takes = (Takes("text", TEXT),)
    examples = (("URLENCODE('50 % & more')", "50+%25+%26+more"), ("URLENCODE('é')", "%C3%A9"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, text: str) -> Value:
        _check_length(text)
        return quote_plus(text, safe="*").replace("~", "%7E")

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        # A character more, which is taken away again: without any there would be no rows.
        characters = (
            func.string_to_table(text.concat(constant("x")), null())
            .table_valued(column("character", Text), with_ordinality="place")
            .render_derived()
        )
        one = characters.c.character
        in_bytes = func.encode(func.convert_to(one, constant("UTF8")), constant("hex"))
        escaped = func.regexp_replace(
            func.upper(in_bytes.collate("C")), constant("(..)"), _bound("%\\1"), constant("g")
        )
        written = case(
            (one.regexp_match(constant("^[A-Za-z0-9._*-]$")), one),
            (one == constant(" "), constant("+")),
            else_=escaped,
        )
        whole = func.string_agg(written, aggregate_order_by(constant(""), characters.c.place))
        return func.left(select(whole).scalar_subquery(), constant(-1))

    def wrong(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        return func.length(text) > constant(MAX_CHARACTERS)


def _check_length(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise Failed(f"The text has more than {MAX_CHARACTERS:,} characters.")
