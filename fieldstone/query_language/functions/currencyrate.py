"""CURRENCYRATE: what one unit of the organization's currency is worth in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, case

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import null_of, number_sql
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import TEXT, Category, Plain, Takes

GROUP: Final = "currency_rates."
"""In front of the names of the settings that are rates, as Currency_Rates.EUR."""

_USUAL: Final = "USD"
_SHAPE: Final = Shape(Kind.NUMBER, 18, 6)


class CurrencyRate(Plain):
    """How much of a currency one unit of the organization's own is worth.

    Its own has 1. Of another it is the number setting Currency_Rates.EUR, where that is the code;
    none, where there is no such setting.
    """

    name = "CURRENCYRATE"
    category = Category.MATH
    takes = (Takes("currency", TEXT),)
    is_steady = False
    repeats = True
    examples = (("CURRENCYRATE('USD')", "1"),)

    def __init__(self, rates: Mapping[str, Decimal] | None = None) -> None:
        self._rates = {_USUAL: Decimal(1)} if rates is None else dict(rates)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return _SHAPE

    def value(self, currency: str) -> Value:
        return self._rates.get(currency)

    def sql(self, currency: ColumnElement[Any]) -> ColumnElement[Any]:
        rates = {code: number_sql(str(rate)) for code, rate in self._rates.items()}
        return case(
            *((currency == constant(code), rate) for code, rate in rates.items()),
            else_=null_of(Kind.NUMBER),
        )


def rates_of(catalog: Catalog) -> dict[str, Decimal]:
    """Give the rates that an organization has set, and 1 for its own currency."""
    found = {
        key.removeprefix(GROUP).upper(): setting.value
        for key, setting in catalog.settings.items()
        if key.startswith(GROUP) and isinstance(setting.value, Decimal)
    }
    return {**found, catalog.organization.currency: Decimal(1)}
