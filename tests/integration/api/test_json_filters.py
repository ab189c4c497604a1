"""Filters as JSON over HTTP: queries, lists, exports, roll-ups, and their translation."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator

from tests.support.app import Api

LARGE: dict[str, Any] = {"field": "value", "op": ">", "value": 100}
QUERY = "SELECT name, COUNT(id) n FROM Deal WHERE value > 100.5 GROUP BY name LIMIT 3"


@pytest.fixture
async def deals(api: Api) -> Api:
    """The application with two deals of one company."""
    company = (await api.post("/companies", {"name": "Acme"}))["id"]
    for name, value in (("Small", 5), ("Large", 500)):
        await api.post("/deals", {"name": name, "value": value, "company": company})
    return api


async def test_a_list_takes_a_filter_as_json(deals: Api) -> None:
    where = quote(json.dumps(LARGE))

    for address in (f"/api/records/Deal?where={where}", f"/deals?where={where}"):
        shown = await deals.get(address)
        assert [one["name"] for one in shown.get("records", shown.get("data"))] == ["Large"]


async def test_a_query_takes_a_filter_as_json_or_as_its_text(deals: Api) -> None:
    for where in (LARGE, json.dumps(LARGE), "value > 100"):
        asked = {"object": "Deal", "fields": ["name"], "where": where}
        answer = await deals.post("/api/query", asked, status=200)
        assert [one["name"] for one in answer["records"]] == ["Large"]


async def test_an_export_takes_a_filter_as_json(deals: Api) -> None:
    where = quote(json.dumps(LARGE))
    sent = await deals.send("GET", f"/api/export?object=Deal&fields=name&where={where}")

    assert "Large" in sent.text
    assert "Small" not in sent.text


async def test_a_page_takes_a_filter_as_json(deals: Api) -> None:
    sent = await deals.send("GET", f"/admin/Deal?where={quote(json.dumps(LARGE))}")

    assert sent.status_code == 200
    assert ("Large" in sent.text, "Small" in sent.text) == (True, False)


async def test_one_day_may_be_asked_of_two_fields(deals: Api) -> None:
    chips = "f=created_at:on:TODAY&f=updated_at:on:TODAY"

    sent = await deals.send("GET", f"/admin/Deal?{chips}")

    assert sent.status_code == 200
    assert "Large" in sent.text


async def test_a_roll_up_takes_a_filter_as_json_and_follows_renames(deals: Api) -> None:
    where = {"and": [LARGE, {"field": "company.name", "op": "!=", "value": {"word": "Nobody"}}]}
    roll_up = {"children": "deals", "function": "count", "where": where}
    field = {"name": "large", "type": "number", "roll_up": roll_up}
    await deals.post("/api/objects/Company/fields", field)

    await deals.post("/api/objects/Deal/fields", {"name": "size", "type": "number"})
    await deals.patch("/api/objects/Deal/fields/value", {"name": "worth"})

    shown = await deals.get("/api/metadata/components/field/Company.large")
    (company,) = (await deals.get("/companies?fields=large"))["data"]
    assert shown["roll_up"]["where"]["and"][0] == {**LARGE, "field": "worth"}
    assert company["large"] == 1


async def test_what_is_wrong_with_the_filter_of_a_roll_up_is_told_at_its_pointer(api: Api) -> None:
    where = {"not": {"field": "valeu", "op": ">", "value": 1}}
    roll_up = {"children": "deals", "function": "count", "where": where}
    field = {"name": "large", "type": "number", "roll_up": roll_up}

    (problem,) = await api.refused("POST", "/api/objects/Company/fields", field, status=422)

    assert problem["at"] == "/roll_up/where/not/field"
    assert problem["hint"] == "Did you mean value?"


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"filter": "stage = Won AND NOT value < 3"}, "filter"),
        ({"filter": LARGE}, "filter"),
        ({"query": QUERY}, "query"),
        ({"query": {"object": "Deal", "fields": ["name"], "at_most": 3}}, "query"),
    ],
)
async def test_text_and_json_are_translated_both_ways(
    api: Api, sent: dict[str, Any], kind: str
) -> None:
    first = await api.post("/api/query/translate", sent, status=200)
    again = await api.post("/api/query/translate", {kind: first[kind]}, status=200)
    back = await api.post("/api/query/translate", {kind: first["text"]}, status=200)
    schema = await api.get(f"/api/metadata/schemas/{kind}")

    assert first == again == back
    assert list(Draft202012Validator(schema).iter_errors(first[kind])) == []


async def test_what_no_text_says_is_refused(api: Api) -> None:
    said = {"field": "not", "op": "=", "value": 1}

    (problem,) = await api.refused("POST", "/api/query/translate", {"filter": said}, status=422)

    assert (problem["code"], problem["at"]) == ("query.bad_form", "/filter")


@pytest.mark.parametrize("body", [{}, {"filter": "a = 1", "query": "x"}, {"fitler": "a = 1"}])
async def test_one_thing_is_translated_at_a_time(api: Api, body: dict[str, Any]) -> None:
    (problem,) = await api.refused("POST", "/api/query/translate", body, status=422)

    assert problem["code"] == "query.bad_form"


async def test_the_deepest_filter_is_translated(api: Api) -> None:
    text = "NOT (a = 1 AND " * 50 + "b = 2" + ")" * 50

    first = await api.post("/api/query/translate", {"filter": text}, status=200)
    again = await api.post("/api/query/translate", {"filter": first["filter"]}, status=200)

    assert first == again


async def test_the_other_tenant_sees_nothing_by_a_filter(deals: Api, other: Api) -> None:
    shown = await other.get(f"/api/records/Deal?where={quote(json.dumps(LARGE))}")

    assert shown["records"] == []
