"""Email: addresses in their normal form."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.email import Email
from fieldstone.metadata.field_types.field_type import NoOptions

EMAIL = Email()
NO = NoOptions()


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("Bob@Example.COM", "Bob@example.com"),
        (" mailto:bob@example.com ", "bob@example.com"),
        ("a@xn--exmple-cua.de", "a@exämple.de"),
    ],
)
def test_the_domain_is_kept_in_one_spelling(written, stored):
    assert EMAIL.parse(written, NO) == stored


@pytest.mark.parametrize("written", ["bob", "a@b", "a@@b.com", "a b@c.de", "a@b.com, c@d.com"])
def test_what_mail_cannot_be_sent_to_is_refused(written):
    with pytest.raises(BadValue, match="not an e-mail address"):
        EMAIL.parse(written, NO)


def test_case_does_not_tell_addresses_apart():
    assert EMAIL.slot_value("Bob@example.com", NO) == "bob@example.com"


def test_a_condition_may_name_part_of_an_address():
    assert EMAIL.accept_operand("@example.com", NO) == "@example.com"
