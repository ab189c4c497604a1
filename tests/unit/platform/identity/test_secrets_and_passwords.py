"""What stands for somebody: secrets, notes of the operator, and passwords."""

from __future__ import annotations

import pytest
from itsdangerous import TimestampSigner

from fieldstone.platform.identity.errors import WeakPassword
from fieldstone.platform.identity.operator import PREFIX, is_operator, operator_note
from fieldstone.platform.identity.passwords import hash_password, is_password
from fieldstone.platform.identity.secrets import ACCESS, INVITATION, SESSION, digest_of, make_secret

EMAIL = "ada@acme.example"


@pytest.mark.parametrize("kind", [ACCESS, INVITATION, SESSION])
def test_secret_is_known_by_its_digest_and_as_its_kind_alone(kind: str) -> None:
    secret, another = make_secret(kind), make_secret(kind)

    assert digest_of(secret.text, kind) == secret.digest
    assert secret.digest != another.digest
    for other in {ACCESS, INVITATION, SESSION} - {kind}:
        assert digest_of(secret.text, other) is None


@pytest.mark.parametrize(
    "text", ["", "fst_", "fst_" + "a" * 42, "fst_" + "a" * 44, "fst_" + "ä" * 43]
)
def test_what_has_not_the_form_of_a_secret_has_no_digest(text: str) -> None:
    assert digest_of(text, ACCESS) is None


def test_note_of_the_operator_is_that_of_one_key() -> None:
    note = operator_note("key")

    assert is_operator(note, "key")
    assert not is_operator(note, "another key")
    assert not is_operator(note + "x", "key")
    assert not is_operator(note.removeprefix(PREFIX), "key")


def test_note_of_the_operator_holds_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = TimestampSigner("key").get_timestamp()
    with monkeypatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda _: now - 61)
        note = operator_note("key")

    assert not is_operator(note, "key")


async def test_password_is_the_same_however_its_letters_are_composed() -> None:
    kept = await hash_password("caf\u00e9 horse battery", email=EMAIL)

    assert await is_password("cafe\u0301 horse battery", kept)
    assert not await is_password("cafe horse battery", kept)
    assert not await is_password("caf\u00e9 horse battery", None)
    assert not await is_password("caf\u00e9 horse battery", "no hash at all")


@pytest.mark.parametrize("password", ["a" * 12, "abcdabcdabcd", "eleven char", "x" * 257, EMAIL])
async def test_password_that_others_would_guess_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        await hash_password(password, email=EMAIL)
