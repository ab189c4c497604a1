"""Branches: tenants to try things in, compared with their parent and merged either way."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.support.app import Api, client_of
from tests.support.pages import Browser

ADDRESS = "/api/branches"
TRIAL = "default--trial"
SIZE = {"kind": "field", "name": "Deal.size__c", "type": "number"}


async def change(api: Api, **said: Any) -> None:
    plan = await api.post("/api/metadata/plan", said, status=200)
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    await api.post("/api/metadata/apply", {**said, **agreed}, status=200)


async def merged(api: Api, **said: Any) -> Any:
    plan = await api.post(f"{ADDRESS}/trial/plan", said, status=200)
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    await api.post(f"{ADDRESS}/trial/merge", {**said, **agreed}, status=200)
    return plan


async def labels(api: Api, name: str) -> dict[str, str]:
    found = await api.get(f"/api/objects/{name}")
    return {one["name"]: one["label"] for one in found["fields"]}


@pytest.fixture
async def parent(api: Api) -> Api:
    """A tenant with an object of its own, some records, and a branch."""
    await api.post("/api/objects/Deal/fields", {"name": "note__c", "type": "text"})
    company = await api.post("/api/records/Company", {"name": "Secret Works", "industry": "Energy"})
    contact = {"first_name": "Ada", "last_name": "Hidden", "email": "ada@secret.example"}
    who = await api.post("/api/records/Contact", {**contact, "phone": "+49 30 1234567"})
    sort = {"name": "Deal.Again", "object": "Deal", "label": "Again"}
    await api.post("/api/metadata/components/record_type", sort)
    deal = {
        "name": "Hush",
        "record_type": "Again",
        "company": company["id"],
        "contact": who["id"],
        "value": 7,
    }
    await api.post("/api/records/Deal", {**deal, "note__c": "Nobody may know"})
    route = {"name": "Route", "label": "Route", "holds": "metadata"}
    await api.post("/api/objects", route)
    north = {"name": "Route__c.North", "object": "Route__c", "label": "North"}
    await api.post("/api/metadata/components/metadata_record", north)
    made = await api.post(ADDRESS, {"name": "trial", "samples": 10})
    assert (made["tenant"], made["invitation"]) == (TRIAL, None)
    return api


@pytest.fixture
async def trial(app: Starlette, parent: Api) -> Any:
    """A client of the branch."""
    async with client_of(app, TRIAL) as client:
        yield client


async def test_a_branch_has_the_metadata_and_masked_records_that_belong_together(
    parent: Api, trial: Api
) -> None:
    asked = {
        "q": "SELECT name, value, company.name, company.industry, contact.email, note__c,"
        " RecordType.Name FROM Deal"
    }

    (deal,) = (await trial.post("/api/query", asked, status=200))["records"]
    compared = await parent.get(f"{ADDRESS}/trial")

    assert (deal["value"], deal["RecordType.Name"]) == (7, "Again")
    assert deal["company"]["industry"] == "Energy"
    assert deal["contact"]["email"].endswith("@example.com")
    told = json.dumps(deal)
    assert not any(word in told for word in ("Hush", "Secret", "secret", "Nobody"))
    for name in ("Company", "Contact", "Deal"):
        every = await trial.get(f"/api/records/{name}")
        assert "ecret" not in json.dumps(every)
        assert "Hidden" not in json.dumps(every)
    assert (compared["changes"], compared["since"]) == ([], [])
    declared = (await trial.get("/api/records/Route__c"))["records"]
    assert [one["developer_name"] for one in declared] == ["North"]


async def test_what_both_sides_changed_comes_together(parent: Api, trial: Api) -> None:
    rename = {"kind": "field", "name": "Deal.note__c", "to": "Deal.remark__c"}
    rule = {
        "kind": "validation_rule",
        "name": "Deal.has_size",
        "object": "Deal",
        "condition": "size__c < 0",
        "message": "No.",
    }
    await change(trial, components=[SIZE, rule], rename=[rename])
    await change(parent, components=[{"kind": "object", "name": "Ours__c", "label": "Ours"}])
    compared = await parent.get(f"{ADDRESS}/trial")
    assert len(compared["changes"]) == 3
    assert [one["name"] for one in compared["since"]] == ["Ours__c"]

    plan = await merged(parent)
    again = await parent.post(f"{ADDRESS}/trial/plan", {}, status=200)

    assert plan["conflicts"] == []
    fields = await labels(parent, "Deal")
    assert {"remark__c", "size__c"} <= fields.keys()
    assert "note__c" not in fields
    asked = {"q": "SELECT remark__c FROM Deal"}
    (deal,) = (await parent.post("/api/query", asked, status=200))["records"]
    assert deal["remark__c"] == "Nobody may know"
    assert again["changes"] == []

    await change(trial, components=[{**SIZE, "label": "Width"}])
    await merged(parent, into="branch")
    assert "Ours__c" in [one["name"] for one in (await trial.get("/api/objects"))["objects"]]
    compared = await parent.get(f"{ADDRESS}/trial")
    assert ([one["name"] for one in compared["changes"]], compared["since"]) == ([SIZE["name"]], [])
    await merged(parent)
    assert (await labels(parent, "Deal"))["size__c"] == "Width"


async def test_what_both_changed_otherwise_waits_for_a_choice(parent: Api, trial: Api) -> None:
    note = {"kind": "field", "name": "Deal.note__c", "type": "text"}
    await change(trial, components=[{**note, "label": "Theirs", "help": "Both"}])
    await change(parent, components=[{**note, "label": "Ours"}])

    plan = await parent.post(f"{ADDRESS}/trial/plan", {}, status=200)
    refused = await parent.http.post(f"{ADDRESS}/trial/merge", json={"digest": plan["digest"]})
    (conflict,) = plan["conflicts"]
    await merged(parent, choices={conflict["key"]: "theirs"})

    newest = (await parent.get("/api/metadata/changes"))["changes"][0]["version"]
    await parent.post(f"/api/metadata/undo/{newest}", {}, status=200)
    undone = (await labels(parent, "Deal"))["note__c"]
    await merged(parent, choices={conflict["key"]: "theirs"})

    assert undone == "Ours"
    assert (conflict["theirs"], conflict["ours"]) == ("Theirs", "Ours")
    assert refused.json()["errors"][0]["code"] == "branch.conflicts"
    assert (await labels(parent, "Deal"))["note__c"] == "Theirs"


async def test_branches_are_their_parents_alone_and_go_for_good(parent: Api, other: Api) -> None:
    assert (await other.get(ADDRESS))["branches"] == []
    await other.get(f"{ADDRESS}/trial", status=404)
    again = await parent.http.post(ADDRESS, json={"name": "trial"})
    odd = await parent.http.post(ADDRESS, json={"name": "Not a name"})

    gone = await parent.delete(f"{ADDRESS}/trial", status=202)

    assert again.json()["errors"][0]["code"] == "branch.exists"
    assert odd.json()["errors"][0]["code"] == "branch.bad_name"
    assert gone["job"]
    assert (await parent.get(ADDRESS))["branches"] == []


async def test_a_branch_has_no_branches(trial: Api) -> None:
    refused = await trial.http.post(ADDRESS, json={"name": "twig"})

    assert refused.json()["errors"][0]["code"] == "branch.nested"


async def test_pages_show_what_is_different_and_merge_once_everything_is_chosen(
    parent: Api, trial: Api
) -> None:
    note = {"kind": "field", "name": "Deal.note__c", "type": "text"}
    await change(trial, components=[{**note, "label": "Theirs"}, SIZE])
    await change(parent, components=[{**note, "label": "Ours"}])
    browser, address = Browser(parent.http), "/admin/branches/trial"
    choice = {"choice:field:Deal.note__c#/label": "theirs"}

    page = await browser.open(address)
    asked = {**inputs(page), **choice}
    chosen = await parent.http.post(address, data={**asked, "do": "choose"})
    agreed = {**inputs(chosen.text), **choice, "do": "merge"}
    done = await parent.http.post(address, data=agreed)
    unsure = await parent.http.post(address, data={**agreed, "do": "delete", "sure": "no"})
    gone = await parent.http.post(address, data={**agreed, "do": "delete", "sure": "trial"})

    assert "There is no branch yet" in await browser.open("/admin/branches")
    assert 'name="do" value="merge"' not in page
    assert 'name="do" value="merge"' in chosen.text
    assert (done.status_code, unsure.status_code, gone.status_code) == (303, 422, 303)
    assert {"size__c", "note__c"} <= (await labels(parent, "Deal")).keys()
    assert (await labels(parent, "Deal"))["note__c"] == "Theirs"


def inputs(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
