"""Text that means something to SQL, HTML, headers, templates or paths means nothing here."""

from __future__ import annotations

import csv
import io
import json
import logging
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.app import Api, owner_connection, state_hash
from tests.support.route_addresses import Address, filled, gaps_of, readings
from tests.support.scene import COMES_AND_GOES, Scene

MARK = "zq7"
TURNS = 3
# The page that shows a fresh secret for an authenticator keeps it, until it is confirmed.
ASKING = (*COMES_AND_GOES, "authenticator")
TEXTS = (
    "' OR '1'='1' --",
    "1); DROP TABLE record; --",
    "\\'; SELECT pg_sleep(30); --",
    "$1 %s %(x)s {0} :name ?",
    f"<script>{MARK}</script>",
    f'"><img src=x onerror={MARK}>',
    f"{{{{ 7*7 }}}}{{% raise %}}${{7*7}}{MARK}",
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc/passwd",
    "/etc/passwd",
    "secret.key",
    f"x\r\nX-{MARK}: 1",
    "\x00",
    "\ud800",
    "%",
    "_%",
    "*)(uid=*",
    "(" * 500,
    "a" * 2000,
    "9" * 400,
    "-1",
    "1e400",
    "NaN",
)
TELLS_NAMES = (
    "/api/docs",
    "/api/openapi",
    "/static",
    "/api/metadata",
    "/api/archive",
    "/api/storage",
)
"""Where such words stand of their own accord: in descriptions, and as places of what is stored."""

PARAMETERS = (
    *("q", "where", "filter", "sort", "order_by", "fields", "limit", "cursor", "after", "before"),
    *("count", "object", "format", "name", "field", "user", "f", "tab", "next", "as_of", "kind"),
)
TELLING = (
    *("root:x:0:0", "Traceback", 'File "', "asyncpg", "sqlalchemy", "psycopg", "SELECT ", "pg_"),
    *("record_p", "tenant_id", "/usr/", ".py"),
)


def tells(answer: Any, text: str) -> list[str]:
    """Give what an answer says that it should not: of itself, of a page, or of a header."""
    found = [one for one in TELLING if one in answer.text and one not in text]
    if answer.headers.get("content-type", "").startswith("text/html"):
        found += [
            one for one in (f"<script>{MARK}", f"<img src=x onerror={MARK}") if one in answer.text
        ]
        found += ["49"] if f"49{MARK}" in answer.text else []
    found += [name for name in answer.headers if MARK in name]
    return found


