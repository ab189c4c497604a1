"""Sealed secrets open under their own key and place, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.platform.identity.sealing import Sealer, Unsealable

SEALER = Sealer("a key", "tests")


@given(st.binary(max_size=200), st.text(max_size=40))
def test_secret_opens_where_it_was_sealed(secret: bytes, place: str) -> None:
    assert SEALER.open(SEALER.seal(secret, place), place) == secret


def test_same_secret_looks_different_each_time() -> None:
    assert SEALER.seal(b"secret", "1") != SEALER.seal(b"secret", "1")


@pytest.mark.parametrize(
    ("sealer", "place"),
    [(Sealer("another", "tests"), "1"), (Sealer("a key", "others"), "1"), (SEALER, "2")],
)
def test_secret_opens_nowhere_else(sealer: Sealer, place: str) -> None:
    sealed = SEALER.seal(b"secret", "1")

    with pytest.raises(Unsealable):
        sealer.open(sealed, place)


@given(st.binary(max_size=60))
def test_anything_else_does_not_open(sealed: bytes) -> None:
    with pytest.raises(Unsealable):
        SEALER.open(sealed, "1")
