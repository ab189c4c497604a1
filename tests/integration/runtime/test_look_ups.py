"""VLOOKUP: values of records that nothing points to, in fields, defaults and rules."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Api

RULES = "/api/metadata/components/validation_rule"
OF = "$ObjectType.Region.Fields"
REGION = {
    "name": "Region",
    "fields": [
        {"name": "name", "type": "text"},
        {"name": "code", "type": "text", "unique": True},
        {"name": "number", "type": "number", "precision": 18, "places": 2, "unique": True},
        {"name": "rate", "type": "percent"},
        {"name": "since", "type": "date"},
        {"name": "next", "type": "text"},
        {"name": "shown", "type": "text", "formula": "code & ': ' & TEXT(rate)"},
    ],
}
SITE: dict[str, Any] = {
    "name": "Site",
    "fields": [
        {"name": "title", "type": "text", "unique": True},
        {"name": "state", "type": "text"},
        {"name": "n", "type": "number", "precision": 18, "places": 2},
        {
            "name": "region",
            "type": "text",
            "formula": f"VLOOKUP({OF}.code, {OF}.name, LEFT(state, 5))",
        },
        {"name": "rate", "type": "percent", "formula": f"VLOOKUP({OF}.rate, {OF}.code, state)"},
        {"name": "since", "type": "date", "formula": f"VLOOKUP({OF}.since, {OF}.number, n)"},
        {"name": "shown", "type": "text", "formula": f"VLOOKUP({OF}.shown, {OF}.code, state)"},
        {
            "name": "behind",
            "type": "text",
            "formula": f"VLOOKUP({OF}.code, {OF}.name, VLOOKUP({OF}.next, {OF}.code, state))",
        },
        {
            "name": "kept",
            "type": "text",
            "default_formula": f"VLOOKUP({OF}.code, {OF}.name, LEFT(state, 5))",
        },
    ],
}


@pytest.fixture
async def sites(api: Api) -> Api:
    """The application with regions and sites, which do not point to each other."""
    await api.post("/api/objects", REGION)
    await api.post("/api/objects", SITE)
    for region in (
        {"name": "North", "code": "N", "number": 1.25, "rate": 5, "since": "2026-01-31"},
        {"name": "South", "code": "S", "number": 2, "next": "North"},
        {"name": "NORTH", "code": "X", "next": "nowhere"},
    ):
        await api.post("/regions", region)
    for site in (
        {"title": "a", "state": "north-east", "n": 1.25},
        {"title": "b", "state": "s"},
        {"title": "c", "state": "x", "n": 3},
        {"title": "d"},
    ):
        await api.post("/sites", site)
    return api


async def ask(client: Api, query: str) -> list[dict[str, Any]]:
    """Give the records of a query."""
    found: list[dict[str, Any]] = (await client.post("/api/query", {"q": query}, status=200))[
        "records"
    ]
    return found


async def test_a_field_gives_what_stands_beside_a_name(sites: Api) -> None:
    found = await ask(
        sites, "SELECT title, region, rate, since, shown, behind FROM Site ORDER BY title"
    )

    told = [{k: v for k, v in one.items() if v is not None and k != "id"} for one in found]
    assert told == [
        {"title": "a", "region": "N", "since": "2026-01-31"},
        {"title": "b", "shown": "S: 0", "behind": "N"},
        {"title": "c", "shown": "X: 0"},
        {"title": "d"},
    ]


async def test_case_does_not_count_and_the_oldest_record_does(sites: Api) -> None:
    found = await ask(sites, "SELECT title FROM Site WHERE region = 'n' ORDER BY rate")

    assert [one["title"] for one in found] == ["a"]


async def test_defaults_and_rules_find_the_same_as_fields(sites: Api) -> None:
    formulas = {field["name"]: field["formula"] for field in SITE["fields"] if "formula" in field}
    shown = await ask(sites, "SELECT title, region, kept, since, shown, behind FROM Site")
    texts = [
        f"title = '{one['title']}' && ({formulas[name]}) <> "
        + (f"DATEVALUE('{one[name]}')" if name == "since" and one[name] else repr(one[name] or ""))
        for one in shown
        for name in ("region", "shown", "behind")
    ]
    condition = " || ".join(f"({text})" for text in texts)
    rule = {"name": "Site.same", "object": "Site", "condition": condition, "message": "Differs."}
    await sites.post(RULES, rule)

    for one in (await sites.get("/sites"))["data"]:
        await sites.patch(f"/sites/{one['id']}", {"n": 7})
    assert [one["kept"] for one in shown] == [one["region"] for one in shown]


async def test_a_rule_refuses_what_is_not_found(sites: Api) -> None:
    condition = f"ISBLANK(VLOOKUP({OF}.code, {OF}.name, state))"
    rule = {"name": "Site.known", "object": "Site", "condition": condition, "message": "Unknown."}
    await sites.post(RULES, rule)

    (problem,) = await sites.refused("POST", "/sites", {"state": "Eastern"}, status=422)
    assert problem["message"] == "Unknown."
    await sites.post("/sites", {"state": "SOUTH"})


async def test_a_rule_whose_key_fails_cannot_be_worked_out(sites: Api) -> None:
    condition = f"VLOOKUP({OF}.rate, {OF}.number, 1 / n) > 1"
    rule = {"name": "Site.failing", "object": "Site", "condition": condition, "message": "No."}
    await sites.post(RULES, rule)

    (problem,) = await sites.refused("POST", "/sites", {"n": 0}, status=422)

    assert problem["code"] == "rule.failed"


async def test_the_past_is_looked_up_in_the_past(sites: Api) -> None:
    (south,) = [one for one in (await sites.get("/regions"))["data"] if one["code"] == "S"]
    before = (await sites.get(f"/regions/{south['id']}"))["updated_at"]
    await sites.patch(f"/regions/{south['id']}", {"next": "South"})

    now = await ask(sites, "SELECT behind FROM Site WHERE title = 'b'")
    then = await ask(sites, f"SELECT behind FROM Site AS OF {before} WHERE title = 'b'")

    assert [one["behind"] for one in now] == ["S"]
    assert then == [] or [one["behind"] for one in then] == ["N"]


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        (f"VLOOKUP({OF}.code, {OF}.rate, n)", "looks in a name or in a unique field"),
        (f"VLOOKUP({OF}.code, $ObjectType.Company.Fields.name, state)", "one object"),
        (f"VLOOKUP(state, {OF}.name, state)", "is no field of an object"),
        (f"VLOOKUP({OF}.cod, {OF}.name, state)", "has no field cod"),
        ("VLOOKUP($ObjectType.Regio.Fields.code, state, state)", "There is no object Regio"),
        (f"VLOOKUP({OF}.code, {OF}.number, state)", "looks for a text"),
        (f"VLOOKUP({OF}.code, {OF}.name)", "takes a field to give"),
        (f"{OF}.code", "VLOOKUP"),
    ],
)
async def test_what_it_does_not_take_is_refused(sites: Api, formula: str, told: str) -> None:
    field = {"name": "x", "type": "text", "formula": formula}

    (problem,) = await sites.refused("POST", "/api/objects/Site/fields", field, status=422)

    assert told in problem["message"]


async def test_fields_that_look_each_other_up_are_refused(sites: Api) -> None:
    of = "$ObjectType.Site.Fields"
    field = {"name": "x", "type": "text", "formula": f"VLOOKUP({of}.shown, {of}.title, name)"}

    (problem,) = await sites.refused("POST", "/api/objects/Region/fields", field, status=422)

    assert "is looked up itself" in problem["message"]


async def test_a_query_has_none_of_its_own(sites: Api) -> None:
    query = {"q": f"SELECT VLOOKUP({OF}.code, {OF}.name, state) FROM Site"}

    (problem,) = await sites.refused("POST", "/api/query", query, status=422)

    assert "not in a query" in problem["message"]


async def test_it_follows_renames(sites: Api) -> None:
    await sites.patch("/api/objects/Region/fields/code", {"name": "sign"})
    await sites.patch("/api/objects/Region", {"name": "Zone"})

    found = await ask(sites, "SELECT region FROM Site WHERE title = 'a'")

    assert found[0]["region"] == "N"


async def test_what_is_looked_up_cannot_be_taken_away(sites: Api) -> None:
    problems = await sites.refused("DELETE", "/api/objects/Region/fields/rate", status=422)

    assert any("Site__c.rate" in problem["message"] for problem in problems)


async def test_another_tenant_finds_nothing_of_it(sites: Api, other: Api) -> None:
    await other.post("/api/objects", REGION)
    await other.post("/api/objects", SITE)
    made = await other.post("/sites", {"title": "a", "state": "north"})

    assert made["kept"] is None
    assert made["region"] is None
