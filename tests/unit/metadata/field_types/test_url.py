"""URL: addresses, and nothing that runs."""

from __future__ import annotations

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.url import MAX_URL_LENGTH, read_url


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("acme.com", "https://acme.com"),
        ("//acme.com/a", "https://acme.com/a"),
        ("HTTP://User@Acme.COM/Path?Q=1#F", "http://User@acme.com/Path?Q=1#F"),
        ("localhost:8000", "https://localhost:8000"),
        ("acme.com:8080/x", "https://acme.com:8080/x"),
        ("http://[::1]/x", "http://[::1]/x"),
        ("MAILTO:a@b.c", "mailto:a@b.c"),
    ],
)
def test_an_address_gets_a_scheme_and_a_small_host(written, stored):
    assert read_url(written) == stored


@pytest.mark.parametrize(
    "written",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "ftp://acme.com",
        "https:acme.com",
        "https:///acme.com",
        "https://acme.com\\@evil.com",
        'https://acme.com"onclick=x',
        "http://a..b",
        "http://[",
        "acme.com:99999",
        "n/a",
        "mailto:nobody",
        "acme.com/" + "a" * MAX_URL_LENGTH,
    ],
)
def test_what_is_no_safe_address_is_refused(written):
    with pytest.raises(BadValue):
        read_url(written)
