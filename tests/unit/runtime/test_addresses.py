"""Links lead to pages, mails and calls, and to nothing that runs."""

from __future__ import annotations

import pytest

from fieldstone.runtime.addresses import is_safe


@pytest.mark.parametrize(
    "address",
    [
        *("https://a.example/x?y=1", "http://a.example", "mailto:a@b.example", "tel:+491234"),
        *("/admin/Deal", "HTTPS://a.example"),
    ],
)
def test_pages_mails_and_calls_are_led_to(address: str) -> None:
    assert is_safe(address)


@pytest.mark.parametrize(
    "address",
    [
        *("", "javascript:alert(1)", "JavaScript:alert(1)", "java\nscript:alert(1)"),
        *("data:text/html,x", "vbscript:x", "//evil.example", "/\\evil.example", "https:evil"),
        *("\x01javascript:x", "admin/Deal", "https://[", "mailto://x", " https://a.example"),
    ],
)
def test_nothing_else_is(address: str) -> None:
    assert not is_safe(address)
