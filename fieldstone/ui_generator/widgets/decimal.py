"""Decimal: a number, an amount of money or a percentage."""

from __future__ import annotations

from decimal import Decimal as Exact
from typing import Any, Final

from babel.numbers import get_currency_symbol
from markupsafe import Markup, escape

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.widget import NUMBER_WORDS, WHOLE, FieldWidget, Texts

_WITHOUT_PLACES: Final = 10_000


class Decimal(FieldWidget):
    """A text input that brings up digits; any way of writing a number is understood."""

    name = "decimal"
    align_end = True
    filter_words = NUMBER_WORDS
    filter_value = "number"

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        number = of.type.decode(value)
        prefix = self.prefix(of, view)
        if prefix and abs(number) >= _WITHOUT_PLACES:
            return escape(_money(number, prefix, 0))
        return escape(self.plain(value, of, view))

    def full(self, value: Json, of: Field, view: Viewing) -> Markup:
        return escape(self.plain(value, of, view))

    def plain(self, value: Json, of: Field, view: Viewing) -> str:
        number, prefix = of.type.decode(value), self.prefix(of, view)
        if prefix:
            return _money(number, prefix, self.setting(of, "places"))
        return of.type.show(number, of.options)

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        return {WHOLE: [] if value is None else [f"{of.type.decode(value):f}"]}

    def prefix(self, of: Field, view: Viewing) -> str:
        """Give the sign of money that stands before an amount; "" for what is no money."""
        said = self.setting(of, "prefix")
        if said is None:
            return ""
        return str(said) or get_currency_symbol(view.currency, view.locale)

    def setting(self, of: Field, name: str) -> Any:
        """Give a setting that the type's own description of the widget holds."""
        return of.type.widget(of.options).settings.get(name)


def _money(number: Exact, prefix: str, places: int) -> str:
    sign = "-" if number < 0 else ""
    gap = " " if prefix[-1:].isalpha() else ""
    return f"{sign}{prefix}{gap}{abs(number):,.{places}f}"
