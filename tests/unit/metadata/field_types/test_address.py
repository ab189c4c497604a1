"""Address: parts, and how they are told in one text."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.address import Address, PostalAddress, split_address
from fieldstone.metadata.field_types.field_type import NoOptions

ADDRESS = Address()
NO = NoOptions()


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("1 Main St, Chicago, IL 60607", ("1 Main St", "Chicago", "IL", "60607", "")),
        ("1 Main St, Chicago, IL 60607, USA", ("1 Main St", "Chicago", "IL", "60607", "USA")),
        ("1 Main St, Apt 5\nChicago, IL 60607", ("1 Main St, Apt 5", "Chicago", "IL", "60607", "")),
        ("Hauptstr. 5, 10115 Berlin", ("Hauptstr. 5", "Berlin", "", "10115", "")),
        ("1 N Ogden Ave", ("1 N Ogden Ave", "", "", "", "")),
    ],
)
def test_parts_are_told_where_they_are_plain(written, parts):
    assert split_address(written) == PostalAddress(*parts)


def test_only_parts_that_say_something_are_stored():
    value = ADDRESS.accept({"street": " 1 Main St ", "city": "", "country": None}, NO)

    assert ADDRESS.encode(value) == {"street": "1 Main St"}


@pytest.mark.parametrize(
    ("said", "at"),
    [({"town": "x"}, "/town"), ({"city": 5}, "/city"), ({"city": "x" * 81}, "/city")],
)
def test_a_bad_part_is_named_by_a_pointer(said, at):
    with pytest.raises(BadValue) as caught:
        ADDRESS.accept(said, NO)

    assert caught.value.problem.at == at


def test_an_address_is_shown_as_on_a_letter():
    value = PostalAddress("1 Main St\nApt 5", "Chicago", "IL", "60607", "USA")

    assert ADDRESS.show(value, NO) == "1 Main St, Apt 5, Chicago, IL 60607, USA"
