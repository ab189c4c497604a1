"""Formula fields, default formulas and validation rules, from the definition to the answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Api

RULES = "/api/metadata/components/validation_rule"
JOB = {
    "name": "Job",
    "fields": [
        {"name": "title", "type": "text"},
        {"name": "rate", "type": "currency"},
        {"name": "hours", "type": "number", "places": 2},
        {"name": "discount", "type": "percent"},
        {"name": "due", "type": "date"},
        {"name": "company", "type": "lookup", "references": "Company"},
        {"name": "code", "type": "text", "default_formula": "'J-' & title"},
        {"name": "total", "type": "currency", "formula": "rate * hours * (1 - discount)"},
        {"name": "size", "type": "text", "formula": 'IF(total > 1000, "big", "small")'},
        {"name": "told", "type": "text", "formula": 'size & " job of " & company.name'},
        {"name": "share", "type": "percent", "formula": "rate / total"},
    ],
}


@pytest.fixture
async def jobs(api: Api) -> Api:
    """The application with an object whose fields are calculated, and three records of it."""
    await api.post("/api/objects", JOB)
    acme = await api.post("/companies", {"name": "Acme"})
    roof = {"title": "Roof", "rate": 50, "hours": 30.5, "discount": 10}
    records = [
        {**roof, "company": acme["id"]},
        {"title": "Door", "rate": 20, "hours": 2, "due": "2026-12-01", "code": "mine"},
        {"title": "None"},
    ]
    for record in records:
        await api.post("/jobs", record)
    return api


async def ask(client: Api, query: str) -> list[dict[str, Any]]:
    """Give the records of a query."""
    records: list[dict[str, Any]] = (await client.post("/api/query", {"q": query}, status=200))[
        "records"
    ]
    return records


async def test_formula_fields_are_shown_with_the_record(jobs: Api) -> None:
    listed = (await jobs.get("/jobs?order_by=title"))["data"]

    assert [job["total"] for job in listed] == [40, 0, 1372.5]
    assert listed[2]["told"] == "big job of Acme"
    assert listed[0]["share"] == 50
    assert listed[1]["share"] is None, "a division by zero has no value"


async def test_formula_fields_filter_sort_and_group(jobs: Api) -> None:
    large = await ask(jobs, "SELECT title FROM Job WHERE total > 10 ORDER BY total DESC")
    groups = await ask(jobs, "SELECT size, COUNT(id) n, SUM(total) s FROM Job GROUP BY size")

    assert [job["title"] for job in large] == ["Roof", "Door"]
    assert groups == [{"size": "big", "n": 1, "s": 1372.5}, {"size": "small", "n": 2, "s": 40}]


async def test_pages_follow_the_order_of_a_formula_field(jobs: Api) -> None:
    asked: dict[str, Any] = {"order_by": "total desc", "limit": 2}
    first = await jobs.get("/jobs", params=asked)
    second = await jobs.get("/jobs", params={**asked, "cursor": first["meta"]["next"]})

    titles = [job["title"] for page in (first, second) for job in page["data"]]
    assert titles == ["Roof", "Door", "None"]


async def test_formula_field_cannot_be_written(jobs: Api) -> None:
    (problem,) = await jobs.refused("POST", "/jobs", {"title": "X", "total": 1}, status=422)

    assert problem["at"] == "/total"


async def test_default_formula_fills_what_is_not_said(jobs: Api) -> None:
    codes = [job["code"] for job in await ask(jobs, "SELECT code FROM Job ORDER BY title")]

    assert codes == ["mine", "J-None", "J-Roof"]


async def test_every_wrong_formula_is_told_with_its_place(api: Api) -> None:
    fields = [
        {"name": "a", "type": "number", "formula": "b + 1"},
        {"name": "b", "type": "number", "formula": "a + 1"},
        {"name": "c", "type": "date", "formula": "1 +"},
        {"name": "d", "type": "text", "formula": "nme"},
        {"name": "e", "type": "text", "formula": "1 + 1"},
    ]

    body = {"name": "Bad", "fields": fields}
    problems = await api.refused("POST", "/api/objects", body, status=422)

    told = {(problem["at"], problem["code"]) for problem in problems}
    assert told == {
        ("/fields/0/formula", "formula.circle"),
        ("/fields/1/formula", "formula.circle"),
        ("/fields/2/formula", "formula.syntax"),
        ("/fields/3/formula", "formula.unknown_name"),
        ("/fields/4/formula", "formula.wrong_arguments"),
    }


async def test_field_that_a_formula_uses_stays(jobs: Api) -> None:
    problems = await jobs.refused("DELETE", "/api/objects/Job/fields/rate", status=422)

    assert "Job__c.total" in problems[0]["message"]


async def test_formulas_follow_renames(jobs: Api) -> None:
    rule = {"name": "Job.cheap", "object": "Job", "condition": "Job.rate < 0", "message": "No."}
    await jobs.post(RULES, rule)

    await jobs.patch("/api/objects/Job/fields/rate", {"name": "price"})
    await jobs.patch("/api/objects/Company/fields/name", {"name": "firm"})
    await jobs.patch("/api/objects/Job", {"name": "Work"})

    roof = (await ask(jobs, "SELECT total, told FROM Work WHERE total > 1000"))[0]
    assert (roof["total"], roof["told"]) == (1372.5, "big job of Acme")
    rules = (await jobs.get(RULES))["components"]
    assert [rule["condition"] for rule in rules] == ["Work__c.price < 0"]


async def test_rule_refuses_a_record_in_its_own_words(api: Api) -> None:
    rule = {
        "name": "Deal.won_has_value",
        "object": "Deal",
        "condition": "stage = 'Closed Won' && ISBLANK(value)",
        "message": "A won deal has a value.",
        "field": "value",
    }
    await api.post(RULES, rule)
    deal = {"name": "X", "stage": "Closed Won"}

    problems = await api.refused("POST", "/deals", deal, status=422)

    assert problems == [
        {"code": "rule.violated", "message": "A won deal has a value.", "at": "/value"}
    ]
    await api.post("/deals", {**deal, "value": 1})


async def test_rule_knows_what_a_record_was_and_its_parents(api: Api) -> None:
    rule = {
        "name": "Deal.no_shrink",
        "object": "Deal",
        "condition": "ISCHANGED(value) && value < PRIORVALUE(value) && company.name = 'Acme'",
        "message": "Deals of Acme do not shrink.",
    }
    await api.post(RULES, rule)
    acme = (await api.post("/companies", {"name": "Acme"}))["id"]
    own = {"name": "X", "stage": "Proposal", "value": 100}
    deal = (await api.post("/deals", {**own, "company": acme}))["id"]
    free = (await api.post("/deals", own))["id"]

    problems = await api.refused("PATCH", f"/deals/{deal}", {"value": 50}, status=422)

    assert problems[0]["message"] == "Deals of Acme do not shrink."
    await api.patch(f"/deals/{deal}", {"value": 150})
    await api.patch(f"/deals/{free}", {"value": 50})


async def test_rules_and_formulas_of_a_tenant_are_its_own(api: Api, other: Api) -> None:
    rule = {"name": "Task.none", "object": "Task", "condition": "TRUE", "message": "No tasks."}
    await api.post(RULES, rule)
    await api.post("/api/objects", JOB)

    mine = await api.send("POST", "/tasks", {"name": "Call"})
    theirs = await other.send("POST", "/tasks", {"name": "Call"})

    assert "No tasks." in mine.text
    assert "No tasks." not in theirs.text
    assert (await other.get(RULES))["components"] == []
    await other.refused("POST", "/api/query", {"q": "SELECT total FROM Job"}, status=422)
