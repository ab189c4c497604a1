"""The host of a request is read from headers that may hold anything."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from fieldstone.platform.middleware.host import host_of, is_origin_of


def a_request(**headers: str) -> Request:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw, "server": ("10.0.0.1", 8000)})


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST:8000", "localhost"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("[::1]:8000", "::1"),
        ("acme.example.com", "acme.example.com"),
        ("localhost:", "localhost"),
    ],
)
def test_name_is_without_port_and_brackets(header: str, name: str) -> None:
    assert host_of(a_request(host=header)) == name


@pytest.mark.parametrize(
    "header",
    [
        "",
        "[::1",
        "::1",
        "localhost:x",
        "user@localhost",
        "localhost/x",
        "a b",
        "é",
        "localhost:123456",
    ],
)
def test_what_is_no_name_is_nobody(header: str) -> None:
    assert host_of(a_request(host=header)) == ""


def test_request_without_a_host_means_the_address_it_reached() -> None:
    assert host_of(a_request()) == "10.0.0.1"


@pytest.mark.parametrize(
    ("origin", "is_own"),
    [
        ("http://localhost:8000", True),
        ("http://localhost", False),
        ("http://localhost:8000.evil.com", False),
        ("https://evil.com", False),
        ("null", False),
        ("http://[", False),
    ],
)
def test_own_pages_have_the_host_as_their_origin(origin: str, is_own: bool) -> None:
    assert is_origin_of(origin, a_request(host="localhost:8000")) is is_own
