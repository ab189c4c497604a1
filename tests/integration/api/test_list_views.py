"""Views of lists: kept for oneself or shared, they show what the viewer may see and no more."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.support.app import Api, client_of
from tests.support.pages import Browser, browser_of

PASSWORD = "correct horse battery"
VIEWS = "/api/objects/Deal/views"
WON = {"field": "stage", "op": "=", "value": "Closed Won"}
NAMED = {"label": "Won", "columns": ["name", "company.name"], "where": "stage = 'Closed Won'"}
SALES: dict[str, Any] = {
    "name": "Sales",
    "label": "Sales",
    "objects": {"Deal": ["create", "read", "edit"]},
    "fields": {"Deal.name": "edit", "Deal.stage": "read"},
    "actions": ["api"],
}


@pytest.fixture
async def ben(app: Starlette, api: Api) -> AsyncIterator[Api]:
    """A member who sees name and stage of deals, beside the administrator."""
    await api.post("/api/claim", {"email": "ada@acme.example", "password": PASSWORD})
    await api.post("/api/metadata/components/permission_set", SALES)
    told = await api.post("/api/people", {"email": "ben@acme.example", "name": "Ben"})
    path = f"/api/people/{told['id']}/permission-sets"
    await api.ask("DELETE", f"{path}/Standard_User", status=204)
    await api.ask("PUT", f"{path}/Sales")
    async with client_of(app) as ben:
        said = {"token": told["invitation"], "password": PASSWORD}
        await ben.post("/api/welcome", said, status=200)
        yield ben


async def names_in(api: Api, path: str = VIEWS) -> list[str]:
    return [one["label"] for one in (await api.get(path))["views"]]


async def test_view_gives_its_records_with_columns_of_parents(api: Api, other: Api) -> None:
    company = await api.post("/companies", {"name": "Acme"})
    for name, stage in (("A", "Closed Won"), ("B", "Proposal"), ("C", "Closed Won")):
        await api.post("/deals", {"name": name, "stage": stage, "company": company["id"]})
    sort = [{"path": "name", "descending": True}]
    view = await api.post(VIEWS, {**NAMED, "sort": sort})
    records = f"{VIEWS}/{view['name']}/records"

    first = await api.get(f"{records}?limit=1")
    second = await api.get(f"{records}?limit=1&cursor={first['next']}")
    asked = await api.post("/api/query", {"q": view["query"]}, status=200)

    assert [one["name"] for one in (*first["records"], *second["records"])] == ["C", "A"]
    assert first["records"][0]["company"]["name"] == "Acme"
    assert asked["records"] == [*first["records"], *second["records"]]
    assert second["next"] is None
    assert await names_in(other) == []
    await other.get(f"{VIEWS}/{view['name']}", status=404)


async def test_own_view_is_changed_and_deleted_by_its_owner_alone(api: Api, ben: Api) -> None:
    view = await ben.post(VIEWS, {"label": "Mine", "columns": ["name"], "scope": "mine"})
    address = f"{VIEWS}/{view['name']}"

    await api.get(address, status=404)
    await api.patch(address, {"label": "Hers"}, status=404)
    changed = await ben.patch(address, {"label": "My own", "where": "stage = 'Proposal'"})
    told = await ben.refused("PATCH", address, {"where": "value > 5"}, status=422)

    assert (changed["label"], changed["scope"]) == ("My own", "mine")
    assert told[0]["code"] == "query.unknown_field"
    await ben.delete(address, status=204)
    assert await names_in(ben) == []


async def test_shared_view_is_offered_to_those_who_may_read_what_decides(
    api: Api, ben: Api
) -> None:
    shared = {"personal": False, "columns": ["name", "value", "stage"]}
    sales = {**shared, "label": "Sales", "permission_sets": ["Sales"]}
    await api.post(VIEWS, {**sales, "sort": [{"path": "value"}]})
    await api.post(VIEWS, {**shared, "label": "Large", "where": "value > 5"})
    await api.post(VIEWS, {**shared, "label": "Readers", "permission_sets": ["Read_Only"]})

    told = await ben.get(VIEWS)
    refused = await ben.send("POST", VIEWS, json={**shared, "label": "By Ben"})

    [view] = told["views"]
    assert (view["label"], view["columns"], view["sort"]) == ("Sales", ["name", "stage"], [])
    assert "permission_sets" not in view
    await ben.get(f"{VIEWS}/Sales/records")
    await ben.get(f"{VIEWS}/Large/records", status=404)
    assert refused.status_code == 403
    assert await names_in(api) == ["Large", "Readers", "Sales"]


async def test_own_views_follow_renames(api: Api) -> None:
    said = {"columns": ["close_date"], "sort": [{"path": "close_date"}]}
    made = await api.post(VIEWS, {"label": "Soon", "where": "close_date = TODAY", **said})
    change = {
        "rename": [
            {"kind": "field", "name": "Deal.close_date", "to": "Deal.decided_on"},
            {"kind": "object", "name": "Deal", "to": "Sale"},
        ]
    }
    plan = await api.post("/api/metadata/plan", change, status=200)
    await api.post("/api/metadata/apply", {**change, "digest": plan["digest"]}, status=200)

    view = await api.get(f"/api/objects/Sale/views/{made['name']}")

    assert view["where"] == "decided_on = TODAY"
    assert (view["columns"], view["sort"][0]["path"]) == (["decided_on"], "decided_on")


async def test_what_is_looked_at_is_saved_and_opened_again(app: Starlette, api: Api) -> None:
    await api.post("/deals", {"name": "Alpha", "stage": "Proposal"})
    await api.post("/deals", {"name": "Beta", "stage": "Closed Won"})
    async with browser_of(app) as browser:
        looked_at = {"f": "stage:is:Proposal", "sort": "-name", "columns": "stage"}
        for_all = {**looked_at, "label": "Proposals", "whom": "everybody", "do": "create"}
        saved = await _saved(browser, for_all)
        page = await browser.open(saved)
        changed = {"view": "Proposals", "f": "stage:is:Closed Won", "do": "save"}
        await _saved(browser, changed)
        again = await browser.open(saved)

    assert saved == "/admin/Deal?view=Proposals"
    assert "Alpha" in page
    assert "Beta" not in page
    assert "Beta" in again
    assert "Reset" not in again


async def _saved(browser: Browser, values: dict[str, str]) -> str:
    answer = await browser.send("/admin/Deal/_views", values, form="/admin/Deal")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_saving_a_shared_view_keeps_what_was_declared_of_it(api: Api) -> None:
    words = {"name": "de.Deal", "language": "de", "object": "Deal", "list_views": {"Won": "Erfolg"}}
    declared = {
        "name": "Deal.Won",
        "object": "Deal",
        **NAMED,
        "where": WON,
    }
    await api.post("/api/metadata/components/list_view", declared)
    await api.post("/api/metadata/components/translation", words)
    await api.patch("/api/organization", {"language": "de"})

    shown = await api.patch(f"{VIEWS}/Won", {"scope": "mine"})

    component = await api.get("/api/metadata/components/list_view/Deal.Won")
    assert shown["label"] == "Erfolg"
    assert component == {**declared, "package": None, "scope": "mine"}


async def test_conditions_and_defaults_that_cannot_be_read_are_refused_when_they_are_declared(
    api: Api,
) -> None:
    view = {"name": "Deal.Odd", "object": "Deal", "label": "Odd", "where": "stge = 'Won'"}
    action: dict[str, Any] = {"name": "Deal.Call", "object": "Deal", "label": "Call"}
    action |= {"target": "Task", "fields": ["subject"], "defaults": {"subject": "LEFT(nme, 3)"}}

    [of_view] = await api.refused(
        "POST", "/api/metadata/components/list_view", json.dumps(view), status=422
    )
    [of_action] = await api.refused(
        "POST", "/api/metadata/components/quick_action", json.dumps(action), status=422
    )
    await api.post("/api/objects/Deal/fields", {"name": "size__c", "type": "number"})
    right = {**view, "where": "size__c > 5"}
    await api.post("/api/metadata/components/list_view", right)
    [of_field] = await api.refused("DELETE", "/api/objects/Deal/fields/size__c", status=422)

    assert "where of Deal.Odd would be wrong" in of_view["message"]
    assert "defaults of Deal.Call would be wrong" in of_action["message"]
    assert "where of Deal.Odd would be wrong" in of_field["message"]
