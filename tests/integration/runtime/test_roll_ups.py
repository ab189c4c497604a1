"""Roll-up fields, from the definition to the answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Api

FIELDS = "/api/objects/Company/fields"
TOTAL = {
    "name": "won",
    "type": "currency",
    "roll_up": {
        "children": "Deal.company",
        "function": "sum",
        "field": "value",
        "where": "stage = 'Closed Won'",
    },
}
ROLL_UPS: list[dict[str, Any]] = [
    TOTAL,
    {"name": "deals_n", "type": "number", "roll_up": {"children": "deals", "function": "count"}},
    {
        "name": "mean",
        "type": "number",
        "places": 4,
        "roll_up": {"children": "deals", "function": "average", "field": "value"},
    },
    {
        "name": "soonest",
        "type": "date",
        "roll_up": {"children": "deals", "function": "min", "field": "close_date"},
    },
    {
        "name": "latest",
        "type": "datetime",
        "roll_up": {"children": "deals", "function": "max", "field": "created_at"},
    },
    {
        "name": "likely",
        "type": "percent",
        "roll_up": {"children": "deals", "function": "max", "field": "probability"},
    },
    {"name": "tier", "type": "text", "formula": 'IF(won > 100, "big", "small")'},
]


@pytest.fixture
async def companies(api: Api) -> Api:
    """The application with roll-ups of deals on companies, and two companies, one with deals."""
    for field in ROLL_UPS:
        await api.post(FIELDS, field)
    acme = (await api.post("/companies", {"name": "Acme"}))["id"]
    await api.post("/companies", {"name": "Bare"})
    for deal in (
        {"value": 100.25, "stage": "Closed Won", "close_date": "2026-05-01"},
        {"value": 50, "stage": "Closed Won", "close_date": "2026-03-01"},
        {"value": 7, "stage": "Proposal", "probability": 40},
        {"stage": "Proposal", "probability": 45},
    ):
        await api.post("/deals", {"name": "D", "company": acme, **deal})
    return api


async def ask(client: Api, query: str) -> list[dict[str, Any]]:
    """Give the records of a query."""
    answer = await client.post("/api/query", {"q": query}, status=200)
    records: list[dict[str, Any]] = answer["records"]
    return records


async def test_roll_ups_are_shown_with_the_record(companies: Api) -> None:
    acme, bare = (await companies.get("/companies?order_by=name"))["data"]

    names = ("won", "deals_n", "mean", "soonest", "likely", "tier")
    assert [acme[name] for name in names] == [150.25, 4, 52.4167, "2026-03-01", 100, "big"]
    assert [bare[name] for name in names] == [0, 0, None, None, None, "small"]
    assert acme["latest"].endswith("Z")
    assert bare["latest"] is None


async def test_roll_ups_filter_sort_and_group(companies: Api) -> None:
    rich = await ask(companies, "SELECT name FROM Company WHERE won > 150 AND soonest < 2026-04-01")
    order = await ask(companies, "SELECT name FROM Company ORDER BY deals_n DESC, name")
    groups = await ask(companies, "SELECT deals_n, COUNT(id) n FROM Company GROUP BY deals_n")
    total = await ask(companies, "SELECT SUM(won) s, MAX(soonest) d FROM Company")

    assert [one["name"] for one in rich] == ["Acme"]
    assert [one["name"] for one in order] == ["Acme", "Bare"]
    assert groups == [{"deals_n": 0, "n": 1}, {"deals_n": 4, "n": 1}]
    assert total == [{"s": 150.25, "d": "2026-03-01"}]


async def test_rules_read_roll_ups_of_the_record_and_of_its_parents(companies: Api) -> None:
    rules = "/api/metadata/components/validation_rule"
    keep = {
        "name": "Company.keep",
        "object": "Company",
        "message": "It has deals.",
        "condition": "deals_n > 3 && ISCHANGED(name)",
    }
    full = {
        "name": "Deal.full",
        "object": "Deal",
        "message": "Acme is full.",
        "condition": "company.deals_n >= 4 && company.soonest = DATE(2026, 3, 1)",
    }
    await companies.post(rules, keep)
    await companies.post(rules, full)
    acme, bare = await ask(companies, "SELECT id FROM Company ORDER BY name")

    renamed = await companies.refused(
        "PATCH", f"/companies/{acme['id']}", {"name": "X"}, status=422
    )
    added = await companies.refused(
        "POST", "/deals", {"name": "E", "company": acme["id"], "stage": "Proposal"}, status=422
    )

    assert (renamed[0]["message"], added[0]["message"]) == ("It has deals.", "Acme is full.")
    await companies.patch(f"/companies/{bare['id']}", {"name": "Y"})
    await companies.post("/deals", {"name": "E", "company": bare["id"], "stage": "Proposal"})
    await companies.post("/companies", {"name": "New"})
