"""How commands name their tenant to a server."""

from __future__ import annotations

from fieldstone.platform.client import Where, connected

ADDRESS = "http://acme.crm.example"


def test_tenant_of_the_address_is_left_to_the_address() -> None:
    with connected(Where(ADDRESS, None, "")) as client:
        assert "x-tenant" not in client.http.headers


def test_tenant_that_is_named_is_sent() -> None:
    with connected(Where(ADDRESS, None, "acme")) as client:
        assert client.http.headers["x-tenant"] == "acme"
