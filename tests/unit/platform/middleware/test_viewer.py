"""Which hosts mean this machine by their names alone."""

from __future__ import annotations

import pytest

from fieldstone.platform.middleware.viewer import is_loopback


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("acme.localhost", True),
        ("a.b.localhost.", True),
        ("localhost.example", False),
        ("evillocalhost", False),
        ("127.0.0.1.evil.example", False),
        ("127.0.0.2", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_local_names_are_those_that_nobody_else_can_have(host: str, is_local: bool) -> None:
    assert is_loopback(host) is is_local
