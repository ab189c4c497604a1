"""FORMATCURRENCY: an amount with its currency, for people to read."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Failed, Shape
from fieldstone.query_language.functions.function import NUMBER, TEXT, Category, Plain, Takes

_PLACES: Final = 2
_WITHOUT_PLACES: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
_CODES: Final = {0: _WITHOUT_PLACES.split(), 3: _WITH_THREE.split()}
"""The currencies of ISO 4217 that have not got two places, by how many they have."""
_OTHER_PLACES: Final = {code: places for places, codes in _CODES.items() for code in codes}
_END: Final = Decimal(10) ** 18
_DIGITS: Final = "FM999,999,999,999,999,999,990"


class FormatCurrency(Plain):
    """An amount behind the code of its currency, with as many places as the currency has.

    Half of the last place is rounded away from zero. An amount of more than 18 digits fails.
    """

    name = "FORMATCURRENCY"
    category = Category.TEXT
    takes = (Takes("currency", TEXT), Takes("amount", NUMBER))
    repeats = True
    examples = (
        ("FORMATCURRENCY('EUR', 1234567.5)", "EUR 1,234,567.50"),
        ("FORMATCURRENCY('JPY', 1234.5)", "JPY 1,235"),
    )

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, currency: str, amount: Decimal) -> Value:
        if abs(amount) >= _END - 1:
            raise Failed("The amount has more than 18 digits.")
        places = _OTHER_PLACES.get(currency, _PLACES)
        rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        return f"{currency} {rounded or abs(rounded):,.{places}f}".lstrip(" ")

    def sql(self, currency: ColumnElement[Any], amount: ColumnElement[Any]) -> ColumnElement[Any]:
        kinds = [
            (currency.in_([constant(code) for code in codes]), n) for n, codes in _CODES.items()
        ]
        places = case(*((test, constant(n)) for test, n in kinds), else_=constant(_PLACES))
        wanted = case(
            *((test, constant(_format(n))) for test, n in kinds), else_=constant(_format(_PLACES))
        )
        shown = func.to_char(func.round(amount, places), wanted)
        return func.ltrim(currency.concat(constant(" ")).concat(shown))

    def wrong(
        self, currency: ColumnElement[Any], amount: ColumnElement[Any]
    ) -> ColumnElement[bool]:
        return func.abs(amount) >= number_sql(str(_END - 1))


def _format(places: int) -> str:
    return f"{_DIGITS}.{'0' * places}" if places else _DIGITS
