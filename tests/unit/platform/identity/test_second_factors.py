"""Codes, places and passwords, by themselves."""

from __future__ import annotations

from base64 import b32encode
from datetime import UTC, datetime

import pytest

from fieldstone.platform.identity import recovery_codes, totp
from fieldstone.platform.identity.account_words import shown_agent
from fieldstone.platform.identity.keys import Keys
from fieldstone.platform.identity.origin_place import place_of
from fieldstone.platform.identity.password_strength import why_weak

RFC_KEY = b32encode(b"12345678901234567890").decode()


# RFC 6238, appendix B: the last six of the eight digits.
@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    now = datetime.fromtimestamp(at, UTC)

    assert totp.step_of(RFC_KEY, code, now, 0) == at // 30
    assert totp.step_of(RFC_KEY, code, now, at // 30) is None


def test_code_holds_one_step_around_its_own() -> None:
    assert [
        totp.step_of(RFC_KEY, "005924", datetime.fromtimestamp(1234567890 + 30 * steps, UTC), 0)
        is not None
        for steps in range(-2, 3)
    ] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("typed", "read"),
    [("123 456", "123456"), ("123-456", "123456"), ("12345", None), ("١٢٣٤٥٦", None), ("", None)],
)
def test_code_is_read_however_it_is_parted(typed: str, read: str | None) -> None:
    assert totp.read_code(typed) == read


def test_recovery_codes_are_ten_and_read_back() -> None:
    codes = recovery_codes.make_codes()

    assert len(set(codes)) == 10
    for code in codes:
        assert recovery_codes.read_code(f" {code.upper().replace('-', ' ')} ") is not None


def test_digest_of_a_code_is_that_of_one_person_and_key() -> None:
    digests = {
        recovery_codes.code_digest(Keys(key), tenant, user, "x7kpm2wdqrt5")
        for key in ("a", "b")
        for tenant in (1, 2)
        for user in (1, 2)
    }

    assert len(digests) == 8


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("/run/socket", "/run/socket"),
    ],
)
def test_place_is_the_network_of_an_address(address: str, place: str) -> None:
    assert place_of(address) == place


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("four unrelated words", True),
        ("correct horse battery", True),
        ("password12345", False),
        ("abcabcabcabc", False),
        ("adalovelace 99 zebra", False),
        ("x acme gmbh 71 zebra", False),
        ("ö" * 40 + "four unrelated words" * 3, True),
    ],
)
def test_password_is_measured_by_guesses_and_by_what_is_known(password: str, is_good: bool) -> None:
    about = ("ada@acme.example", "Ada Lovelace", "Acme GmbH")

    assert (why_weak(password, about) is None) is is_good


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU like Mac OS X) Version/18 Safari/604", "Safari on iPhone"),
        ("curl/8.5", "curl/8.5"),
        ("", "Unknown device"),
    ],
)
def test_device_is_shown_in_two_words(agent: str, shown: str) -> None:
    assert shown_agent(agent) == shown
