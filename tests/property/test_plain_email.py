"""What is taken for a plain address is one for the validator too, and in its normal form."""

from __future__ import annotations

from email_validator import validate_email
from hypothesis import assume, given
from hypothesis import strategies as st

from fieldstone.metadata.field_types.email import is_plain

LABEL = st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)
LOCAL = st.from_regex(r"[A-Za-z0-9._+-]{1,70}", fullmatch=True)
TOP = st.sampled_from(["com", "org", "de", "test", "local", "invalid", "arpa", "onion", "x1", "c"])


@given(LOCAL, st.lists(LABEL, min_size=1, max_size=24), TOP)
def test_plain_addresses_are_valid_and_normal(local: str, labels: list[str], top: str):
    address = f"{local}@{'.'.join(labels)}.{top}"
    assume(is_plain(address))
    assert validate_email(address, check_deliverability=False).normalized == address
