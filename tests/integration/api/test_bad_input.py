"""Bad input of every sort gets a 4xx of the one shape, and nothing of it is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.app import ADDRESS, Api, problems_of, state_hash

DEALS = "/api/records/Deal"
NOT_JSON = {
    "nothing": b"",
    "a word": b"hello",
    "an unfinished object": b'{"name": "x"',
    "a form": b"name=x&value=1",
    "more than one value": b"{} {}",
    "a trailing comma": b'{"name": "x",}',
    "single quotes": b"{'name': 'x'}",
    "NaN": b'{"name": "x", "value": NaN}',
    "infinity": b'{"name": "x", "value": -Infinity}',
    "a leading zero": b'{"name": "x", "value": 012}',
    "a plus": b'{"name": "x", "value": +1}',
    "a raw line break": b'{"name": "a\nb"}',
    "a bad escape": rb'{"name": "\x41"}',
    "half an escape": rb'{"name": "\u00"}',
    "a byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "latin-1": '{"name": "Müller"}'.encode("latin-1"),
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "half of a pair": rb'{"name": "\ud800"}',
    "a lone low half": rb'{"name": "\udc00x"}',
    "a NUL outside": b'{"name": "x"}\x00',
    "only brackets": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000,
    "deep and closed": b"[" * 5_000 + b"]" * 5_000,
    "XML": b"<name>x</name>",
    "an exponent without end": b'{"name": "x", "value": 1e}',
}
WRONG_FOR_A_DEAL: dict[str, object] = {
    "null": None,
    "a number": 7,
    "a text": "name",
    "true": True,
    "a list of numbers": [1, 2],
    "a list of lists": [[]],
    "a list with null": [{"name": "x"}, None],
    "records that are none": {"records": 7},
    "records that are an object": {"records": {"name": "x"}},
    "all_or_nothing that is a text": {"records": [], "all_or_nothing": "yes"},
    "nested too deep": {"name": "x", "value": json.loads("[" * 101 + "]" * 101)},
}
WRONG_VALUES: dict[str, dict[str, object]] = {
    "NUL in a text": {"name": "a\u0000b"},
    "NUL in a long text": {"name": "x", "description": "a\u0000b"},
    "NUL in a name of a field": {"name": "x", "a\u0000b": 1},
    "a huge number": {"name": "x", "value": 10**60},
    "a number of many digits": {"name": "x", "value": int("9" * 4000)},
    "an object for a number": {"name": "x", "value": {"amount": 1}},
    "a list for a text": {"name": ["x"]},
    "a number for a text": {"name": 7},
    "true for a number": {"name": "x", "value": True},
    "a long name": {"name": "x" * 256},
    "a very long name": {"name": "x" * 500_000},
    "an unknown stage": {"name": "x", "stage": "Nowhere"},
    "a date that is none": {"name": "x", "close_date": "2026-02-30"},
    "a date of year 0": {"name": "x", "close_date": "0000-01-01"},
    "a date of year 10000": {"name": "x", "close_date": "10000-01-01"},
    "an id of a list": {"name": "x", "company": ["company_1"]},
    "an id that is too large": {"name": "x", "company": "company_ffffffffffffffff"},
    "an owner that is no user": {"name": "x", "owner": 1},
    "an empty field name": {"name": "x", "": 1},
    "a version that is a text only": {"version": "1"},
}


async def not_refused(
    api: Api, method: str, path: str, bodies: Mapping[str, object], status: int = 422
) -> dict[str, str]:
    """Send every body and give the answers that are no refusal of this status, by name."""
    found = {}
    for name, body in bodies.items():
        answer = await api.send(method, path, json.dumps(body) if body is None else body)
        if answer.status_code != status:
            found[name] = f"{answer.status_code} {answer.text[:200]}"
        else:
            problems_of(answer)
    return found


@pytest.mark.parametrize("path", [DEALS, "/api/objects", "/deals", "/api/query"])
async def test_body_that_is_not_json_is_refused(api: Api, app_dsn: str, path: str) -> None:
    before = await state_hash(app_dsn)

    assert await not_refused(api, "POST", path, NOT_JSON) == {}
    assert await state_hash(app_dsn) == before


async def test_json_of_the_wrong_shape_is_refused(api: Api, app_dsn: str) -> None:
    before = await state_hash(app_dsn)

    assert await not_refused(api, "POST", DEALS, WRONG_FOR_A_DEAL) == {}
    assert await state_hash(app_dsn) == before


async def test_values_that_a_field_cannot_take_are_refused(api: Api, app_dsn: str) -> None:
    before = await state_hash(app_dsn)

    assert await not_refused(api, "POST", DEALS, WRONG_VALUES) == {}
    assert await state_hash(app_dsn) == before


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_change_with_a_body_that_is_not_json_is_refused(api: Api, method: str) -> None:
    made = await api.post("/contacts", {"last_name": "A", "external_id": "1"})
    path = {
        "PATCH": f"/contacts/{made['id']}",
        "PUT": "/api/records/Contact/by/external_id/1",
    }[method]

    for body in (b"", b"[]", b"null", b"{", b'"x"'):
        await api.refused(method, path, body, status=422)


async def test_duplicate_keys_count_once_and_the_last_wins(api: Api) -> None:
    made = await api.ask("POST", DEALS, b'{"name": "a", "name": "b"}', status=201)

    assert made["name"] == "b"


async def test_body_beyond_its_limit_is_refused(api: Api, app_dsn: str) -> None:
    before = await state_hash(app_dsn)

    body = json.dumps({"name": "Big", "description": "x" * 1_100_000})
    [problem] = await api.refused("POST", "/api/objects", body, status=413)

    assert problem["code"] == "request.too_large"
    assert await state_hash(app_dsn) == before


async def test_body_that_comes_in_pieces_is_counted_as_it_comes(app: Starlette) -> None:
    sent = 0

    async def pieces() -> Any:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b'{"' + b"x" * 100_000

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ADDRESS) as http:
        answer = await http.post("/api/objects", content=pieces())

    assert answer.status_code == 413
    assert problems_of(answer)[0]["code"] == "request.too_large"


async def test_method_that_an_address_does_not_take_is_refused(api: Api) -> None:
    found = {}
    for method, path in (
        ("PUT", "/api/objects"),
        ("POST", "/api/objects/Deal"),
        ("PUT", DEALS),
        ("POST", f"{DEALS}/deal_1"),
        ("PUT", "/deals"),
        ("DELETE", "/deals"),
        ("POST", "/api/openapi.json"),
        ("TRACE", "/deals"),
        ("OPTIONS", "/deals"),
        ("PROPFIND", "/deals"),
    ):
        answer = await api.send(method, path)
        found[method, path] = (
            answer.status_code,
            problems_of(answer)[0]["code"],
            "allow" in answer.headers,
        )

    assert set(found.values()) == {(405, "request.wrong_method", True)}, found


async def test_address_that_nothing_has_is_not_found(api: Api) -> None:
    found = {}
    for path in (
        "/nothing",
        "/api",
        "/api/nothing/else/at/all",
        "/nothing/at/all",
        "/v1",
        "/v2/contacts/1/2",
        "/api/records/Nothing",
        "/api/objects/Nothing",
        "/api/records/%00",
        "/%00",
        "/%F0%9F%92%A9",
        "/%ff%fe",
        "/contacts/%ff",
        "/api/records/Deal/%ff/history",
        "/api/jobs/x",
        "/" + "x" * 5000,
        "/api/records/" + "x" * 5000,
        "/..%2f..%2fetc%2fpasswd",
    ):
        answer = await api.send("GET", path)
        found[path[:80]] = answer.status_code
        assert len(problems_of(answer)[0]["message"]) < 300

    assert set(found.values()) == {404}, found


async def test_odd_headers_are_refused(api: Api, app_dsn: str) -> None:
    before = await state_hash(app_dsn)
    found = {}
    for name, value, status in (
        ("X-Tenant", "nothing", 404),
        ("X-Tenant", "default'--", 404),
        ("X-Tenant", "\xff\xfe", 404),
        ("X-Tenant", "x" * 5000, 404),
        ("X-Tenant", "a\x00b", 404),
        ("Host", "example.com", 401),
        ("Host", "127.0.0.1.example.com", 401),
        ("Host", "[::1", 401),
        ("Host", "localhost:x", 401),
        ("Host", "user@localhost", 401),
        ("Host", "\xff", 401),
        ("Origin", "https://example.com", 403),
        ("Origin", "null", 403),
        ("Origin", "http://[", 403),
        ("Sec-Fetch-Site", "cross-site", 403),
    ):
        headers = {name.encode(): value.encode("latin-1")}
        answer = await api.send("POST", DEALS, {"name": "x"}, headers=headers)
        problems_of(answer)
        if answer.status_code != status:
            found[name, value] = answer.status_code

    assert found == {}
    assert await state_hash(app_dsn) == before


@pytest.mark.parametrize("path", ["/", "/admin", "/admin/Deal", "/deals"])
async def test_host_that_is_no_name_gets_a_refusal_and_no_page(api: Api, path: str) -> None:
    answer = await api.send("GET", path, headers={"host": "[::1"})

    assert answer.status_code == 401
    problems_of(answer)


async def test_load_balancer_may_ask_by_any_name_whether_the_process_serves(api: Api) -> None:
    answer = await api.send("GET", "/healthz", headers={"host": "10.0.0.7", "x-tenant": "none"})

    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_json_is_read_whatever_it_calls_itself(api: Api) -> None:
    for kind in ("", "text/plain", "application/xml", "multipart/form-data", "x"):
        await api.post(DEALS, {"name": "x"}, headers={"content-type": kind})


@pytest.mark.parametrize("query", ["where=&fields=&order_by=&cursor=&count=", "unknown=1"])
async def test_parameters_that_say_nothing_are_passed_over(api: Api, query: str) -> None:
    await api.get(f"{DEALS}?{query}")


async def test_parameters_that_cannot_be_used_are_refused(api: Api) -> None:
    found = {}
    for query in (
        "where=%00",
        "where=name%20=%20'%00'",
        "where=%ff",
        "where=" + "(" * 500,
        "where=" + "not%20" * 1000 + "name%20=%20'x'",
        "where=name%20=%20'" + "x" * 20_000 + "'&order_by=nothing",
        "where=value%20=%20" + "9" * 5000,
        "where=value%20=%201e999999",
        "where=name%20like%20'" + "%25" * 50,
        "order_by=name%20sideways",
        "fields=" + ",".join(f"a{n}" for n in range(2000)),
        "fields=company.company.company.company.company.company.company.name",
        "limit=%00",
    ):
        answer = await api.send("GET", f"{DEALS}?{query}")
        problems_of(answer)
        found[query[:80]] = answer.status_code

    assert set(found.values()) == {422}, found


QUESTIONS = [
    {},
    [],
    {"object": None},
    {"object": 7},
    {"object": "Nothing"},
    {"object": "Deal", "fields": 7},
    {"object": "Deal", "fields": [7]},
    {"object": "Deal", "fields": ["nothing"]},
    {"object": "Deal", "fields": ["name"] * 5000},
    {"object": "Deal", "where": 7},
    {"object": "Deal", "where": "name = 'a\u0000b'"},
    {"object": "Deal", "where": "name = '\ud800'"},
    {"object": "Deal", "where": "name ="},
    {"object": "Deal", "limit": -1},
    {"object": "Deal", "limit": 2001},
    {"object": "Deal", "limit": 10**30},
    {"object": "Deal", "limit": 1.5},
    {"object": "Deal", "limit": True},
    {"object": "Deal", "cursor": 7},
    {"object": "Deal", "cursor": "x"},
    {"object": "Deal", "colour": "red"},
    {"object": "Deal", "params": []},
    {"q": 7},
    {"q": ""},
    {"q": "DROP TABLE record"},
    {"q": "SELECT name FROM Deal; SELECT 1"},
    {"q": "SELECT name FROM Deal WHERE name = :a"},
    {"q": "SELECT name FROM Deal WHERE name = :a", "params": {"a": {"b": 1}}},
    {"q": "SELECT name FROM Deal WHERE name = :a", "params": {"a": "x\u0000"}},
    {"q": "SELECT name FROM Deal WHERE name = :a", "params": {"a": "\ud800"}},
    {"q": "SELECT name FROM Deal WHERE value = :a", "params": {"a": 10**400}},
    {"q": "SELECT name FROM Deal LIMIT -1"},
    {"q": "SELECT name FROM Deal LIMIT 99999999999999999999999999"},
    {"q": "SELECT name FROM Deal OFFSET 99999999999999999999999999"},
    {"q": "SELECT " + "(" * 5000},
]


async def test_question_that_makes_no_sense_is_refused(api: Api) -> None:
    questions = {str(question)[:80]: question for question in QUESTIONS}

    assert await not_refused(api, "POST", "/api/query", questions) == {}


async def test_error_nobody_foresaw_says_nothing_but_its_id(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("fieldstone.api.records.list_page", fail)

    answer = await api.send("GET", DEALS)

    assert answer.status_code == 500
    assert problems_of(answer)[0]["code"] == "internal.error"
    assert "secret" not in answer.text
    assert answer.json()["request_id"] in caplog.text


@pytest.mark.parametrize("path", ["/api/records/Deal", "/nothing", "/deals?limit=x"])
async def test_every_answer_carries_the_headers_of_safety(api: Api, path: str) -> None:
    answer = await api.send("GET", path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"].startswith("r_")
