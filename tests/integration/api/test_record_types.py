"""Record types: which records get, what they let be chosen, how queries and formulas see them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api.test_permissions import SALES, SETS, Team, team
from tests.support.app import Api

__all__ = ["team"]

KINDS = "/api/metadata/components"
RENEWAL: dict[str, Any] = {
    "name": "Deal.Renewal",
    "object": "Deal",
    "label": "Renewal of a contract",
    "business_process": "Short",
}
SHORT: dict[str, Any] = {
    "name": "Deal.Short",
    "object": "Deal",
    "label": "Short way",
    "field": "stage",
    "values": ["Proposal", "closed won", "Closed Lost"],
}
NEW: dict[str, Any] = {"name": "Deal.New_Business", "object": "Deal", "label": "New business"}


@pytest.fixture
async def types(team: Team) -> Team:
    """The team, with two record types of deals, the second of which has fewer stages."""
    for kind, body in (
        ("business_process", SHORT),
        ("record_type", NEW),
        ("record_type", RENEWAL),
    ):
        await team.admin.post(f"{KINDS}/{kind}", body)
    return team


async def test_type_decides_what_may_be_chosen(types: Team) -> None:
    api = types.admin
    made = await api.post("/deals", {"name": "A", "record_type": "renewal"})
    told = await api.get(f"/deals/{made['id']}")
    wrong = {"name": "B", "record_type": "Renewal of a contract", "stage": "Qualified"}
    [problem] = await api.refused("POST", "/deals", wrong, status=422)
    plain = await api.post("/deals", {"name": "C", "stage": "Qualified"})
    [change] = await api.refused(
        "PATCH", f"/deals/{plain['id']}", {"record_type": "Renewal"}, status=422
    )
    both = {"record_type": "Renewal", "stage": "Closed Won"}
    await api.patch(f"/deals/{plain['id']}", both)

    assert told["stage"] == "Proposal"
    assert told["record_type"].startswith("rectype_")
    assert (problem["code"], problem["at"]) == ("value.not_of_type", "/stage")
    assert problem["message"] == (
        "Stage cannot be Qualified in the record type Renewal of a contract."
    )
    assert problem["hint"] == "It may be Proposal, Closed Won, Closed Lost."
    assert change["code"] == "value.not_of_type"
    assert (await api.get(f"/deals/{plain['id']}"))["stage"] == "Closed Won"


async def test_queries_and_formulas_know_the_type_by_its_names(types: Team) -> None:
    api = types.admin
    formula = 'IF($RecordType.DeveloperName = "Renewal", "R", RecordType.Name & "/" & RecordTypeId)'
    field = {"name": "sort_of", "type": "text", "formula": formula}
    await api.post("/api/objects/Deal/fields", field)
    first = (await api.post("/deals", {"name": "A", "record_type": "Renewal"}))["id"]
    second = (await api.post("/deals", {"name": "B", "record_type": "New_Business"}))["id"]
    await api.post("/deals", {"name": "C"})
    line = await api.post("/api/records/DealLine", {"deal": first, "name": "L", "quantity": 1})

    async def asked(where: str) -> list[str]:
        text = f"SELECT name FROM Deal WHERE {where} ORDER BY name"
        answer = await api.post("/api/query", {"q": text}, status=200)
        return [one["name"] for one in answer["records"]]

    assert await asked("RecordType.DeveloperName = 'renewal'") == ["A"]
    assert await asked("record_type = 'Renewal of a contract'") == ["A"]
    assert await asked("RecordTypeId IN ('New_Business', 'Renewal')") == ["A", "B"]
    assert await asked("record_type = null") == ["C"]
    assert await asked("sort_of = 'R'") == ["A"]
    key = (await api.get(f"/deals/{second}"))["record_type"]
    assert await asked(f"sort_of = 'New business/{key}'") == ["B"]
    text = (
        "SELECT RecordType.Name, toLabel(record_type) shown FROM Deal"
        " WHERE RecordType.Name != null ORDER BY RecordType.Name"
    )
    told = (await api.post("/api/query", {"q": text}, status=200))["records"]
    assert [one["RecordType.Name"] for one in told] == ["New business", "Renewal of a contract"]
    assert [one["shown"] for one in told] == ["New business", "Renewal of a contract"]
    above = f"SELECT deal.RecordType.Name FROM DealLine WHERE id = '{line['id']}'"
    [row] = (await api.post("/api/query", {"q": above}, status=200))["records"]
    assert row["deal.RecordType.Name"] == "Renewal of a contract"
    grouped = "SELECT RecordType.Name kind, COUNT(id) n FROM Deal GROUP BY RecordType.Name"
    counted = (await api.post("/api/query", {"q": grouped}, status=200))["records"]
    assert min((one["kind"] or "", one["n"]) for one in counted) == ("", 1)


async def test_record_types_are_asked_for_like_records(types: Team, other: Api) -> None:
    api = types.admin
    first = (await api.post("/deals", {"name": "A", "record_type": "Renewal"}))["id"]
    await api.post("/deals", {"name": "B", "record_type": "New_Business"})

    async def asked(text: str, by: Api = api) -> list[Any]:
        answer = await by.post("/api/query", {"q": text}, status=200)
        return list(answer["records"])

    [renewal] = await asked(
        "SELECT Id, Name, DeveloperName, SobjectType, IsActive, Description FROM RecordType "
        "WHERE SobjectType = 'Opportunity' AND DeveloperName LIKE 'ren%' AND IsActive = TRUE"
    )
    key = (await api.get(f"/deals/{first}"))["record_type"]
    assert renewal == {
        "id": key,
        "name": "Renewal of a contract",
        "DeveloperName": "Renewal",
        "SobjectType": "Deal",
        "IsActive": True,
        "description": renewal["description"],
    }
    every = await asked("SELECT DeveloperName FROM RecordType ORDER BY Name DESC")
    assert [one["DeveloperName"] for one in every] == ["Renewal", "New_Business"]
    counted = await asked("SELECT SobjectType o, COUNT(Id) n FROM RecordType GROUP BY SobjectType")
    assert counted == [{"o": "Deal", "n": 2}]
    inner = "(SELECT Id FROM RecordType WHERE DeveloperName = 'Renewal')"
    for where, names in (
        (f"RecordTypeId IN {inner}", ["A"]),
        (f"RecordTypeId NOT IN {inner}", ["B"]),
        (f"id IN (SELECT id FROM Deal WHERE RecordTypeId IN {inner})", ["A"]),
    ):
        found = await asked(f"SELECT name FROM Deal WHERE {where} ORDER BY name")
        assert [one["name"] for one in found] == names, where
    used = "SELECT Id FROM RecordType WHERE Id IN (SELECT RecordTypeId FROM Deal WHERE name = 'A')"
    assert await asked(used) == [{"id": key}]
    assert len(await asked("SELECT FIELDS(STANDARD) FROM RecordType AS OF TODAY")) == 2
    past = "SELECT name FROM Deal AS OF TODAY WHERE RecordType.Name != null"
    assert await asked(past) == []
    page = await api.post("/api/query", {"q": "SELECT Id FROM RecordType", "limit": 1}, status=200)
    rest = {"q": "SELECT Id FROM RecordType", "limit": 1, "cursor": page["next"]}
    assert (await api.post("/api/query", rest, status=200))["records"] != page["records"]
    [told, *_] = await asked("EXPLAIN SELECT Id FROM RecordType WHERE Name = 'x' LIMIT 1")
    assert told["plan"] == "The query reads records of RecordType, which lie in the catalog."
    assert await asked("SELECT Id FROM RecordType", other) == []
    assert len(await asked("SELECT Id FROM RecordType", types.ben)) == 2
    await api.post(SETS, {**SALES, "objects": {"Company": ["read"]}, "fields": {}})
    await types.give("Sales")
    assert await asked("SELECT Id FROM RecordType", types.ben) == []


async def test_permission_sets_say_who_gives_which_type(types: Team) -> None:
    sales = {**SALES, "record_types": {"Deal.Renewal": "default"}}
    sales["fields"] = {"Deal.name": "edit", "Deal.stage": "edit"}
    await types.admin.post(SETS, sales)
    await types.give("Sales")

    made = await types.ben.post("/deals", {"name": "A"})
    told = await types.ben.get(f"/deals/{made['id']}")
    [problem] = await types.ben.refused(
        "POST", "/deals", {"name": "B", "record_type": "New_Business"}, status=422
    )
    described = await types.ben.get("/api/objects/Deal")

    assert told["stage"] == "Proposal"
    assert problem["code"] == "record.type_not_allowed"
    assert problem["hint"] == "You may give Renewal of a contract."
    known = {one["name"]: one for one in described["record_types"]}
    assert known["Renewal"]["is_default"]
    assert known["Renewal"]["values"]["stage"] == ["Proposal", "Closed Won", "Closed Lost"]
    assert not known["New_Business"]["is_offered"]


async def test_type_is_renamed_and_rests_without_touching_records(types: Team, other: Api) -> None:
    api = types.admin
    made = await api.post("/deals", {"name": "A", "record_type": "Renewal"})
    await api.ask("PUT", f"{KINDS}/record_type/Deal.Renewal", {**RENEWAL, "active": False})
    [problem] = await api.refused(
        "POST", "/deals", {"name": "B", "record_type": "Renewal"}, status=422
    )
    await api.patch(f"/deals/{made['id']}", {"name": "Still"})
    renamed = {**RENEWAL, "name": "Deal.Second_Time", "active": False}
    await api.ask("PUT", f"{KINDS}/record_type/Deal.Renewal", renamed)
    text = {"q": "SELECT RecordType.DeveloperName FROM Deal WHERE name = 'Still'"}
    [row] = (await api.post("/api/query", text, status=200))["records"]
    await other.refused("GET", f"{KINDS}/record_type/Deal.Renewal", status=404)

    removal = {"remove": [{"kind": "record_type", "name": "Deal.Second_Time"}]}
    planned = await api.post("/api/metadata/plan", removal, status=200)
    await api.refused(
        "POST", "/api/metadata/apply", {**removal, "digest": planned["digest"]}, status=422
    )
    confirmed = {**removal, "digest": planned["digest"], "confirm": planned["confirm"]}
    applied = await api.post("/api/metadata/apply", confirmed, status=200)
    await api.patch(f"/deals/{made['id']}", {"stage": "Lead"})
    await api.post(f"/api/metadata/undo/{applied['version']}", {}, status=200)
    [back] = (await api.post("/api/query", text, status=200))["records"]

    assert [one["message"] for one in planned["impact"]] == [
        "1 Deal would have no record type any more."
    ]
    assert back["RecordType.DeveloperName"] == "Second_Time"
    assert problem["code"] == "value.invalid"
    assert row["RecordType.DeveloperName"] == "Second_Time"
    assert (await other.get("/api/objects/Deal"))["record_types"] == []
