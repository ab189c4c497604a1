"""Currency: amounts and how people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.currency import Currency, CurrencyOptions, parse_money
from fieldstone.metadata.field_types.field_type import BadOption

CURRENCY = Currency()


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("$85,000", "85000"),
        ("(12.50)", "-12.50"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        ("\u22125 USD", "-5"),
        ("USD5000", "5000"),
        ("US$ 5", "5"),
        ("50,00", "50"),
        ("1.234,50", "1234.5"),
    ],
)
def test_an_amount_is_read_as_people_write_it(written, amount):
    assert parse_money(written, "USD") == Decimal(amount)


@pytest.mark.parametrize("written", ["5 EUR", "€5", "£5", "5 apples", "kr 5", "$", "1-2", "5%"])
def test_another_currency_or_none_is_refused(written):
    with pytest.raises(BadValue):
        parse_money(written, "USD")


def test_dollars_are_not_taken_for_euros():
    with pytest.raises(BadValue, match="not an amount in EUR"):
        parse_money("$5", "EUR")


def test_an_amount_is_shown_with_its_currency():
    assert CURRENCY.show(Decimal("-1234.5"), CurrencyOptions(currency="EUR")) == "-€1,234.50"


def test_an_amount_without_a_currency_is_shown_bare():
    assert CURRENCY.show(Decimal("1234.5"), CurrencyOptions()) == "1,234.50"


def test_places_of_the_options_rule_those_of_the_currency():
    assert CURRENCY.show(Decimal(5), CurrencyOptions(currency="EUR", places=0)) == "€5"


def test_an_unknown_currency_is_refused():
    with pytest.raises(BadOption, match="no currency XXQ"):
        CurrencyOptions(currency="XXQ")


def test_currency_describes_itself_in_one_word():
    assert CURRENCY.describe(CurrencyOptions()) == "Currency"
