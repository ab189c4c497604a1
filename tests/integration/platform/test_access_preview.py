"""What a change of access would take and give is told before it is made, to those who may know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.integration.platform.test_identity import a_browser, claimed, joined
from tests.support.app import Api

PATH = "/api/access/preview"
PRIVATE = {"components": [{"kind": "object", "name": "Deal", "sharing": "private"}]}


@dataclass(frozen=True)
class Sales:
    """Ada administers; Ben and Cleo are members. Ben owns one deal, Ada two."""

    ada: Api
    ben: Api
    ben_id: str
    cleo_id: str


@pytest.fixture
async def sales(app: Starlette, api: Api) -> AsyncIterator[Sales]:
    """A tenant of three people and three deals that all of them see."""
    await claimed(api)
    async with a_browser(app) as ben, a_browser(app) as cleo:
        ben_id = (await joined(app, api, ben))["id"]
        cleo_id = (await joined(app, api, cleo, email="cleo@acme.example"))["id"]
        await ben.post("/deals", {"name": "Ben's"})
        for name in ("First", "Second"):
            await api.post("/deals", {"name": name})
        for name, parent in (("Boss", None), ("Seller", "Boss")):
            said = {"name": name, "label": name, "parent": parent}
            await api.post("/api/metadata/components/role", said)
        yield Sales(api, ben, ben_id, cleo_id)


async def told(api: Api, said: dict[str, Any]) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    """Give by object and right who would lose how many records, and gain."""
    found = await api.post(PATH, said, status=200)
    return {
        (one["object"], one["right"]): (
            one["people_lose"],
            one["records_lost"],
            one["people_gain"],
            one["records_gained"],
        )
        for one in found["records"]
    }


async def test_a_closed_default_tells_who_loses_how_many(sales: Sales) -> None:
    found = await sales.ada.post(PATH, PRIVATE, status=200)
    still = await sales.ben.get("/deals")

    assert found["affected"] == 2
    assert "2 people would no longer see 3 Deals." in found["words"]
    assert "2 people would no longer change 3 Deals." in found["words"]
    assert len(still["data"]) == 3


async def test_roles_teams_and_rules_are_counted_together(sales: Sales) -> None:
    ada = sales.ada
    await ada.patch("/api/objects/Deal", {"sharing": "private"})
    await ada.ask("PUT", f"/api/people/{sales.ben_id}/role", {"role": "Seller"})
    team = await ada.post("/api/teams", {"name": "Partners"})
    above = {"people": [{"user": "cleo@acme.example", "role": "Boss"}]}
    rule = {
        "kind": "sharing_rule",
        "name": "First_ones",
        "object": "Deal",
        "where": "name = 'First'",
        "share_with": {"team": team["id"]},
    }
    teams = [{"team": "Partners", "add": [sales.ben_id, sales.cleo_id]}]

    assert await told(ada, above) == {
        ("Deal", "read"): (0, 0, 1, 1),
        ("Deal", "edit"): (0, 0, 1, 1),
    }
    assert await told(ada, {"components": [rule]}) == {}
    assert await told(ada, {"components": [rule], "teams": teams}) == {
        ("Deal", "read"): (0, 0, 2, 1)
    }
    await ada.ask("PUT", f"/api/people/{sales.cleo_id}/role", {"role": "Boss"})
    flat = {"components": [{"kind": "role", "name": "Seller", "parent": None}]}
    assert (await told(ada, flat))["Deal", "read"] == (1, 1, 0, 0)
    gone = {"people": [{"user": sales.cleo_id, "role": None}]}
    assert (await told(ada, gone))["Deal", "read"] == (1, 1, 0, 0)
    assert (await ada.get(f"/api/people/{sales.cleo_id}/role"))["role"] == "Boss"


async def test_a_set_that_is_taken_takes_records(sales: Sales) -> None:
    said = {"people": [{"user": sales.ben_id, "take": ["Standard_User"]}]}
    found = await sales.ada.post(PATH, said, status=200)

    assert found["affected"] == 1
    assert "1 person would no longer see 3 Deals." in found["words"]
    assert "1 person would lose read on Deal." in found["words"]


async def test_only_administrators_ask_and_only_they_are_told_of_records(sales: Sales) -> None:
    said = {"label": "Managers", "setup": ["permissions"], "all_objects": ["read", "edit"]}
    await sales.ada.post("/api/metadata/components/permission_set", {"name": "Managers", **said})
    await sales.ben.refused("POST", PATH, PRIVATE, status=403)
    await sales.ada.ask("PUT", f"/api/people/{sales.ben_id}/permission-sets/Managers")
    people = {"people": [{"user": sales.cleo_id, "role": "Boss"}]}
    await sales.ben.refused("POST", PATH, PRIVATE, status=403)
    await sales.ben.refused("POST", PATH, people, status=403)
    changed = {"components": [{"kind": "permission_set", "name": "Read_Only", "label": "Looks"}]}

    assert (await sales.ben.post(PATH, changed, status=200))["records"] is None
    assert (await sales.ada.post(PATH, changed, status=200))["records"] == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "access.bad_proposal"),
        ({"roles": []}, "access.bad_proposal"),
        ({"components": [{"kind": "field", "name": "Deal.name"}]}, "access.bad_proposal"),
        ({"components": [{"kind": "object", "name": "Dael"}]}, "access.bad_proposal"),
        ({"removals": [{"kind": "role", "name": "Nobody"}]}, "access.bad_proposal"),
        ({"people": [{"user": 5}]}, "access.bad_proposal"),
        ({"people": [{"user": "user_1", "give": ["Standard_User"]}]}, "access.unknown_person"),
        ({"teams": [{"team": "Nobody"}]}, "team.unknown"),
    ],
)
async def test_what_cannot_be_is_refused(api: Api, said: dict[str, Any], code: str) -> None:
    answer = await api.send("POST", PATH, said)

    assert answer.status_code in (404, 422)
    assert answer.json()["errors"][0]["code"] == code


async def test_roles_are_listed_from_the_top_with_their_people(sales: Sales, other: Api) -> None:
    await sales.ada.ask("PUT", "/api/people/ben@acme.example/role", {"role": "Seller"})
    listed = await sales.ada.get("/api/roles")
    first = await sales.ada.get("/api/roles?limit=1")
    people = await sales.ada.get("/api/roles/Seller/people")

    assert [(one["name"], one["depth"], one["people"]) for one in listed["roles"]] == [
        ("Boss", 0, 0),
        ("Seller", 1, 1),
    ]
    assert (len(first["roles"]), first["next"]) == (1, "1")
    assert [one["id"] for one in people["people"]] == [sales.ben_id]
    assert (await other.get("/api/roles"))["roles"] == []
    await other.refused("GET", "/api/roles/Seller/people", status=404)
    await sales.ben.refused("GET", "/api/roles", status=403)


async def test_a_record_and_a_field_of_it_are_explained(sales: Sales) -> None:
    await sales.ada.patch("/api/objects/Deal", {"sharing": "private"})
    mine = (await sales.ben.get("/deals"))["data"][0]["id"]
    path = "/api/access/explain"
    own = await sales.ben.get(f"{path}?record={mine}&field=value")
    hers = await sales.ada.get(f"{path}?record={mine}&user=cleo@acme.example")

    assert [one["allowed"] for one in own["reasons"]] == [True, True]
    assert own["reasons"][0]["words"].endswith(
        "owns it. The permission set Standard user allows it."
    )
    assert [one["allowed"] for one in hers["reasons"]] == [False, False]
    assert "Deals are private" in hers["reasons"][0]["words"]
    await sales.ben.refused("GET", f"{path}?record=deal_1", status=404)
    await sales.ben.refused("GET", f"{path}?record={mine}&user={sales.cleo_id}", status=403)