def written(text: str) -> str:
    """Give a text as it stands in an address; half a character as UTF-8 would not have it."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@pytest.mark.parametrize("turn", range(TURNS))
async def test_odd_text_in_an_address_is_refused_or_means_itself(
    scene: Scene, app_dsn: str, turn: int
) -> None:
    before = await state_hash(app_dsn, besides=ASKING)
    found = []
    for number, address in enumerate(readings()):
        if gaps_of(address):
            text = TEXTS[(number * TURNS + turn) % len(TEXTS)]
            odd = filled(address, dict.fromkeys(gaps_of(address), written(text)))
            found += faults(odd, await scene.ada.send("GET", odd.path), text)

    assert not found, "\n".join(found)
    assert await state_hash(app_dsn, besides=ASKING) == before


@pytest.mark.parametrize("turn", range(TURNS))
async def test_odd_text_in_a_parameter_is_refused_or_means_itself(
    scene: Scene, app_dsn: str, turn: int
) -> None:
    before = await state_hash(app_dsn, besides=ASKING)
    found = []
    for number, address in enumerate(readings({"id": scene.deal})):
        text = TEXTS[(number * TURNS + turn) % len(TEXTS)]
        asked = "&".join(f"{name}={written(text)}" for name in PARAMETERS)
        found += faults(address, await scene.ada.send("GET", f"{address.path}?{asked}"), text)

    assert not found, "\n".join(found)
    assert await state_hash(app_dsn, besides=ASKING) == before


def faults(address: Address, answer: Any, text: str) -> list[str]:
    """Tell whether a request failed on our side, or its answer tells too much."""
    told = [] if answer.status_code < 500 else [f"{address}: {answer.status_code}"]
    if not address.path.startswith(TELLS_NAMES):
        told += [f"{address} tells {one}" for one in tells(answer, text)]
    return told


@pytest.mark.parametrize("text", TEXTS, ids=lambda one: ascii(one)[:30])
async def test_odd_text_comes_back_as_it_was(scene: Scene, text: str) -> None:
    sent = {"name": text[:200], "description": text}
    answer = await scene.ada.send("POST", "/api/records/Deal", json.dumps(sent))
    if answer.status_code == 422:
        return
    made = answer.json()
    page = await scene.ada.send("GET", f"/admin/Deal/{made['id']}")
    listed = await scene.ada.send("GET", "/admin/Deal")
    found = await scene.ada.send("GET", "/api/search", params={"q": text[:100]})

    kept = await scene.ada.get(f"/api/records/Deal/{made['id']}")
    assert kept["description"] == text.replace("\r\n", "\n")
    assert [one.status_code for one in (page, listed)] == [200, 200]
    assert found.status_code < 500
    assert not [one for shown in (page, listed) for one in tells(shown, text) if MARK in one]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1+1", "-1+2", "@x", "\t=1", "\r=1", "=cmd|' /C calc'!A0"]
)
@pytest.mark.parametrize(
    "address",
    [
        "/api/export?object=Deal&fields=name",
        "/api/query?q=SELECT name FROM Deal&format=csv",
    ],
)
async def test_no_cell_of_an_export_is_a_formula(scene: Scene, address: str, cell: str) -> None:
    await scene.ada.post("/api/records/Deal", {"name": cell})

    rows = list(csv.reader(io.StringIO((await scene.ada.send("GET", address)).text)))

    assert not [one for row in rows for one in row if one[:1] in set("=+-@\t\r")]


@pytest.mark.parametrize("header", ["X-Request-Id", "User-Agent", "Referer", "Accept-Language"])
async def test_headers_are_told_to_nobody_and_to_no_log(
    scene: Scene, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "fieldstone")
    value = f"<b>{MARK}</b> forged"

    answers = [
        await scene.ada.send("GET", path, headers={header: value})
        for path in ("/admin", "/api/nothing", "/admin/nothing", "/api/session")
    ]

    for answer in answers:
        assert MARK not in str(answer.headers)
        assert f"<b>{MARK}" not in answer.text
    assert MARK not in caplog.text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", '"><script>', "a b", "[::1", "127.0.0.1@evil", ""]
)
async def test_name_of_another_host_is_in_no_page(scene: Scene, host: str) -> None:
    for path in ("/sign-in", "/admin", "/welcome/x", "/admin/people", "/api/openapi.json"):
        answer = await scene.ada.send("GET", path, headers={"host": host})

        assert answer.status_code < 500
        assert "evil" not in answer.text, path
        assert "evil" not in answer.headers.get("location", ""), path
        assert "<script>" not in answer.text or host not in answer.text


async def test_what_fails_on_our_side_says_nothing_but_its_number(
    scene: Scene, app_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with owner_connection(app_dsn) as owner:
        await owner.execute("ALTER TABLE change RENAME TO change_away")
        try:
            path = f"/api/records/Deal/{scene.deal}"
            api = await scene.ada.send("PATCH", path, {"description": "my secret words"})
            page = await scene.ada.send("GET", f"/admin/Deal/{scene.deal}/history")
        finally:
            await owner.execute("ALTER TABLE change_away RENAME TO change")

    [problem] = api.json()["errors"]
    assert (api.status_code, page.status_code) == (500, 500)
    assert problem["code"] == "internal.error"
    for answer in (api, page):
        assert not tells(answer, "")
        assert "change" not in answer.text.replace("changes", "")
        assert "secret words" not in answer.text
    assert "my secret words" not in caplog.text


@pytest.mark.parametrize(
    "password", ["four unrelated words here", "wrong unrelated words here", "short"]
)
async def test_no_secret_is_in_a_log_or_an_error(
    scene: Scene, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = await scene.ada.post("/api/tokens", {"name": "t"})

    answers = [
        await scene.stranger.send(
            "POST", "/api/session", {"email": "ada@acme.example", "password": password}
        ),
        await scene.stranger.send(
            "GET", "/contacts", headers={"authorization": f"Bearer {token['token']}x"}
        ),
        await scene.stranger.send("POST", "/api/welcome", {"token": "fsi_x", "password": password}),
        await scene.stranger.send("POST", "/api/session", f'{{"password": "{password}"'),
    ]

    for answer in answers:
        assert password not in answer.text
        assert token["token"] not in answer.text
    assert password not in caplog.text
    assert token["token"] not in caplog.text


async def test_files_of_the_server_are_at_no_address(scene: Scene) -> None:
    tries = [
        f"{start}{step * 6}{end}"
        for start in ("/static/0/", "/api/files/", "/api/docs/", "/", "/api/imports/")
        for step in ("../", "..%2f", "%2e%2e/", "..%5c", "....//", "%252e%252e%252f")
        for end in ("etc/passwd", "proc/self/environ", "secret.key", ".git/config")
    ]

    for path in tries:
        answer = await scene.ada.http.get(f"http://127.0.0.1:8000{path}")

        assert answer.status_code in (401, 403, 404, 405), path
        assert not tells(answer, path)


@pytest.mark.parametrize(
    "name", ["a.html", "a.svg", "a.php", "../../a.py", "a\x00.txt", "CON", "." * 300, ".htaccess"]
)
async def test_whatever_a_file_is_called_it_is_a_download_and_nothing_else(
    api: Api, name: str
) -> None:
    content = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='x'/>"
    files = {"file": (name, content, "image/svg+xml")}

    answer = await api.http.post("/api/files", files=files)
    assert answer.status_code in (201, 422), answer.text
    if answer.status_code == 201:
        given = await api.send("GET", f"/api/files/{answer.json()['id']}")

        assert given.content == content
        assert given.headers["content-type"] == "application/octet-stream"
        assert given.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in given.headers["content-security-policy"]
        assert "/" not in answer.json()["name"]
