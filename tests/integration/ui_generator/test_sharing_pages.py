"""The pages of roles, teams, sharing and shares: what is typed holds, and is told beforehand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette

from tests.integration.platform.test_identity import a_browser, claimed, joined
from tests.integration.ui_generator.test_permission_pages import sent
from tests.support.app import Api


@dataclass(frozen=True)
class House:
    """Ada administers; Ben is a member with a deal of his own."""

    ada: Api
    ben: Api
    ben_id: str
    deal: str


@pytest.fixture
async def house(app: Starlette, api: Api) -> AsyncIterator[House]:
    """A tenant of two people, one deal of Ben's and one of Ada's."""
    await claimed(api)
    async with a_browser(app) as ben:
        ben_id = (await joined(app, api, ben))["id"]
        await ben.post("/deals", {"name": "Ben's deal"})
        made = await api.post("/deals", {"name": "Ada's deal"})
        yield House(api, ben, ben_id, made["id"])


async def shown(api: Api, path: str, status: int = 200) -> str:
    """Give the text of a page."""
    answer = await api.http.get(path)
    assert answer.status_code == status, answer.text[:2000]
    return str(answer.text)


async def test_roles_are_made_moved_given_and_deleted(house: House) -> None:
    ada = house.ada
    await sent(ada, "/admin/roles", {"label": "Head of sales"})
    await sent(ada, "/admin/roles", {"label": "Seller", "parent": "Head_Of_Sales"})
    twice = await sent(ada, "/admin/roles", {"label": "Seller"}, 422)
    await sent(ada, "/admin/roles/Seller/people", {"owner": house.ben_id, "do": "give"})
    tree, role = await shown(ada, "/admin/roles"), await shown(ada, "/admin/roles/Seller")
    flat = {"label": "Sellers", "parent": "", "description": "They sell."}
    await sent(ada, "/admin/roles/Seller", flat)
    after = await ada.get("/api/roles")
    await sent(ada, "/admin/roles/Seller/people", {"owner": house.ben_id, "do": "take"})
    await sent(ada, "/admin/roles/Seller", {"do": "delete"})

    assert "already" in twice
    assert "fs-depth-1" in tree
    assert house.ben_id in role
    assert [(one["label"], one["depth"], one["people"]) for one in after["roles"]] == [
        ("Head of sales", 0, 0),
        ("Sellers", 0, 1),
    ]
    assert [one["name"] for one in (await ada.get("/api/roles"))["roles"]] == ["Head_Of_Sales"]
    assert (await house.ben.http.get("/admin/roles")).status_code == 403


async def test_sharing_is_told_before_it_is_saved(house: House) -> None:
    ada = house.ada
    told = await sent(ada, "/admin/sharing", {"s:Deal": "private", "do": "preview"}, 200)
    before = await house.ben.get("/deals")
    await sent(ada, "/admin/sharing", {"s:Deal": "private", "do": "save"})
    after = await house.ben.get("/deals")
    same = await sent(ada, "/admin/sharing", {"s:Deal": "private", "do": "preview"}, 200)

    assert "1 person would no longer see 1 Deal." in told
    assert (len(before["data"]), len(after["data"])) == (2, 1)
    assert "Nobody would gain or lose anything." in same


async def test_a_rule_is_previewed_saved_changed_and_deleted(house: House) -> None:
    ada = house.ada
    await ada.patch("/api/objects/Deal", {"sharing": "private"})
    rule = {
        "label": "Ada's for all",
        "object": "Deal",
        "where": "name = 'Ada\\'s deal'",
        "whom_listed": "everyone",
        "access": "read",
        "active": "on",
    }
    path = "/admin/sharing/rules"
    told = await sent(ada, f"{path}/new", {**rule, "do": "preview"}, 200)
    await sent(ada, f"{path}/new", {**rule, "do": "save"})
    seen = await house.ben.get("/deals")
    listed = await shown(ada, "/admin/sharing")
    form = await shown(ada, f"{path}/Ada_S_For_All")
    both = {**rule, "whom_team": "Partners", "do": "save"}
    refused = await sent(ada, f"{path}/Ada_S_For_All", both, 422)
    deleting = await sent(ada, f"{path}/Ada_S_For_All", {"do": "preview_delete"}, 200)
    await sent(ada, f"{path}/Ada_S_For_All", {**rule, "access": "edit", "do": "save"})
    await house.ben.patch(f"/deals/{house.deal}", {"name": "Ours"}, status=200)
    await sent(ada, f"{path}/Ada_S_For_All", {"do": "delete"})

    assert "1 person would newly see 1 Deal." in told
    assert len(seen["data"]) == 2
    assert "everyone" in listed
    assert "name = &#39;Ada\\&#39;s deal&#39;" in form
    assert "a role or a team, not both" in refused
    assert "1 person would no longer see 1 Deal." in deleting
    assert len((await house.ben.get("/deals"))["data"]) == 1
    await shown(ada, f"{path}/Ada_S_For_All", 404)


async def test_teams_are_made_filled_and_emptied(house: House) -> None:
    ada = house.ada
    await ada.patch("/api/objects/Deal", {"sharing": "private"})
    await sent(ada, "/admin/teams", {"name": "Partners"})
    await sent(ada, "/admin/teams", {"name": "North", "within": "Partners"})
    [north, partners] = (await ada.get("/api/teams"))["teams"]
    said = {"with": {"team": partners["id"]}}
    await ada.post(f"/api/records/Deal/{house.deal}/shares", said)
    path = f"/admin/teams/{north['id']}"
    put = {"owner.typed": "ben@acme.example"}
    told = await sent(ada, f"{path}/people", {**put, "do": "preview"}, 200)
    await sent(ada, f"{path}/people", {**put, "do": "add"})
    seen = await house.ben.get("/deals")
    apart = await sent(ada, path, {"name": "North", "within": "", "do": "preview"}, 200)
    nobody = await sent(ada, f"{path}/people", {"owner.typed": "x@y.example", "do": "add"}, 422)
    await sent(ada, f"{path}/people", {"owner": house.ben_id, "do": "remove"})
    await sent(ada, path, {"do": "delete"})

    assert north["parent"] == partners["id"]
    assert "1 person would newly see 1 Deal." in told
    assert len(seen["data"]) == 2
    assert "1 person would no longer see 1 Deal." in apart
    assert "There is no such person" in nobody
    assert [one["name"] for one in (await ada.get("/api/teams"))["teams"]] == ["Partners"]


async def test_a_record_is_shared_on_its_page_and_explained(house: House) -> None:
    ada, deal = house.ada, f"/admin/Deal/{house.deal}"
    open_page = await shown(ada, deal)
    await ada.patch("/api/objects/Deal", {"sharing": "private"})
    share = {"owner": house.ben_id, "access": "edit", "reason": "Helps out"}
    why = f"{deal}/share?why=ben@acme.example"
    before = await shown(ada, why)
    none = await sent(ada, f"{deal}/share", {}, 422)
    await sent(ada, f"{deal}/share", share)
    listed, after = await shown(ada, f"{deal}/share"), await shown(ada, why)
    his = await shown(house.ben, f"{deal}/share")
    await sent(ada, f"{deal}/share/end", {"with": house.ben_id})

    assert f"{deal}/share" not in open_page
    assert f"{deal}/share" in await shown(ada, deal)
    assert "Does not see it." in before
    assert "Name one person, team or role" in none
    assert "Helps out" in listed
    assert "Changes it." in after
    assert "Who sees it, and why?" not in his
    await shown(house.ben, f"{deal}/share", 404)


async def test_a_person_gets_a_role_and_records_are_explained(house: House) -> None:
    ada = house.ada
    await ada.patch("/api/objects/Deal", {"sharing": "private"})
    await sent(ada, "/admin/roles", {"label": "Boss"})
    path = f"/admin/permissions/people/{house.ben_id}"
    why = await shown(ada, f"{path}?why={house.deal}")
    told = await sent(ada, f"{path}/role", {"role": "Boss", "do": "preview"}, 200)
    await sent(ada, f"{path}/role", {"role": "Boss", "do": "save"})

    assert "Deals are private" in why
    assert "Nobody would gain or lose anything." in told
    assert (await ada.get(f"/api/people/{house.ben_id}/role"))["role"] == "Boss"


async def test_nobody_of_another_tenant_finds_anything(house: House, other: Api) -> None:
    await sent(house.ada, "/admin/roles", {"label": "Secret role"})
    await sent(house.ada, "/admin/teams", {"name": "Secret team"})
    [team] = (await house.ada.get("/api/teams"))["teams"]

    for path in ("/admin/roles", "/admin/teams", "/admin/sharing", "/admin/sharing/rules/new"):
        assert "Secret" not in await shown(other, path)
    for path in ("/admin/roles/Secret_Role", f"/admin/teams/{team['id']}"):
        await shown(other, path, 404)
    await shown(other, f"/admin/Deal/{house.deal}/share", 404)
