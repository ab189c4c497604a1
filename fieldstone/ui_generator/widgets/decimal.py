"""Decimal: a number, an amount of money or a percentage."""

from __future__ import annotations

from decimal import Decimal as Exact
from typing import Any

from babel.numbers import get_currency_symbol

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.widget import NUMBER_WORDS, WHOLE, FieldWidget, Texts


class Decimal(FieldWidget):
    """A text input that brings up digits; any way of writing a number is understood.

    Every amount of a column has as many places as the field says: figures below each other are
    compared by where their points stand.
    """

    name = "decimal"
    align_end = True
    filter_words = NUMBER_WORDS
    filter_value = "number"

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
