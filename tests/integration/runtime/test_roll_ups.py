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


async def test_roll_ups_follow_every_write_of_a_child(companies: Api) -> None:
    won = "SELECT won, deals_n FROM Company WHERE name = 'Acme'"
    deals = await ask(companies, "SELECT id FROM Deal WHERE value > 0 ORDER BY value DESC")
    (bare,) = await ask(companies, "SELECT id FROM Company WHERE name = 'Bare'")

    await companies.patch(f"/deals/{deals[0]['id']}", {"value": 99.99})
    changed = await ask(companies, won)
    await companies.delete(f"/deals/{deals[1]['id']}")
    deleted = await ask(companies, won)
    await companies.patch(f"/deals/{deals[0]['id']}", {"company": bare["id"]})
    moved = await ask(companies, won)

    assert changed == [{"id": changed[0]["id"], "won": 149.99, "deals_n": 4}]
    assert (deleted[0]["won"], deleted[0]["deals_n"]) == (99.99, 3)
    assert (moved[0]["won"], moved[0]["deals_n"]) == (0, 2)


async def test_roll_ups_of_parents_are_shown_and_sorted_by(companies: Api) -> None:
    deals = await ask(
        companies,
        "SELECT company.won, company.tier FROM Deal WHERE company.won > 0"
        " ORDER BY company.won, company.soonest, value LIMIT 1",
    )

    assert deals[0]["company"]["won"] == 150.25
    assert deals[0]["company"]["tier"] == "big"


async def test_roll_ups_sum_up_formulas_and_roll_ups_of_children(companies: Api) -> None:
    twice = {"name": "twice", "type": "currency", "formula": "value * 2"}
    await companies.post("/api/objects/Deal/fields", twice)
    summed = {"children": "deals", "function": "sum", "field": "twice", "where": "twice > 100"}
    await companies.post(FIELDS, {"name": "doubled", "type": "currency", "roll_up": summed})
    group = {"name": "Group", "fields": [{"name": "title", "type": "text"}]}
    await companies.post("/api/objects", group)
    link = {"name": "group", "type": "lookup", "references": "Group"}
    await companies.post(FIELDS, link)
    whole = {"children": "Company.group", "function": "sum", "field": "doubled"}
    body = {"name": "whole", "type": "currency", "roll_up": whole}
    await companies.post("/api/objects/Group/fields", body)
    one = (await companies.post("/groups", {"title": "One"}))["id"]
    (acme,) = await ask(companies, "SELECT id FROM Company WHERE name = 'Acme'")
    await companies.patch(f"/companies/{acme['id']}", {"group": one})

    shown = await ask(companies, "SELECT whole FROM Group")
    sorted_by = await ask(companies, "SELECT whole FROM Group ORDER BY whole")

    assert [group["whole"] for group in shown] == [200.5]
    assert shown == sorted_by


@pytest.mark.parametrize(
    "reference",
    [
        {"name": "company", "type": "lookup", "references": "Company", "indexed": False},
        {"name": "company", "type": "many_to_many", "references": "Company"},
    ],
    ids=["without a slot", "of many"],
)
async def test_references_without_a_slot_are_followed_by_their_links(
    api: Api, reference: dict[str, Any]
) -> None:
    visit = {"name": "Visit", "fields": [{"name": "hours", "type": "number"}, reference]}
    await api.post("/api/objects", visit)
    spent = {"children": "Visit.company", "function": "sum", "field": "hours"}
    await api.post(FIELDS, {"name": "spent", "type": "number", "roll_up": spent})
    acme = (await api.post("/companies", {"name": "Acme"}))["id"]
    await api.post("/companies", {"name": "Bare"})
    many = reference["type"] == "many_to_many"
    for hours in (2, 3):
        await api.post("/visits", {"hours": hours, "company": [acme] if many else acme})

    listed = await ask(api, "SELECT spent FROM Company ORDER BY name")
    by_value = await ask(api, "SELECT spent FROM Company ORDER BY spent DESC")

    assert [one["spent"] for one in listed] == [5, 0]
    assert listed == by_value


WRONG: list[tuple[dict[str, Any], str, str, str]] = [
    ({"children": "dels"}, "number", "/roll_up/children", "formula.unknown_name"),
    ({"children": "Deal.stage"}, "number", "/roll_up/children", "formula.unknown_name"),
    ({"function": "median"}, "number", "/roll_up/function", "metadata.invalid"),
    ({"filter": "value > 1"}, "number", "/roll_up/filter", "metadata.invalid"),
    ({"field": "valeu"}, "number", "/roll_up/field", "formula.unknown_name"),
    ({"field": "stage"}, "number", "/roll_up/field", "formula.wrong_arguments"),
    ({"field": None}, "number", "/roll_up/field", "formula.wrong_arguments"),
    ({"function": "count"}, "number", "/roll_up/field", "formula.wrong_arguments"),
    ({"where": "stge = 'x'"}, "number", "/roll_up/where", "query.unknown_field"),
    ({"where": "stage ="}, "number", "/roll_up/where", "query.syntax"),
    ({"where": "value = 'x'"}, "number", "/roll_up/where", "query.type_mismatch"),
    (
        {"where": "id IN (SELECT company FROM Contact)"},
        "number",
        "/roll_up/where",
        "query.not_supported",
    ),
    (
        {"function": "max", "field": "close_date"},
        "number",
        "/type",
        "formula.wrong_arguments",
    ),
    ({}, "text", "/type", "metadata.invalid"),
]


