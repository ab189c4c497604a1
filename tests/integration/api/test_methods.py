"""An address that takes other methods says so, whatever other address it looks like."""

from __future__ import annotations

import pytest
from starlette.routing import Route

from fieldstone.platform.route_table import all_routes
from tests.support.app import Api

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/objects", "GET, HEAD, POST"),
        ("PATCH", "/api/objects", "GET, HEAD, POST"),
        ("PUT", "/api/objects", "GET, HEAD, POST"),
        ("PUT", "/api/records/Deal", "DELETE, GET, HEAD, PATCH, POST"),
        ("POST", "/api/records/Deal/deal_1", "DELETE, GET, HEAD, PATCH"),
        ("GET", "/api/records/Deal/upsert/x", None),
        ("DELETE", "/api/jobs", "GET, HEAD"),
        ("PATCH", "/api/files", "POST"),
        ("GET", "/api/files", "POST"),
        ("GET", "/import", "POST"),
        ("GET", "/v1/import", "POST"),
        ("PATCH", "/api/query", "GET, HEAD, POST"),
        ("DELETE", "/search", "GET, HEAD"),
        ("PUT", "/contacts", "GET, HEAD, POST"),
        ("PUT", "/contacts/1", "DELETE, GET, HEAD, PATCH"),
        ("DELETE", "/nonsense/1", None),
        ("GET", "/api/nonsense", None),
    ],
)
async def test_wrong_method_is_told_with_the_right_ones(
    api: Api, method: str, path: str, allowed: str | None
) -> None:
    answer = await api.send(method, path, None if method == "GET" else {})

    assert (answer.status_code, answer.headers.get("allow")) == (405 if allowed else 404, allowed)


async def test_no_address_of_the_api_is_taken_for_that_of_a_record(api: Api) -> None:
    taken: dict[str, set[str]] = {}
    routes = [route for route in all_routes() if isinstance(route, Route)]
    for route in routes:
        if "{" not in route.path and not route.path.startswith("/admin") and route.path != "/":
            taken.setdefault(route.path, set()).update(route.methods or ())

    told = {
        (path, method): (await api.send(method, path)).status_code
        for path, methods in taken.items()
        for method in METHODS
        if method not in methods
    }

    assert told
    assert {asked: status for asked, status in told.items() if status != 405} == {}
