"""Objects and fields are defined, changed, renamed, deleted and restored while data stay."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.app import Api, state_hash

PROJECT = {
    "name": "Project",
    "plural_name": "Projects",
    "fields": [
        {"name": "name", "type": "text", "required": True},
        {"name": "status", "type": "picklist", "options": ["Planning", "Active"]},
        {"name": "budget", "type": "currency"},
        {"name": "account", "type": "lookup", "references": "Account"},
    ],
}
OBJECT = "/api/objects/Project__c"


async def a_project(api: Api, **values: object) -> dict[str, Any]:
    await api.post("/api/objects", PROJECT)
    made: dict[str, Any] = await api.post("/projects", {"name": "Site", **values})
    return made


async def test_object_is_shown_with_fields_and_relations_both_ways(api: Api) -> None:
    await api.post("/api/objects", PROJECT)

    shown = await api.get(OBJECT)
    company = await api.get("/api/objects/Account")

    fields = {field["name"]: field for field in shown["fields"]}
    assert fields["status"]["options"] == ["Planning", "Active"]
    assert fields["id"]["system"] is True
    assert ("to", "Company") in {(r["direction"], r["object"]) for r in shown["relations"]}
    assert ("from", "Project__c") in {(r["direction"], r["object"]) for r in company["relations"]}
    assert company["name"] == "Company"


@pytest.mark.parametrize("name", ["Project__c", "project__c", "PROJECT", "Project"])
async def test_object_is_found_whatever_the_case_and_suffix(api: Api, name: str) -> None:
    await api.post("/api/objects", PROJECT)

    assert (await api.get(f"/api/objects/{name}"))["id"] == "Project__c"


async def test_renamed_object_keeps_its_records_under_the_new_name(api: Api) -> None:
    made = await a_project(api)

    shown = await api.patch(OBJECT, {"name": "Venture", "plural_name": "Ventures"})

    assert (shown["id"], shown["slug"]) == ("Venture__c", "ventures")
    assert (await api.get(f"/ventures/{made['id']}"))["name"] == "Site"
    await api.refused("GET", OBJECT, status=404)
    await api.refused("GET", "/projects", status=404)
    asked = await api.ask("POST", "/api/query", {"object": "Venture", "fields": ["name"]})
    assert asked["total"] == 1


async def test_references_follow_a_renamed_object(api: Api) -> None:
    made = await a_project(api)
    field = {"name": "project", "type": "lookup", "references": "Project"}
    await api.post("/api/objects/Task/fields", field)

    await api.patch(OBJECT, {"name": "Venture"})

    task = await api.post("/api/records/Task", {"subject": "Do", "project": made["id"]})
    assert task["project"]["name"] == "Site"


async def test_renamed_field_keeps_its_values(api: Api) -> None:
    made = await a_project(api, budget=12)

    await api.patch(f"{OBJECT}/fields/budget", {"name": "funds", "label": "Funds"})

    shown = await api.get(f"/projects/{made['id']}")
    assert shown["funds"] == 12
    assert "budget" not in shown
    page = await api.get("/projects?where=funds = 12")
    assert page["meta"]["total"] == 1
    await api.refused("GET", "/projects?where=budget = 12", status=422)


async def test_two_fields_may_swap_names_by_way_of_a_third(api: Api) -> None:
    await api.post("/api/objects", PROJECT)
    await api.post(f"{OBJECT}/fields", {"name": "second", "type": "text"})
    made = await api.post("/projects", {"name": "one", "second": "two"})

    for old, new in (("name", "third"), ("second", "name"), ("third", "second")):
        await api.patch(f"{OBJECT}/fields/{old}", {"name": new})

    shown = await api.get(f"/projects/{made['id']}")
    assert (shown["name"], shown["second"]) == ("two", "one")


async def test_deleted_field_is_gone_and_comes_back_with_its_values(api: Api) -> None:
    made = await a_project(api, budget=12)
    path = f"/projects/{made['id']}"

    await api.delete(f"{OBJECT}/fields/budget", status=204)
    without = await api.get(path)
    await api.refused("PATCH", path, {"budget": 1}, status=422)
    await api.patch(path, {"name": "Renamed meanwhile"})
    await api.ask("POST", f"{OBJECT}/fields/budget/restore")

    assert "budget" not in without
    assert (await api.get(path))["budget"] == 12


async def test_new_field_of_a_deleted_ones_name_does_not_see_its_values(api: Api) -> None:
    made = await a_project(api, budget=12)
    await api.delete(f"{OBJECT}/fields/budget", status=204)

    await api.post(f"{OBJECT}/fields", {"name": "budget", "type": "text"})

    assert (await api.get(f"/projects/{made['id']}"))["budget"] is None


async def test_deleted_object_is_gone_and_comes_back_with_its_records(api: Api, other: Api) -> None:
    made = await a_project(api)

    await api.delete(OBJECT, status=204)
    await api.refused("GET", OBJECT, status=404)
    await api.refused("GET", "/projects", status=404)
    await other.refused("POST", f"{OBJECT}/restore", status=404)
    shown = await api.ask("POST", f"{OBJECT}/restore")

    assert {"name", "status", "budget", "account"} <= {f["name"] for f in shown["fields"]}
    assert (await api.get(f"/projects/{made['id']}"))["name"] == "Site"


async def test_object_that_others_need_is_not_deleted(api: Api) -> None:
    await api.post("/api/objects", PROJECT)
    needs = {"name": "project", "type": "lookup", "references": "Project"}
    await api.post("/api/objects/Task/fields", needs)

    [problem] = await api.refused("DELETE", OBJECT, status=422)

    assert problem["code"] == "metadata.still_needed"


async def test_field_is_added_to_an_object_with_records(api: Api) -> None:
    made = await a_project(api)

    answer = await api.post(f"{OBJECT}/fields", {"name": "risk", "type": "percent"})

    assert answer == {"id": "Project__c.risk", "status": "created"}
    assert (await api.get(f"/projects/{made['id']}"))["risk"] is None
    assert (await api.patch(f"/projects/{made['id']}", {"risk": 12.5}))["risk"] == 12.5


async def test_every_problem_of_a_definition_is_told_at_once_with_its_place(
    api: Api, app_dsn: str
) -> None:
    before = await state_hash(app_dsn)
    definition = {
        "name": "Project",
        "color": "red",
        "fields": [
            {"name": "a", "type": "texxt"},
            {"name": "b", "type": "text", "length": 100_000},
            {"name": "c", "type": "number", "plces": 2},
            {"type": "text"},
        ],
    }

    problems = await api.refused("POST", "/api/objects", definition, status=422)

    assert {p["at"] for p in problems} == {
        "/color",
        "/fields/0/type",
        "/fields/1/length",
        "/fields/2/plces",
        "/fields/3/name",
    }
    assert all(p["hint"] for p in problems)
    assert await state_hash(app_dsn) == before


async def test_reference_to_no_object_is_refused(api: Api) -> None:
    bad = {"name": "Project", "fields": [{"name": "a", "type": "lookup", "references": "Nothing"}]}

    [problem] = await api.refused("POST", "/api/objects", bad, status=422)

    assert problem["code"] == "metadata.unknown_reference"


@pytest.mark.parametrize("name", ["Project", "PROJECT__C", "Account", "Company", "deal"])
async def test_name_that_is_taken_is_refused(api: Api, name: str) -> None:
    await api.post("/api/objects", PROJECT)

    problems = await api.refused(
        "POST", "/api/objects", {"name": name, "plural_name": "Elsewhere"}, status=422
    )

    assert {p["code"] for p in problems} == {"metadata.name_taken"}


@pytest.mark.parametrize(
    "name", ["1st", "has blank", "dash-ed", "a" * 81, "", "ü", "a__", "_a", "a___b", "x\u0000y"]
)
async def test_bad_name_is_refused(api: Api, name: str, app_dsn: str) -> None:
    before = await state_hash(app_dsn)

    await api.refused("POST", "/api/objects", {"name": name}, status=422)
    await api.refused(
        "POST", "/api/objects/Deal/fields", {"name": name, "type": "text"}, status=422
    )

    assert await state_hash(app_dsn) == before


async def test_objects_whose_plurals_have_no_latin_letters_live_side_by_side(api: Api) -> None:
    for name, plural in (("Projekt", "Проекты"), ("Zadacha", "Задачи"), ("Ren", "人")):
        await api.post("/api/objects", {"name": name, "plural_name": plural})

    made = await api.post("/api/records/Zadacha", {})
    listed = {obj["id"]: obj["slug"] for obj in (await api.get("/api/objects"))["objects"]}

    assert len({listed["Projekt__c"], listed["Zadacha__c"], listed["Ren__c"]}) == 3
    assert (await api.get(f"/{listed['Zadacha__c']}"))["data"][0]["id"] == made["id"]


@pytest.mark.parametrize("name", ["id", "owner", "Created_At", "version"])
async def test_field_that_every_object_has_cannot_be_defined(api: Api, name: str) -> None:
    [problem] = await api.refused(
        "POST", "/api/objects/Deal/fields", {"name": name, "type": "text"}, status=422
    )

    assert problem["code"] == "metadata.name_taken"


async def test_type_of_a_field_that_cannot_hold_its_values_is_refused(api: Api) -> None:
    await api.post("/api/objects", PROJECT)

    [problem] = await api.refused("PATCH", f"{OBJECT}/fields/budget", {"type": "date"}, status=422)

    assert (problem["code"], problem["at"]) == ("metadata.type_change", "/type")
    assert "number" in problem["hint"]


async def test_field_that_gets_another_type_keeps_the_options_that_it_has_too(api: Api) -> None:
    await api.post("/api/objects", PROJECT)

    await api.patch(f"{OBJECT}/fields/status", {"type": "text"})

    [status] = [one for one in (await api.get(OBJECT))["fields"] if one["name"] == "status"]
    assert status["type"] == "text"


async def test_null_takes_an_option_away(api: Api) -> None:
    await api.post("/api/objects", {**PROJECT, "description": "Some words"})

    shown = await api.patch(OBJECT, {"description": None})

    assert shown["description"] == ""


async def test_system_fields_cannot_be_changed_or_deleted(api: Api) -> None:
    await api.refused("PATCH", "/api/objects/Deal/fields/id", {"label": "x"}, status=404)
    await api.refused("DELETE", "/api/objects/Deal/fields/created_at", status=404)


async def test_other_tenant_cannot_touch_an_object(api: Api, other: Api, app_dsn: str) -> None:
    await api.post("/api/objects", PROJECT)
    before = await state_hash(app_dsn)

    await other.refused("PATCH", OBJECT, {"label": "x"}, status=404)
    await other.refused("DELETE", OBJECT, status=404)
    await other.refused("POST", f"{OBJECT}/fields", {"name": "a", "type": "text"}, status=404)
    await other.refused("PATCH", f"{OBJECT}/fields/budget", {"label": "x"}, status=404)
    await other.refused("DELETE", f"{OBJECT}/fields/budget", status=404)
    await other.refused("POST", f"{OBJECT}/fields/budget/restore", status=404)

    assert await state_hash(app_dsn) == before


async def test_shipped_object_changed_by_one_tenant_stays_as_it_was_for_the_other(
    api: Api, other: Api
) -> None:
    await api.post("/api/objects/Deal/fields", {"name": "mine", "type": "text"})
    await api.patch("/api/objects/Deal", {"label": "Opportunity"})

    theirs = await other.get("/api/objects/Deal")

    assert theirs["label"] == "Deal"
    assert "mine" not in {field["name"] for field in theirs["fields"]}


async def test_definitions_sent_at_once_are_made_one_after_another(api: Api) -> None:
    answers = await asyncio.gather(
        *(
            api.send("POST", "/api/objects/Deal/fields", {"name": f"f{n % 3}", "type": "text"})
            for n in range(9)
        )
    )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * 3 + [422] * 6
    names = [field["name"] for field in (await api.get("/api/objects/Deal"))["fields"]]
    assert len(names) == len(set(names))


async def test_records_are_written_while_fields_are_added(api: Api) -> None:
    async def define(number: int) -> Any:
        field = {"name": f"f{number}", "type": "text"}
        return await api.send("POST", "/api/objects/Deal/fields", field)

    async def write(number: int) -> Any:
        return await api.send("POST", "/api/records/Deal", {"name": f"Deal {number}"})

    answers = await asyncio.gather(*(f(n) for n in range(5) for f in (define, write)))

    assert {answer.status_code for answer in answers} == {201}
    assert (await api.get("/api/records/Deal?count=1"))["total"] == 5


async def test_schemas_of_all_kinds_are_published(api: Api) -> None:
    schemas = (await api.get("/api/metadata/schemas"))["schemas"]

    assert {"object", "field", "relation", "picklist"} <= set(schemas)
    assert await api.get("/api/metadata/schemas/field") == schemas["field"]
    await api.refused("GET", "/api/metadata/schemas/nothing", status=422)
