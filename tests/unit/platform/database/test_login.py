"""The name, the address and the password of the application's login."""

from __future__ import annotations

from base64 import b64decode
from urllib.parse import unquote, urlsplit

import pytest

from fieldstone.platform.database.login import login_name, login_url, scram_verifier


def test_login_is_named_for_its_database() -> None:
    assert login_name("crm") == "fieldstone_app_crm"


def test_long_names_of_databases_make_names_that_fit_and_differ() -> None:
    names = {login_name(f"{'ä' * 30}{last}") for last in "ab"}

    assert len(names) == 2
    assert all(len(name.encode()) <= 63 for name in names)


@pytest.mark.parametrize(
    ("owner", "host", "query"),
    [
        ("postgresql://crm:secret@db.internal:5433/crm", "db.internal:5433", ""),
        ("postgresql://crm:secret@db.internal", "db.internal", ""),
        ("postgres://db.internal/other?user=crm&password=secret", "db.internal", ""),
        ("postgresql://crm:a%40b@a:1,b:2/crm?sslmode=require", "a:1,b:2", "sslmode=require"),
        ("postgresql://crm:secret@/crm?host=%2Frun%2Fa%20b", "", "host=%2Frun%2Fa%20b"),
        ("postgresql://crm:secret@[::1]:5432/crm", "[::1]:5432", ""),
    ],
)
def test_address_keeps_the_server_and_nothing_of_the_owner(
    owner: str, host: str, query: str
) -> None:
    parts = urlsplit(login_url(owner, "my crm", "key"))

    account, _, at = parts.netloc.rpartition("@")
    assert unquote(account.split(":")[0]) == "fieldstone_app_my crm"
    assert (at, parts.query, unquote(parts.path)) == (host, query, "/my crm")
    assert "secret" not in parts.geturl()


def test_password_follows_from_the_key_and_the_database() -> None:
    asked = [("crm", "key"), ("crm", "key"), ("crm", "other"), ("test", "key")]

    passwords = [urlsplit(login_url("postgresql:///x", *one)).password for one in asked]

    assert passwords[0] == passwords[1]
    assert len(set(passwords)) == 3
    assert len(passwords[0] or "") == 64


def test_verifier_is_that_of_the_standard() -> None:
    # The password, salt and rounds are those of the example in RFC 7677, section 3.
    verifier = scram_verifier("pencil", b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))

    assert verifier == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )
