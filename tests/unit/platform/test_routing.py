"""The indexed router finds what Starlette's own finds."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router

from fieldstone.platform.routing import IndexedRouter

PATHS = (
    "/",
    "/healthz",
    "/api/records/{object}",
    "/api/records/{object}/{id}",
    "/api/records/{object}/by/{field}/{value:path}",
    "/api/query",
    "/api/{other}",
    "/admin",
    "/admin/search",
    "/admin/{object}",
    "/static/{version}/{path:path}",
    "/v1/{plural}",
    "/v1/{plural}/{id}",
    "/{plural}",
    "/{plural}/{id}",
)
ASKED = (
    *PATHS,
    "/api/records/Deal",
    "/api/records/Deal/",
    "/api/records/Deal/deal_1/history",
    "/api/records/Deal/by/name/a/b/c",
    "/api/records",
    "/api/thing",
    "/api",
    "/admin/",
    "/admin/Deal",
    "/static/1/css/a.css",
    "/v1/contacts",
    "/contacts",
    "/contacts/1",
    "/a/b/c",
    "//",
    "/%7B/%7B",
)


async def answered(router: Router, path: str) -> tuple[int, str]:
    app = Starlette()
    app.router = router
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get(path)
        return answer.status_code, answer.headers.get("location") or answer.text


def a_route(path: str) -> Route:
    async def say(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{path} {request.path_params}")

    return Route(path, say)


@pytest.mark.parametrize("path", ASKED)
async def test_the_same_route_serves_a_path(path: str) -> None:
    routes = [a_route(known) for known in PATHS]

    assert await answered(IndexedRouter(routes), path) == await answered(Router(routes), path)


async def test_another_method_of_a_known_path_is_refused() -> None:
    routes = [Route("/api/query", a_route("/api/query").endpoint, methods=["POST"])]

    assert (await answered(IndexedRouter(routes), "/api/query"))[0] == 405


async def test_refusal_tells_every_method_of_the_address_and_of_no_other() -> None:
    say = a_route("/").endpoint
    known = (("/api/query", "POST"), ("/api/query", "GET"), ("/api/{id}", "PATCH"))
    routes = [Route(path, say, methods=[method]) for path, method in known]

    app = Starlette()
    app.router = IndexedRouter(routes)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.delete("/api/query")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
