"""HYPERLINK: a link, as HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import constant_sql
from fieldstone.query_language.formula.typed import Shape, Typed
from fieldstone.query_language.functions.function import TEXT, Plain, Takes
from fieldstone.query_language.functions.markup import Markup, as_markup, escaped, escaped_sql


def _spelled(scheme: str) -> str:
    """Give the pattern of a scheme as browsers read it: whatever the case, and line breaks."""
    letters = (f"[{letter}{letter.upper()}]" for letter in scheme)
    return "[\t\n\r]*".join([*letters, ":"])


_RUNS: Final = f"^[\x01- ]*({_spelled('javascript')}|{_spelled('vbscript')})"
"""An address that is a program: it would run in the page of whoever follows the link."""
_MARK: Final = "unsafe:"


class Hyperlink(Markup, Plain):
    """A link with an address and a label, as HTML; the target is the name of a window.

    The label may be an IMAGE. All other text in it is escaped, and so is the address, which is
    made harmless where it is a program.
    """

    name = "HYPERLINK"
    takes = (Takes("address", TEXT), Takes("label", TEXT), Takes("target", TEXT, optional=True))
    examples = (
        ("HYPERLINK('/deals?a=1&b=2', 'Deals')", '<a href="/deals?a=1&b=2">Deals</a>'),
        ("HYPERLINK('/', 'Home', '_blank')", '<a href="/" target="_blank">Home</a>'),
        ("HYPERLINK('/', '1 < 2')", '<a href="/">1 &lt; 2</a>'),
    )

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        found = list(super().adapt(arguments))
        return [*found[:1], *(as_markup(label) for label in found[1:2]), *found[2:]]

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, address: str, label: str, target: str = "") -> Value:
        address = re.sub(_RUNS, lambda found: _MARK + found[0], address)
        window = f' target="{escaped(target)}"' if target else ""
        return f'<a href="{escaped(address)}"{window}>{label}</a>'

    def sql(
        self,
        address: ColumnElement[Any],
        label: ColumnElement[Any],
        *target: ColumnElement[Any],
    ) -> ColumnElement[Any]:
        marked = constant_sql(rf"{_MARK}\&", Kind.TEXT)
        harmless = func.regexp_replace(address, constant(_RUNS), marked)
        found = constant('<a href="').concat(escaped_sql(harmless)).concat(constant('"'))
        for window in target:
            # Of no target nothing stays: the name is put between the quotes of a pattern.
            found = found.concat(
                func.regexp_replace(
                    escaped_sql(window),
                    constant("^(.+)$"),
                    constant_sql(r' target="\1"', Kind.TEXT),
                )
            )
        return found.concat(constant(">")).concat(label).concat(constant("</a>"))
