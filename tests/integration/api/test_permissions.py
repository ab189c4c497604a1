"""Permission sets decide what people see and do, from their next request on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.support.app import Api, client_of

PASSWORD = "correct horse battery"
BEN = "ben@acme.example"
SETS = "/api/metadata/components/permission_set"
SALES: dict[str, Any] = {
    "name": "Sales",
    "label": "Sales",
    "objects": {"Deal": ["create", "read", "edit"], "Company": ["read"]},
    "fields": {"Deal.name": "edit", "Deal.stage": "read", "Company.name": "read"},
    "actions": ["api"],
}


@dataclass
class Team:
    """An administrator, and Ben with what he was given."""

    app: Starlette
    admin: Api
    ben: Api
    ben_id: str

    async def give(self, *names: str) -> None:
        """Let Ben have these sets and no others."""
        path = f"/api/people/{self.ben_id}/permission-sets"
        for one in (await self.admin.get(path))["permission_sets"]:
            await self.admin.ask("DELETE", f"{path}/{one['name']}", status=204)
        for name in names:
            await self.admin.ask("PUT", f"{path}/{name}")


@pytest.fixture
async def team(app: Starlette, api: Api) -> AsyncIterator[Team]:
    """A tenant to which Ben belongs as well, as any new member."""
    await api.post("/api/claim", {"email": "ada@acme.example", "password": PASSWORD})
    told = await api.post("/api/people", {"email": BEN, "name": "Ben"})
    async with client_of(app) as ben:
        said = {"token": told["invitation"], "password": PASSWORD}
        await ben.post("/api/welcome", said, status=200)
        yield Team(app, api, ben, told["id"])


async def test_new_member_works_with_records_and_sets_nothing_up(team: Team) -> None:
    made = await team.ben.post("/deals", {"name": "A deal", "value": 5})
    mine = await team.ben.get(f"/api/people/{team.ben_id}/permission-sets")

    assert (await team.ben.get(f"/deals/{made['id']}"))["value"] == 5
    assert [one["name"] for one in mine["permission_sets"]] == ["Standard_User"]
    await team.ben.refused("GET", "/api/permission-sets", status=403)
    await team.ben.refused("POST", SETS, SALES, status=403)
    await team.ben.refused("POST", "/api/objects", {"name": "X"}, status=403)


async def test_invitation_says_which_sets_somebody_gets(team: Team) -> None:
    said = {"email": "eve@acme.example", "name": "Eve", "permission_sets": ["Read_Only"]}
    told = await team.admin.post("/api/people", said)
    unknown = {"email": "x@acme.example", "name": "X", "permission_sets": ["Nothing"]}
    [problem] = await team.admin.refused("POST", "/api/people", unknown, status=404)

    found = await team.admin.get(f"/api/people/{told['id']}/permission-sets")
    assert [one["name"] for one in found["permission_sets"]] == ["Read_Only"]
    assert problem["code"] == "access.unknown_set"


async def test_without_a_set_nothing_is_there(team: Team) -> None:
    await team.give()

    assert (await team.ben.get("/api/objects"))["objects"] == []
    await team.ben.refused("GET", "/deals", status=404)
    await team.ben.refused("POST", "/deals", {"name": "x"}, status=404)
    page = await team.ben.send("GET", "/admin")
    assert page.status_code == 200
    assert "Deals" not in page.text


async def test_a_set_opens_objects_and_fields_from_the_next_request_on(team: Team) -> None:
    made = await team.admin.post("/deals", {"name": "A deal", "value": 424242})
    await team.admin.post(SETS, SALES)
    await team.give("Sales")

    shown = await team.ben.get(f"/deals/{made['id']}")
    mine = await team.ben.post("/deals", {"name": "Mine"})
    await team.ben.patch(f"/deals/{made['id']}", {"name": "Renamed"})
    [hidden] = await team.ben.refused("PATCH", f"/deals/{made['id']}", {"value": 1}, status=422)
    [fixed] = await team.ben.refused("PATCH", f"/deals/{made['id']}", {"stage": "Won"}, status=422)
    await team.ben.refused("DELETE", f"/deals/{mine['id']}", status=403)
    await team.ben.refused("POST", "/companies", {"name": "Acme"}, status=403)
    await team.ben.refused("GET", "/contacts", status=404)

    assert "value" not in shown
    assert "424242" not in str(shown)
    assert hidden["code"] == "metadata.unknown_field"
    assert fixed["code"] == "access.forbidden"


async def test_changing_a_set_changes_what_is_seen_at_once(team: Team) -> None:
    made = await team.admin.post("/deals", {"name": "A deal", "value": 5})
    await team.admin.post(SETS, SALES)
    await team.give("Sales")
    before = await team.ben.get(f"/deals/{made['id']}")
    more = {**SALES, "fields": {**SALES["fields"], "Deal.value": "read"}}
    await team.admin.ask("PUT", f"{SETS}/Sales", more)

    assert "value" not in before
    assert (await team.ben.get(f"/deals/{made['id']}"))["value"] == 5


async def test_actions_are_allowed_by_themselves(team: Team) -> None:
    token = (await team.ben.post("/api/tokens", {"name": "sync"}))["token"]
    by_token = {"authorization": f"Bearer {token}"}
    quiet = {"name": "Quiet", "label": "Quiet", "all_objects": ["create", "read"]}
    await team.admin.post(SETS, {**quiet, "all_fields": "edit"})
    async with client_of(team.app) as program:
        await program.get("/deals", headers=by_token)
        await team.give("Quiet")

        exported = await team.ben.send("GET", "/api/export?object=Deal")
        job = await team.ben.send(
            "POST", "/api/exports", {"query": "SELECT name FROM Deal", "format": "csv"}
        )
        imported = await team.ben.http.post(
            "/import", data={"object": "Deal"}, files={"file": ("a.csv", b"Name\nA\n")}
        )
        [refused] = await program.refused("GET", "/deals", status=403, headers=by_token)

    assert (exported.status_code, job.status_code, imported.status_code) == (403, 403, 403)
    assert refused["code"] == "access.no_api"
    assert (await team.ben.get("/deals"))["data"] == []


async def test_nobody_gives_away_more_than_they_may_do(team: Team) -> None:
    clerk = {"name": "Clerk", "label": "Clerk", "setup": ["people", "permissions"]}
    boss = {"name": "Boss", "label": "Boss", "setup": ["all"]}
    await team.admin.post(SETS, clerk)
    await team.admin.post(SETS, boss)
    await team.give("Clerk", "Read_Only")
    ada = next(
        one for one in (await team.ben.get("/api/people"))["people"] if one["is_administrator"]
    )
    mine = f"/api/people/{team.ben_id}/permission-sets"
    tries = [
        await team.ben.send("PUT", f"{mine}/Boss"),
        await team.ben.send("PUT", f"{mine}/Standard_User"),
        await team.ben.send("PUT", f"{SETS}/Clerk", {**clerk, "setup": ["all"]}),
        await team.ben.send("PATCH", f"/api/people/{team.ben_id}", {"is_administrator": True}),
        await team.ben.send("POST", f"/api/people/{ada['id']}/invitation"),
        await team.ben.send("PATCH", f"/api/people/{ada['id']}", {"is_active": False}),
        await team.ben.send(
            "POST", "/api/people", {"email": "e@x.example", "name": "E", "is_administrator": True}
        ),
    ]
    allowed = await team.ben.post(
        "/api/people", {"email": "f@x.example", "name": "F", "permission_sets": ["Read_Only"]}
    )

    assert [one.status_code for one in tries] == [403] * len(tries), [one.text for one in tries]
    assert {one.json()["errors"][0]["code"] for one in tries} == {"access.more_than_own"}
    assert allowed["id"]


async def test_a_profile_takes_the_place_of_another_one(team: Team) -> None:
    for name in ("First", "Second"):
        await team.admin.post(SETS, {"name": name, "label": name, "is_profile": True})
    await team.give("First", "Read_Only", "Second")

    found = await team.admin.get(f"/api/people/{BEN}/permission-sets")
    assert [one["name"] for one in found["permission_sets"]] == ["Read_Only", "Second"]


async def test_reasons_are_the_shortest(team: Team) -> None:
    await team.admin.post(SETS, SALES)
    await team.admin.post(SETS, {"name": "All", "label": "All of it", "includes": ["Sales"]})
    await team.give("All")
    explain = "/api/access/explain"

    name = await team.admin.get(f"{explain}?user={BEN}&object=Deal&field=name")
    value = await team.admin.get(f"{explain}?user={team.ben_id}&object=Deal.value")
    contact = await team.admin.get(f"{explain}?user={BEN}&object=Contact.name")
    mine = await team.ben.get(f"{explain}?object=Deal")
    hidden = await team.ben.refused("GET", f"{explain}?object=Deal.value", status=404)
    unknown = await team.ben.refused("GET", f"{explain}?object=Deal.velua", status=404)
    ada = await team.admin.get(f"{explain}?object=Deal.value")

    assert [one["allowed"] for one in name["reasons"]] == [True, True]
    assert name["reasons"][0]["through"] == ["All", "Sales"]
    assert name["reasons"][0]["words"] == (
        "The permission set Sales allows it, which comes with All of it."
    )
    assert value["reasons"][0]["words"] == "None of their sets allows it: All of it."
    assert "They may not read Contacts" in contact["reasons"][0]["words"]
    assert {one["right"]: one["allowed"] for one in mine["reasons"]}["delete"] is False
    assert str(hidden).replace("value", "velua") == str(unknown)
    assert ada["reasons"][0]["words"] == "Administrators may do everything."
    await team.ben.refused("GET", f"{explain}?user=ada@acme.example&object=Deal", status=403)


async def test_preview_tells_what_people_would_lose_and_gain(team: Team) -> None:
    await team.admin.post(SETS, SALES)
    await team.give("Sales")
    before = await team.admin.get(f"{SETS}/Sales")
    after = {**SALES, "objects": {"Deal": ["read"]}, "fields": {"Deal.value": "read"}}
    told = await team.admin.post("/api/permission-sets/Sales/preview", after, status=200)
    same = await team.admin.post("/api/permission-sets/Sales/preview", SALES, status=200)
    changes = {
        (c["object"], c["field"], c["right"]): (c["lose"], c["gain"]) for c in told["changes"]
    }

    assert (told["affected"], same["affected"]) == (1, 0)
    assert changes["Company", None, "read"] == (1, 0)
    assert changes["Deal", "value", "read"] == (0, 1)
    assert changes["Deal", None, "edit"] == (1, 0)
    assert "1 person would lose read on Company." in {one["words"] for one in told["changes"]}
    assert await team.admin.get(f"{SETS}/Sales") == before


async def test_sets_of_one_tenant_are_not_those_of_another(team: Team, other: Api) -> None:
    await team.admin.post(SETS, SALES)
    listed = await other.get("/api/permission-sets")

    assert {one["name"] for one in listed["permission_sets"]} == {"Standard_User", "Read_Only"}
    await other.refused("GET", "/api/permission-sets/Sales/people", status=404)
    await other.refused("GET", f"/api/people/{team.ben_id}/permission-sets", status=404)
    await other.refused("PUT", f"/api/people/{team.ben_id}/permission-sets/Read_Only", status=404)


async def test_who_has_a_set_is_counted_and_listed(team: Team) -> None:
    listed = await team.admin.get("/api/permission-sets")
    holders = await team.admin.get("/api/permission-sets/Standard_User/people")
    counts = {one["name"]: one["people"] for one in listed["permission_sets"]}

    assert counts == {"Standard_User": 2, "Read_Only": 0}
    assert team.ben_id in {one["user"] for one in holders["people"]}


async def test_a_renamed_set_stays_with_its_people(team: Team) -> None:
    await team.admin.post(SETS, SALES)
    await team.give("Sales")
    await team.admin.ask("PUT", f"{SETS}/Sales", {**SALES, "name": "Selling"})

    found = await team.admin.get(f"/api/people/{team.ben_id}/permission-sets")
    assert [one["name"] for one in found["permission_sets"]] == ["Selling"]
    await team.ben.get("/deals")


async def test_who_reads_alone_changes_nothing(team: Team) -> None:
    made: Any = await team.admin.post("/deals", {"name": "A deal"})
    await team.give("Read_Only")

    await team.ben.get(f"/deals/{made['id']}")
    await team.ben.refused("PATCH", f"/deals/{made['id']}", {"name": "x"}, status=403)
    await team.ben.refused("DELETE", f"/deals/{made['id']}", status=403)
    await team.ben.refused("POST", "/deals", {"name": "x"}, status=403)
    edit = await team.ben.send("GET", f"/admin/Deal/{made['id']}/edit")
    shown = await team.ben.send("GET", f"/admin/Deal/{made['id']}")
    assert (edit.status_code, shown.status_code) == (403, 200)
    assert "/delete" not in shown.text
    assert ">Edit<" not in shown.text


async def test_change_is_undone_by_those_alone_who_may_set_up_all_of_it(team: Team) -> None:
    await team.admin.post("/api/objects/Deal/fields", {"name": "note__c", "type": "text"})
    architect = {"name": "Architect", "label": "Architect", "setup": ["objects"]}
    await team.admin.post(SETS, architect)
    await team.admin.post(SETS, {**SALES, "fields": {"Deal.note__c": "edit"}})
    called = {"rename": [{"kind": "field", "name": "Deal.note__c", "to": "Deal.remark__c"}]}
    plan = await team.admin.post("/api/metadata/plan", called, status=200)
    said = {**called, "digest": plan["digest"]}
    done = await team.admin.post("/api/metadata/apply", said, status=200)
    await team.give("Architect", "Standard_User")
    path = f"/api/metadata/undo/{done['version']}"

    shown = await team.ben.get(f"/api/metadata/changes/{done['version']}")
    [problem] = await team.ben.refused("POST", path, {}, status=403)
    undone = await team.admin.post(path, {}, status=200)

    assert [one["kind"] for one in shown["changes"]] == ["field"]
    assert problem["code"] == "access.forbidden"
    assert {one["kind"] for one in undone["changes"]} == {"field", "permission_set"}
    await team.give("Standard_User")
    await team.ben.refused("GET", "/api/metadata/changes", status=403)


@pytest.mark.parametrize(
    "seen",
    [
        {},
        {"all_fields": "edit", "fields": {"Company.name": "none"}},
        {"objects": {"Company": ["read"]}},
    ],
)
async def test_references_become_names_only_for_who_sees_the_names(
    team: Team, seen: dict[str, Any]
) -> None:
    every = {"all_objects": ["create", "read", "edit", "view_all"], "all_fields": "edit"}
    setter = {"name": "Setters", "label": "Setters", "setup": ["objects"], "actions": ["api"]}
    company = await team.admin.post("/companies", {"name": "Acme 424242"})
    await team.admin.post("/deals", {"name": "Roof", "company": company["id"]})
    buyer = {"name": "buyer__c", "type": "lookup", "references": "Company"}
    await team.admin.post("/api/objects/Deal/fields", buyer)
    (deal,) = (await team.admin.post("/api/query", {"q": "SELECT id FROM Deal"}, status=200))[
        "records"
    ]
    await team.admin.patch(f"/deals/{deal['id']}", {"buyer__c": company["id"]})
    await team.admin.post(SETS, {**setter, **every, **seen})
    await team.give("Setters")

    text = {"kind": "field", "name": "Deal.buyer__c", "type": "text"}
    told = await team.ben.send("POST", "/api/metadata/plan", json={"components": [text]})

    assert told.status_code == (403 if seen else 200)
    assert ("424242" in told.text) is not bool(seen)
