"""The matcher finds doubles, and tells them from neighbours and namesakes."""

from __future__ import annotations

from typing import Any

import pytest

from fieldstone.intelligence.matching.matcher import RecordMatcher
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.runtime.imports.matcher import Known, Match
from tests.support.crm_catalog import crm_catalog

COMPANY = crm_catalog().get_object("Company")
CONTACT = crm_catalog().get_object("Contact")
PRODUCT = crm_catalog().get_object("Product")


def data_of(obj: ObjectDef, values: dict[str, Any]) -> dict[str, Any]:
    """Give values by field key."""
    return {obj.get_field(name).key: value for name, value in values.items()}


def match_of(obj: ObjectDef, stored: dict[str, Any], newcomer: dict[str, Any]) -> Match | None:
    """Compare a newcomer with one stored record."""
    mapped = [obj.get_field(name) for name in {**stored, **newcomer}]
    matching = RecordMatcher().begin(obj, mapped)
    matching.remember(Known(data_of(obj, stored), record_id=1))
    return matching.find(data_of(obj, newcomer))


ALICE = {"name": "Alice Smith", "first_name": "Alice", "last_name": "Smith"}
PLACE = {"street": "1 N Ogden Ave", "postal_code": "60607"}


def test_the_same_values_are_certainly_one():
    found = match_of(
        CONTACT, {**ALICE, "role": "Unknown"}, {"first_name": "Alice", "last_name": "Smith"}
    )
    assert found is not None
    assert (found.confidence, found.certain, found.brings) == (1.0, True, frozenset())


@pytest.mark.parametrize(
    ("newcomer", "why"),
    [
        ({"first_name": "Alice B.", "last_name": "Smith", "email": "alice@acme.com"}, "e-mail"),
        ({"first_name": "A.", "last_name": "Smith", "email": "Alice+x@ACME.com"}, "e-mail"),
        ({"name": "Alice Smith", "email": "asmith@acme.com"}, "domain"),
        ({"name": "Smith, Alice", "phone": "555-0100"}, "phone"),
    ],
)
def test_a_person_is_known_again(newcomer, why):
    stored = {**ALICE, "email": "alice@acme.com", "phone": "+13125550100"}
    found = match_of(CONTACT, stored, newcomer)
    assert found is not None
    assert 0.8 <= found.confidence < 1
    assert any(why in reason for reason in found.reasons)


@pytest.mark.parametrize(
    "newcomer",
    [
        {"name": "Alice Smith", "email": "alice@other.org"},
        {"name": "Bob Jones", "email": "bob@acme.com"},
        {"name": "Bob Smith", "phone": "+13125550100"},
        {"name": "Alice Smyth"},
    ],
)
def test_a_namesake_and_a_colleague_are_not_the_same_person(newcomer):
    stored = {**ALICE, "email": "alice@acme.com", "phone": "+13125550100"}
    assert match_of(CONTACT, stored, newcomer) is None


@pytest.mark.parametrize(
    "newcomer",
    [
        {"name": "Salvation Army Temple", "address": {"street": "1 North Ogden Avenue"}},
        {"name": "SALVATION ARMY - TEMPLE", "phone": "2262649"},
        {"name": "Temple Center", "address": PLACE, "phone": "2262649"},
    ],
)
def test_a_place_is_known_again(newcomer):
    stored = {
        "name": "Salvation Army - Temple / Salvation Army",
        "address": PLACE,
        "phone": "+13122262649",
    }
    found = match_of(COMPANY, stored, newcomer)
    assert found is not None
    assert found.confidence >= 0.8


@pytest.mark.parametrize(
    "newcomer",
    [
        {"name": "Salvation Army Temple", "address": {"street": "900 W 51st St"}},
        {"name": "Ogden Bakery", "address": PLACE, "phone": "9998877"},
        {"name": "Salvation Army New Hope", "address": {"street": "4255 W Division St"}},
    ],
)
def test_branches_and_neighbours_are_not_the_same_place(newcomer):
    stored = {"name": "Salvation Army Temple", "address": PLACE, "phone": "2262649"}
    assert match_of(COMPANY, stored, newcomer) is None


def test_numbers_in_names_tell_things_apart():
    stored = {"name": "Little Tykes I", "phone": "5791791"}
    assert match_of(COMPANY, stored, {"name": "Little Tykes II", "phone": "5791791"}) is None


@pytest.mark.parametrize(
    ("one", "other"), [("Ann5 Lee5", "Ann15 Lee15"), ("User 12", "User 13"), ("p1 x1", "p2 x1")]
)
def test_numbers_in_names_of_people_tell_them_apart(one, other):
    shared = {"phone": "+13125550100"}
    stored = {"name": one, "email": "one@acme.com", **shared}
    assert match_of(CONTACT, stored, {"name": other, "email": "other@acme.com", **shared}) is None


def test_numbers_within_words_tell_firms_apart():
    stored = {"name": "Company12", "website": "https://acme.com"}
    assert match_of(COMPANY, stored, {"name": "Company13", "website": "acme.com"}) is None


def test_things_that_are_only_alike_are_two():
    assert match_of(PRODUCT, {"name": "Widget 10"}, {"name": "Widget 11"}) is None
    found = match_of(PRODUCT, {"name": "Widget 10"}, {"name": "Widget 10"})
    assert found is not None
    assert found.certain


def test_what_a_certain_double_brings_is_told():
    stored = {"name": "Acme", "phone": "+13125550100", "address": PLACE}
    newcomer = {**stored, "phone": "312 555 0100", "industry": "Retail"}
    found = match_of(COMPANY, stored, newcomer)
    assert found is not None
    assert found.certain
    assert found.brings == {COMPANY.get_field("industry").key}


def test_what_was_forgotten_is_not_found():
    matching = RecordMatcher().begin(COMPANY, [COMPANY.get_field("name")])
    known = Known(data_of(COMPANY, {"name": "Acme"}), record_id=1)
    matching.remember(known)
    matching.forget(known)
    assert matching.find(known.data) is None


def test_a_local_number_is_looked_up_in_its_longer_forms():
    mapped = [COMPANY.get_field("name"), COMPANY.get_field("phone")]
    matching = RecordMatcher().begin(COMPANY, [*mapped, COMPANY.get_field("address")])
    newcomer = data_of(COMPANY, {"name": "Acme", "phone": "+13125550100"})
    values = matching.lookups([newcomer])
    assert {"13125550100", "3125550100", "5550100"} <= set(values[COMPANY.get_field("phone")])
    assert set(values[COMPANY.get_field("name")]) == {"acme"}
