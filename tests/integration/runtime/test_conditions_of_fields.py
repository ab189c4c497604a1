"""Conditions of fields: what must have a value, and when; and how definitions keep them right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Api

BID = {
    "name": "Bid",
    "fields": [
        {"name": "title", "type": "text"},
        {"name": "state", "type": "picklist", "options": ["Open", "Won", "Lost"]},
        {"name": "company", "type": "lookup", "references": "Company"},
        {
            "name": "reason",
            "type": "text",
            "required": True,
            "visible_if": "ISPICKVAL(state, 'Lost')",
        },
        {"name": "amount", "type": "currency", "required_if": "ISPICKVAL(state, 'Won')"},
        {
            "name": "note",
            "type": "text",
            "required_if": "company.name = 'Acme'",
            "visible_if": "amount > 100 / (amount - 5)",
        },
    ],
}


@pytest.fixture
async def bids(api: Api) -> Api:
    """The application with an object whose fields have conditions."""
    await api.post("/api/objects", BID)
    return api


async def refused(api: Api, values: dict[str, Any]) -> list[tuple[str, str]]:
    """Give where and why a record is refused."""
    answer = await api.post("/bids", values, status=422)
    return [(error["at"], error["code"]) for error in answer["errors"]]


async def test_a_required_field_is_demanded_only_where_forms_show_it(bids: Api) -> None:
    made = await bids.post("/bids", {"title": "A", "state": "Open"})

    assert made["state"] == "Open"
    assert await refused(bids, {"state": "Lost"}) == [("/reason", "value.required")]


async def test_a_field_is_required_under_its_condition(bids: Api) -> None:
    made = await bids.post("/bids", {"state": "Won", "amount": 900})
    answer = await bids.patch(f"/bids/{made['id']}", {"amount": None}, status=422)

    assert await refused(bids, {"state": "Won"}) == [("/amount", "value.required")]
    assert answer["errors"][0]["at"] == "/amount"


async def test_a_hidden_field_keeps_what_it_holds(bids: Api) -> None:
    made = await bids.post("/bids", {"state": "Lost", "reason": "price"})

    changed = await bids.patch(f"/bids/{made['id']}", {"state": "Open"})

    assert changed["reason"] == "price"


async def test_a_condition_that_fails_hides_nothing(bids: Api) -> None:
    acme = await bids.post("/companies", {"name": "Acme"})

    failing = await refused(bids, {"company": acme["id"], "amount": 5})
    hidden = await bids.post("/bids", {"company": acme["id"], "amount": 6})

    assert failing == [("/note", "value.required")]
    assert "note" not in hidden or hidden["note"] is None


async def test_all_records_of_a_call_are_told(bids: Api) -> None:
    records = [{"state": "Lost"}, {"state": "Open"}, {"state": "Won"}]

    answer = await bids.post("/api/records/Bid", {"records": records}, status=200)

    told = [[error["at"] for error in one.get("errors", ())] for one in answer["results"]]
    assert told == [["/reason"], [], ["/amount"]]


@pytest.mark.parametrize("key", ["visible_if", "required_if"])
@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("stat = 'Lost'", "formula.unknown_name"),
        ("title & 'x'", "formula.wrong_arguments"),
        ("title =", "formula.syntax"),
    ],
)
async def test_a_wrong_condition_is_refused_at_its_place(
    bids: Api, key: str, formula: str, code: str
) -> None:
    field = {"name": "more", "type": "text", key: formula}

    answer = await bids.post("/api/objects/Bid/fields", field, status=422)

    assert [(error["code"], error["at"]) for error in answer["errors"]] == [(code, f"/{key}")]


async def test_a_calculated_field_cannot_be_required_under_a_condition(bids: Api) -> None:
    field = {"name": "more", "type": "text", "formula": "title", "required_if": "TRUE"}

    answer = await bids.post("/api/objects/Bid/fields", field, status=422)

    assert answer["errors"][0]["message"] == "A calculated field cannot be required if."


async def test_conditions_follow_renames_and_keep_fields(bids: Api) -> None:
    await bids.patch("/api/objects/Bid/fields/state", {"name": "outcome"}, status=200)
    kept = await bids.delete("/api/objects/Bid/fields/outcome", status=422)

    shown = await bids.get("/api/objects/Bid")
    by_name = {field["name"]: field for field in shown["fields"]}
    assert by_name["reason"]["visible_if"] == "ISPICKVAL(outcome, 'Lost')"
    assert by_name["amount"]["required_if"] == "ISPICKVAL(outcome, 'Won')"
    assert {error["hint"] for error in kept["errors"]} >= {"Change Bid__c.reason first."}
