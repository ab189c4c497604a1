"""Phone: numbers in E.164 where they can be understood."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.field_type import BadOption
from fieldstone.metadata.field_types.phone import Phone, PhoneOptions

PHONE = Phone()
US = PhoneOptions()


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("(312) 226-2649", "+13122262649"),
        ("312.226.2649 ext. 23", "+13122262649 x23"),
        ("+44 20 7946 0958", "+442079460958"),
        ("1-800-FLOWERS", "+18003569377"),
        ("2262649", "2262649"),
        ("312-5550100 / 0101", "312-5550100 / 0101"),
        ("٣١٢٢٢٦٢٦٤٩", "+13122262649"),
    ],
)
def test_a_valid_number_is_normal_and_another_is_kept_as_typed(written, stored):
    assert PHONE.parse(written, US) == stored


@pytest.mark.parametrize("written", ["n/a", "-", "12", "none"])
def test_what_has_fewer_than_three_digits_is_refused(written):
    with pytest.raises(BadValue):
        PHONE.parse(written, US)


def test_the_region_of_the_field_reads_national_numbers():
    assert PHONE.parse("030 123456", PhoneOptions(region="DE")) == "+4930123456"


def test_only_digits_count_in_comparisons():
    assert PHONE.slot_value("+13122262649 x23", US) == "1312226264923"
    assert PHONE.fold_pattern("(312) 226%") == "312226%"


def test_a_condition_finds_a_number_however_it_is_written():
    assert PHONE.accept_operand("312-226-2649", US) == "+13122262649"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("+13122262649", "(312) 226-2649"),
        ("+442079460958", "+44 20 7946 0958"),
        ("2262649", "2262649"),
    ],
)
def test_a_number_is_shown_as_it_is_dialled_from_its_region(stored, shown):
    assert PHONE.show(stored, US) == shown


def test_an_unknown_region_is_refused():
    with pytest.raises(BadOption, match="no region ZZ"):
        PhoneOptions(region="ZZ")