@pytest.mark.parametrize(("part", "kind", "at", "code"), WRONG)
async def test_what_is_wrong_with_a_roll_up_is_told_at_its_place(
    api: Api, part: dict[str, Any], kind: str, at: str, code: str
) -> None:
    roll_up = {"children": "deals", "function": "sum", "field": "value", **part}
    said = {key: value for key, value in roll_up.items() if value is not None}

    field = {"name": "x", "type": kind, "roll_up": said}
    problems = await api.refused("POST", FIELDS, field, status=422)

    assert [(problem["at"], problem["code"]) for problem in problems] == [(at, code)]


async def test_roll_ups_and_formulas_in_a_circle_are_refused(companies: Api) -> None:
    share = {"name": "share", "type": "number", "formula": "value"}
    await companies.post("/api/objects/Deal/fields", share)
    shares = {"children": "deals", "function": "sum", "field": "share"}
    await companies.post(FIELDS, {"name": "shares", "type": "number", "roll_up": shares})

    formula = {"formula": "value / company.shares"}
    problems = await companies.refused(
        "PATCH", "/api/objects/Deal/fields/share", formula, status=422
    )

    assert {problem["code"] for problem in problems} == {"formula.circle"}
    assert "shares uses share uses shares" in problems[0]["message"]


async def test_what_a_roll_up_leans_on_stays(companies: Api) -> None:
    by_field = await companies.refused("DELETE", "/api/objects/Deal/fields/value", status=422)
    by_where = await companies.refused("DELETE", "/api/objects/Deal/fields/company", status=422)

    assert any("Company.won" in problem["message"] for problem in by_field)
    assert any("Company.deals_n" in problem["message"] for problem in by_where)


async def test_roll_ups_follow_renames(companies: Api) -> None:
    await companies.patch("/api/objects/Deal/fields/value", {"name": "worth"})
    await companies.patch("/api/objects/Deal/fields/stage", {"name": "step"})
    await companies.patch("/api/objects/Deal/fields/company", {"name": "client"})

    (acme,) = await ask(companies, "SELECT won, deals_n, mean FROM Company WHERE name = 'Acme'")
    fields = (await companies.get("/api/metadata/components/field"))["components"]

    assert (acme["won"], acme["deals_n"], acme["mean"]) == (150.25, 4, 52.4167)
    (won,) = [one["roll_up"] for one in fields if one["name"] == "Company.won"]
    assert won == {
        "children": "Deal.client",
        "function": "sum",
        "field": "worth",
        "where": "step = 'Closed Won'",
    }


async def test_roll_up_cannot_be_written(companies: Api) -> None:
    body = {"name": "X", "won": 1}

    (problem,) = await companies.refused("POST", "/companies", body, status=422)

    assert problem["at"] == "/won"


async def test_roll_ups_of_a_tenant_are_its_own(companies: Api, other: Api) -> None:
    await other.post(FIELDS, TOTAL)
    await other.post("/companies", {"name": "Theirs"})

    theirs = await ask(other, "SELECT won FROM Company ORDER BY won")

    assert [one["won"] for one in theirs] == [0]
    await other.refused("POST", "/api/query", {"q": "SELECT mean FROM Company"}, status=422)


async def test_stored_field_becomes_a_roll_up_and_is_stored_again(companies: Api) -> None:
    await companies.post(FIELDS, {"name": "kept", "type": "currency"})
    path, kept = f"{FIELDS}/kept", "SELECT kept FROM Company WHERE kept > 0 ORDER BY kept"
    (acme,) = await ask(companies, "SELECT id FROM Company WHERE name = 'Acme'")
    await companies.patch(f"/companies/{acme['id']}", {"kept": 5})

    await companies.patch(path, {"roll_up": TOTAL["roll_up"]})
    summed = await ask(companies, kept)
    await companies.patch(f"/companies/{acme['id']}", {"phone": "+49 30 901820"})
    await companies.patch(path, {"roll_up": None})
    stored = await ask(companies, kept)

    assert [one["kept"] for one in summed] == [150.25]
    assert [one["kept"] for one in stored] == [5]


async def test_pages_and_exports_show_roll_ups(companies: Api) -> None:
    (acme,) = await ask(companies, "SELECT id FROM Company WHERE name = 'Acme'")

    record = await companies.http.get(f"/admin/Company/{acme['id']}")
    edit = await companies.http.get(f"/admin/Company/{acme['id']}/edit")
    asked = {"object": "Company", "fields": "name,won", "order_by": "won desc"}
    exported = await companies.http.get("/api/export", params=asked)

    assert "150.25" in record.text
    assert 'name="won"' not in edit.text
    assert exported.text.splitlines()[1].endswith("Acme,150.25"), exported.text
