"""Number: exact decimals, and how people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.field_type import BadOption
from fieldstone.metadata.field_types.number import Number, NumberOptions, parse_decimal

NUMBER = Number()


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1.234.567", "1234567"),
        ("12,34,567", "1234567"),
        ("1,234", "1234"),
        ("12,5", "12.5"),
        ("1 234", "1234"),
        ("1\u00a0234,5", "1234.5"),
        ("1'234.5", "1234.5"),
        ("-.5", "-0.5"),
        ("1e3", "1000"),
    ],
)
def test_a_number_is_read_as_people_write_it(written, number):
    assert parse_decimal(written) == Decimal(number)


@pytest.mark.parametrize("written", ["", ".", "--1", "1,2,3", "1.2.3", "1-2", "NaN", "inf", "1e99"])
def test_what_is_no_number_is_refused(written):
    with pytest.raises(BadValue):
        parse_decimal(written)


@pytest.mark.parametrize("said", [True, "5", None, [5], Decimal("NaN"), Decimal("1e400"), 10**41])
def test_json_that_is_no_finite_number_is_refused(said):
    with pytest.raises(BadValue):
        NUMBER.accept(said, NumberOptions())


def test_halves_are_rounded_away_from_zero():
    assert NUMBER.accept(Decimal("-0.125"), NumberOptions()) == Decimal("-0.13")


def test_a_bound_holds_before_and_after_rounding():
    options = NumberOptions(highest=Decimal("9.999"))

    with pytest.raises(BadValue, match=r"over 9\.999"):
        NUMBER.accept(Decimal("9.999"), options)


def test_digits_before_the_point_are_limited():
    with pytest.raises(BadValue, match="more than 3 digits before the point"):
        NUMBER.accept(1000, NumberOptions(precision=5))


def test_a_whole_number_is_stored_without_a_point():
    assert NUMBER.encode(Decimal("5.00")) == 5


def test_zero_has_no_sign():
    assert str(NUMBER.accept(Decimal("-0.001"), NumberOptions())) == "0.00"


def test_a_constant_of_a_condition_is_not_rounded():
    assert NUMBER.accept_operand(Decimal("0.005"), NumberOptions()) == Decimal("0.005")


@pytest.mark.parametrize(
    "said", [{"places": 3, "precision": 2}, {"lowest": Decimal(2), "highest": Decimal(1)}]
)
def test_limits_that_contradict_each_other_are_refused(said):
    with pytest.raises(BadOption):
        NumberOptions(**said)
