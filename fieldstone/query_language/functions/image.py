"""IMAGE and IMAGEPROXYURL: a picture, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import any_of
from fieldstone.query_language.formula.typed import Compiled, Shape, Thunk
from fieldstone.query_language.functions.function import (
    NUMBER,
    TEXT,
    Category,
    Plain,
    Takes,
    unless_failed,
)
from fieldstone.query_language.functions.markup import Markup, escaped, escaped_sql
from fieldstone.query_language.functions.text_of import written, written_sql

_SIZES = ("height", "width")


class Image(Markup):
    """A picture with its address and the text for those who do not see it, as HTML.

    Height and width are in pixels; one that is missing is left to the picture.
    """

    name = "IMAGE"
    takes = (
        Takes("address", TEXT),
        Takes("text", TEXT),
        Takes("height", NUMBER, optional=True),
        Takes("width", NUMBER, optional=True),
    )
    examples = (
        ("IMAGE('/flag.png', 'flag')", '<img src="/flag.png" alt="flag"/>'),
        (
            "IMAGE('/flag.png', 'flag', 30, 20)",
            '<img src="/flag.png" alt="flag" height="30" width="20"/>',
        ),
    )

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        address, text, *sizes = (argument() for argument in arguments)
        told = "".join(
            f' {name}="{written(size)}"'
            for name, size in zip(_SIZES, sizes, strict=False)
            if isinstance(size, Decimal)
        )
        return f'<img src="{escaped(str(address))}" alt="{escaped(str(text))}"{told}/>'

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        address, text, *sizes = arguments
        found: ColumnElement[Any] = constant('<img src="').concat(escaped_sql(address.value))
        found = found.concat(constant('" alt="')).concat(escaped_sql(text.value))
        found = found.concat(constant('"'))
        for name, size in zip(_SIZES, sizes, strict=False):
            told = constant(f' {name}="').concat(written_sql(size.value)).concat(constant('"'))
            found = found.concat(func.coalesce(told, constant("")))
        found = found.concat(constant("/>"))
        sizes_fail = any_of([size.fails for size in sizes])
        fails = any_of([address.fails, text.fails, sizes_fail])
        return Compiled(shape, unless_failed(sizes_fail, found), fails)


class ImageProxyUrl(Plain):
    """The address itself: pictures come from where they are, and not through this server."""

    name = "IMAGEPROXYURL"
    category = Category.TEXT
    takes = (Takes("address", TEXT),)
    examples = (("IMAGEPROXYURL('https://a.example/b.png')", "https://a.example/b.png"),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, address: str) -> Value:
        return address

    def sql(self, address: ColumnElement[Any]) -> ColumnElement[Any]:
        return address
