"""Every answer tells browsers what they may not do with it, and keeps nothing of it."""

from __future__ import annotations

import re

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.app import Api, client_of
from tests.support.route_addresses import Address, every_address, readings
from tests.support.scene import ADA, PASSWORD, Scene

FIXED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
KEPT = ("/static/", "/api/docs/style.css", "/api/openapi.json")
TELLING = ("server", "x-powered-by", "access-control-allow-origin")


def faults(address: Address, answer: httpx.Response) -> list[str]:
    """Tell what the headers of an answer lack."""
    headers = answer.headers
    found = [name for name, value in FIXED.items() if headers.get(name) != value]
    found += [name for name in TELLING if name in headers]
    policy = headers.get("content-security-policy", "")
    if "sandbox" not in policy:
        wanted = ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
        found += [one for one in (*wanted, "base-uri 'none'") if one not in policy]
    if "unsafe" in policy:
        found.append("unsafe")
    if not address.path.startswith(KEPT) and "no-store" not in headers.get("cache-control", ""):
        found.append("cache-control")
    if answer.content and "content-type" not in headers:
        found.append("content-type")
    if headers.get("content-type", "").startswith("text/") and "charset" not in str(headers):
        found.append("charset")
    return [f"{address} {answer.status_code}: {one}" for one in found]


@pytest.mark.parametrize("who", ["ada", "ben", "stranger"])
async def test_every_answer_has_the_headers(scene: Scene, who: str) -> None:
    client: Api = getattr(scene, who)
    found = []
    for address in readings({"id": scene.deal}):
        found += faults(address, await client.send("GET", address.path))

    assert not found, "\n".join(found)


async def test_refusals_have_the_headers_too(scene: Scene) -> None:
    found = []
    for address in every_address():
        found += faults(address, await scene.stranger.send(address.method, address.path))
    for method, path in (("TRACE", "/"), ("POST", "/nothing/at/all"), ("GET", "/%01")):
        address = Address(method, path, path)
        found += faults(address, await scene.stranger.send(method, path))

    assert not found, "\n".join(found)


async def test_answers_over_tls_ask_for_tls_from_then_on(app: Starlette, api: Api) -> None:
    await api.post("/api/claim", {"email": ADA, "password": PASSWORD})
    transport = httpx.ASGITransport(app=app)

    async with httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1:8000") as http:
        answers = [await http.get(one.path) for one in readings()]

    told = {answer.headers.get("strict-transport-security") for answer in answers}
    assert told == {"max-age=31536000; includeSubDomains"}


async def test_every_cookie_over_tls_belongs_to_its_host_and_to_no_script(
    app: Starlette, api: Api
) -> None:
    await api.post("/api/claim", {"email": ADA, "password": PASSWORD})
    transport = httpx.ASGITransport(app=app)

    async with httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1:8000") as http:
        browser = Api(http)
        answers = [
            await browser.send("GET", "/sign-in?tenant=default"),
            await browser.send("POST", "/api/session", {"email": ADA, "password": PASSWORD}),
        ]
        token = re.search(r'name="_csrf" value="([^"]+)"', (await http.get("/admin")).text)
        assert token is not None
        for path, fields in (("/admin/_theme", {"theme": "dark"}), ("/sign-out", {})):
            form = {"_csrf": token[1], **fields}
            answers.append(await http.post(path, data=form))

    cookies = [one for answer in answers for one in answer.headers.get_list("set-cookie")]
    names = {one.partition("=")[0] for one in cookies}
    assert names >= {f"__Host-fs_{one}" for one in ("session", "tenant", "csrf", "theme")}
    for cookie in cookies:
        parts = {part.lower() for part in cookie.split("; ")}
        assert cookie.startswith("__Host-"), cookie
        assert {"secure", "httponly", "path=/"} <= parts, cookie
        assert parts & {"samesite=lax", "samesite=strict"}, cookie
        assert not [part for part in parts if part.startswith("domain=")], cookie
        assert len(cookie.partition(";")[0]) < 4096, cookie


@pytest.mark.parametrize("name", ["fs_session", "fs_csrf", "fs_tenant"])
async def test_cookie_that_a_neighbour_set_is_not_believed(
    app: Starlette, api: Api, name: str
) -> None:
    await api.post("/api/claim", {"email": ADA, "password": PASSWORD})
    secret = api.http.cookies["fs_session"]
    tossed = {"fs_session": secret, "fs_csrf": "x" * 43, "fs_tenant": "other"}[name]
    transport = httpx.ASGITransport(app=app)

    async with httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1:8000") as http:
        page = await http.get("/sign-in", headers={"cookie": f"{name}={tossed}"})
        asked = await http.get("/contacts", headers={"cookie": f"{name}={tossed}"})

    assert asked.status_code == 401
    assert tossed not in page.text
    assert "Other" not in page.text


async def test_signing_out_clears_what_the_browser_keeps(scene: Scene) -> None:
    answer = await scene.ben.send("DELETE", "/api/session")

    assert answer.headers["clear-site-data"] == '"storage"'


async def test_page_that_is_nobodys_shows_no_page_of_a_tenant(scene: Scene) -> None:
    async with client_of(scene.app) as http:
        answer = await http.send("GET", "/admin/Deal")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fadmin%2FDeal"
