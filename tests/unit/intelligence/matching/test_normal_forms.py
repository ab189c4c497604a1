"""Normal forms forget how something is written, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.intelligence.matching.normal_forms import (
    email_key,
    host_of,
    organisation_words,
    person_words,
    phone_digits,
    phones_agree,
    plain_text,
    postal_key,
    street_of,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Corp.", "ACME Corporation"),
        ("The Acme Company, Inc.", "acme"),
        ("Müller GmbH & Co. KG", "Muller"),
        ("Smith & Sons Ltd", "Smith and Sons Limited"),
        ("I.B.M.", "IBM"),
        ("Children's Home", "Childrens Home"),
        ("Abraham Lincoln Centre", "Abraham Lincoln Center"),
    ],
)
def test_spellings_of_one_company_have_the_same_words(one, other):
    assert organisation_words(one) == organisation_words(other)


def test_a_company_called_by_a_legal_form_keeps_its_name():
    assert organisation_words("The Company") == ("the", "company")


def test_titles_generations_and_a_comma_do_not_change_a_person():
    assert person_words("Dr. Ann Lee Jr.") == person_words("Lee, Ann") == ("ann", "lee")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann.Lee+news@gmail.com", "annlee@googlemail.com"),
        ("ann+crm@acme.com", "ANN@ACME.COM"),
    ],
)
def test_addresses_of_one_mailbox_are_one(one, other):
    assert email_key(one) == email_key(other)


def test_points_matter_outside_gmail():
    assert email_key("ann.lee@acme.com") != email_key("annlee@acme.com")


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("+13125550100", "(312) 555-0100", True),
        ("555-0100", "+1 312 555 0100", True),
        ("312 555 0100 x23", "3125550100", True),
        ("5550100", "5550101", False),
        ("+13125550100", "+17735550100", False),
        ("0100", "+13125550100", False),
    ],
)
def test_phone_numbers_agree_from_the_right(one, other, agree):
    assert phones_agree(phone_digits(one), phone_digits(other)) is agree


def test_hosts_that_many_share_say_nothing():
    assert host_of("https://www.acme.com/about") == host_of("acme.com") == "acme.com"
    assert host_of("https://facebook.com/acme") == host_of("sites.google.com/view/acme") == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1 N Ogden Ave", "1 North Ogden Avenue"),
        ("1 N. Ogden", "1 North Ogden Avenue"),
        ("710 W. 65th Street Building Z", "710 W 65th St"),
        ("2610 West 25th Place Lower level", "2610 W. 25th Pl."),
        ("9501 S. DR MARTIN LUTHER KING JR Drive", "9501 S. King Dr"),
        ("112 East 51 Street", "112 E 51ST STREET"),
    ],
)
def test_spellings_of_one_address_have_one_key(one, other):
    assert street_of(one).key == street_of(other).key != ""


def test_a_street_without_a_number_has_no_key():
    assert street_of("Ogden Avenue").key == ""


def test_only_the_first_part_of_a_long_postal_code_counts():
    assert postal_key("60607-1234") == postal_key("60607") == "60607"
    assert postal_key("sw1a 1aa") == postal_key("SW1A1AA")


@given(st.text(max_size=60))
def test_plain_text_is_plain_already(text):
    plain = plain_text(text)
    assert plain_text(plain) == plain


@given(st.text(max_size=60))
def test_any_text_can_be_a_name_an_address_and_a_number(text):
    organisation_words(text)
    person_words(text)
    street_of(text)
    host_of(text)
    email_key(text)
    assert phone_digits(text).isdigit() or not phone_digits(text)
