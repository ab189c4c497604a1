"""Currency: an exact amount of money, kept as a JSON number."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from babel.core import get_global
from babel.numbers import format_currency, get_currency_symbol
from msgspec import Meta
from sqlalchemy import ColumnElement, Numeric, cast

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_CURRENCY
from fieldstone.metadata.field_types.field_type import ORDERED, BadOption, FieldType, Widget
from fieldstone.metadata.field_types.number import (
    Places,
    Precision,
    check_limits,
    encode_decimal,
    fit,
    number_schema,
    parse_decimal,
    read_decimal,
)
from fieldstone.metadata.field_types.stored import StoredJson
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonSchema

LOCALE: Final = "en"
_CODES: Final = frozenset(get_global("all_currencies"))
_AMOUNT: Final = re.compile(
    r"(?P<before>[^\d.,]*)(?P<digits>[\d.,](?:.*[\d.,])?)(?P<after>[^\d.,]*)"
)
_MARK: Final = re.compile(r"[^\W\d_]+\$?|\S")
_CURRENCY_OF: Final = {"\u20ac": "EUR", "\u00a3": "GBP", "\u20b9": "INR", "\u20a9": "KRW"}
_SIGNS: Final = {"-", "+", "\u2212"}
_NO_DOLLAR: Final = frozenset({"CHF", "CNY", "JPY", *_CURRENCY_OF.values()})


@dataclass(frozen=True, slots=True)
class CurrencyOptions:
    """currency: the ISO 4217 code of every amount, such as EUR; without one no code is shown.

    precision: digits in all, places: those after the point. lowest, highest: both allowed.
    """

    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    precision: Precision = 15
    places: Places = 2
    lowest: Decimal | None = None
    highest: Decimal | None = None

    def __post_init__(self) -> None:
        check_limits(self)
        if self.currency is not None and self.currency not in _CODES:
            raise BadOption(
                f"There is no currency {self.currency}.",
                at="/currency",
                hint="Write its ISO 4217 code, such as EUR.",
            )


def parse_money(text: str, currency: str | None) -> Decimal:
    """Read an amount that a person wrote, with a sign or code of money before or after it or not.

    (1,234.50) is negative, as accountants write. Raises BadValue, also for another currency.
    """
    plain = text.strip()
    in_brackets = plain.startswith("(") and plain.endswith(")")
    match = _AMOUNT.fullmatch(plain[1:-1] if in_brackets else plain)
    if match is None:
        raise BadValue(f"{text[:80]!r} is not an amount.", hint="Write 1234.50.")
    before = _MARK.findall(match["before"])
    signs = [mark for mark in before if mark in _SIGNS]
    marks = [mark for mark in before if mark not in _SIGNS] + _MARK.findall(match["after"])
    if len(signs) > 1 or not all(_is_money(mark) for mark in marks):
        raise BadValue(f"{text[:80]!r} is not an amount.", hint="Write 1234.50.")
    if currency is not None and not all(_may_mean(mark, currency) for mark in marks):
        raise BadValue(f"{text[:80]!r} is not an amount in {currency}.")
    amount = parse_decimal(match["digits"])
    return -amount if in_brackets or signs not in ([], ["+"]) else amount


def _is_money(mark: str) -> bool:
    return mark.upper() in _CODES or unicodedata.category(mark[-1]) == "Sc"


def _may_mean(mark: str, currency: str) -> bool:
    if mark.endswith("$"):
        return currency not in _NO_DOLLAR
    return _CURRENCY_OF.get(mark, mark.upper() if mark.isalpha() else currency) == currency


class Currency(FieldType[CurrencyOptions, Decimal]):
    """An amount of money, exact to the digit."""

    name = "currency"
    label = "Currency"
    options_class = CurrencyOptions
    operators = ORDERED
    calculation = AS_CURRENCY
    slot = SlotKind.NUMBER

    def json_schema(self, options: CurrencyOptions) -> JsonSchema:
        return number_schema(options)

    def accept(self, value: Json, options: CurrencyOptions) -> Decimal:
        return fit(read_decimal(value), options)

    def parse(self, text: str, options: CurrencyOptions) -> Decimal:
        return fit(parse_money(text, options.currency), options)

    def accept_operand(self, value: Json, options: CurrencyOptions) -> Decimal:
        return read_decimal(value)

    def encode(self, value: Decimal) -> Json:
        return encode_decimal(value)

    def decode(self, stored: Json) -> Decimal:
        assert isinstance(stored, int | Decimal)
        return Decimal(stored)

    def slot_value(self, value: Decimal, options: CurrencyOptions) -> float:
        return float(value)

    def sql(self, stored: StoredJson, options: CurrencyOptions) -> ColumnElement[Decimal]:
        return cast(stored.astext, Numeric)

    def sql_operand(self, value: Decimal, options: CurrencyOptions) -> Decimal:
        return value

    def show(self, value: Decimal, options: CurrencyOptions) -> str:
        if options.currency is None:
            return f"{value:,.{options.places}f}"
        pattern = "¤#,##0" + ("." + "0" * options.places if options.places else "")
        return format_currency(
            value, options.currency, format=pattern, locale=LOCALE, currency_digits=False
        )

    def widget(self, options: CurrencyOptions) -> Widget:
        symbol = get_currency_symbol(options.currency, LOCALE) if options.currency else ""
        return Widget("decimal", {"places": options.places, "prefix": symbol})

    def describe(self, options: CurrencyOptions) -> str:
        return f"Currency({options.currency})" if options.currency else "Currency"
