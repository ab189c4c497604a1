"""Territories through the API: rules give records, their people see them, nobody else does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from fieldstone.ids import parse_id
from fieldstone.runtime.access import assigning, foreseeing
from fieldstone.runtime.storage.purge import request_purge
from tests.integration.platform.test_identity import a_browser, claimed, joined
from tests.integration.ui_generator.test_permission_pages import sent
from tests.support.app import Api, owner_connection
from tests.support.imports import Desk

COMPONENTS = "/api/metadata/components"
AWAITED = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 7203 AND NOT granted"""


@dataclass(frozen=True)
class Market:
    """Ada administers, Ben works in the north, Cora in all of Germany; companies are private."""

    desk: Desk
    ben: Api
    cora: Api
    ben_id: str

    async def work(self) -> None:
        """Run the jobs that wait."""
        page = await self.desk.api.get("/api/jobs?limit=50")
        for one in page["jobs"]:
            if one["state"] == "waiting":
                await self.desk.run(one["id"])

    async def company(self, name: str, industry: str) -> str:
        """Make a company, and let rules have it."""
        said = {"name": name, "domain": f"{name.lower()}.example", "industry": industry}
        made = await self.desk.api.post("/companies", said)
        await self.work()
        return str(made["id"])


async def _declare(api: Api, kind: str, name: str, **body: Any) -> None:
    await api.post(f"{COMPONENTS}/{kind}", {"name": name, **body})


@pytest.fixture
def two_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have two records of an object looked at, both at once."""
    monkeypatch.setattr(assigning, "AT_ONCE", 2)
    monkeypatch.setattr(foreseeing, "AT_ONCE", 2)
    monkeypatch.setattr(foreseeing, "MOST_LOOKED", 2)


@pytest.fixture
async def market(desk: Desk) -> AsyncIterator[Market]:
    """A tenant with two territories, one within the other."""
    api = desk.api
    await claimed(api)
    await api.patch("/api/objects/Company", {"sharing": "private"})
    await api.patch("/api/objects/Deal", {"sharing": "private"})
    await _declare(api, "territory", "Germany", label="Germany")
    await _declare(
        api, "territory", "North", label="North", parent="Germany", capacity={"Company": 2}
    )
    await _declare(api, "territory", "South", label="South", parent="Germany")
    async with a_browser(desk.app) as ben, a_browser(desk.app) as cora:
        told = await joined(desk.app, api, ben)
        other = await joined(desk.app, api, cora, email="cora@example.com", name="Cora")
        await api.post("/api/territories/North/people", {"users": [told["id"]]}, status=200)
        await api.post("/api/territories/Germany/people", {"users": [other["id"]]}, status=200)
        await _declare(
            api,
            "territory_rule",
            "Energy",
            object="Company",
            territory="North",
            where="industry = 'Energy'",
            along=["Deal"],
            order=1,
        )
        await _declare(
            api,
            "territory_rule",
            "Overflow",
            object="Company",
            territory="South",
            where="industry = 'Energy'",
            order=2,
        )
        yield Market(desk, ben, cora, told["id"])


async def test_people_of_a_territory_and_around_it_see_what_its_rules_give(market: Market) -> None:
    given = await market.company("Watt", "Energy")
    await market.company("Bank", "Banking")
    deal = {"name": "Turbines", "company": given}
    await market.desk.api.post("/deals", deal)

    for api in (market.ben, market.cora):
        assert [one["name"] for one in (await api.get("/companies"))["data"]] == ["Watt"]
        assert [one["name"] for one in (await api.get("/deals"))["data"]] == ["Turbines"]
    asked = "/api/query?q=SELECT name FROM {} USING SCOPE {}"
    scopes = (("my_territory", 1, 0), ("my_team_territory", 1, 1), ("delegated", 0, 0))
    for scope, bens, coras in scopes:
        for obj in ("Company", "Deal"):
            for api, expected in ((market.ben, bens), (market.cora, coras)):
                page = await api.get(asked.format(obj, scope))
                assert len(page["records"]) == expected, (scope, obj)
    await market.desk.api.post("/deals", {"name": "Blades", "owner": market.ben_id})
    page = await market.desk.api.get(asked.format("Deal", "delegated"))
    assert [one["name"] for one in page["records"]] == ["Blades"]


async def test_a_full_territory_leaves_records_to_the_next(market: Market) -> None:
    for name in ("Watt", "Volt", "Ohm"):
        await market.company(name, "Energy")

    told = (await market.desk.api.get("/api/territories"))["territories"]

    held = {one["name"]: one["records"]["Company"] for one in told}
    assert held == {
        "Germany": {"held": 0, "capacity": None},
        "North": {"held": 2, "capacity": 2},
        "South": {"held": 1, "capacity": None},
    }
    assert [one["depth"] for one in told] == [0, 1, 1]
    seen = [one["name"] for one in (await market.ben.get("/companies?order_by=name"))["data"]]
    assert seen == ["Volt", "Watt"]


async def test_a_changed_record_leaves_its_territory(market: Market) -> None:
    given = await market.company("Watt", "Energy")
    assert len((await market.ben.get("/companies"))["data"]) == 1

    await market.desk.api.patch(f"/companies/{given}", {"industry": "Banking"})
    await market.work()

    assert (await market.ben.get("/companies"))["data"] == []


async def test_a_job_that_waited_for_another_goes_by_what_records_say_by_then(
    market: Market, app_dsn: str
) -> None:
    given = await market.company("Watt", "Energy")
    [job, *_] = (await market.desk.api.post("/api/territories/assign", None, status=202))["jobs"]
    tenant = await market.desk.worker.engine.tenants.ensure_default()

    async with owner_connection(app_dsn) as owner:
        await owner.fetchval("SELECT pg_advisory_lock(7203, $1)", tenant.id)
        run = asyncio.create_task(market.desk.run(job["job"]))
        while not await owner.fetchval(AWAITED):
            assert not run.done()
            await asyncio.sleep(0.01)
        await market.desk.api.patch(f"/companies/{given}", {"industry": "Banking"})
    await run

    assert (await market.ben.get("/companies"))["data"] == []


async def test_a_rule_that_is_removed_takes_what_it_gave(market: Market) -> None:
    await market.company("Watt", "Energy")

    await market.desk.api.delete(f"{COMPONENTS}/territory_rule/Energy", status=204)
    await market.work()

    assert (await market.ben.get("/companies"))["data"] == []
    assert len((await market.cora.get("/companies"))["data"]) == 1


async def test_a_restored_record_goes_where_rules_have_it_by_then(market: Market) -> None:
    given, api = await market.company("Watt", "Energy"), market.desk.api
    await api.delete(f"/companies/{given}")
    await api.delete(f"{COMPONENTS}/territory_rule/Energy", status=204)
    await market.work()

    await api.post(f"/api/records/Company/{given}/restore", None, status=200)
    await market.work()

    told = (await api.get("/api/territories"))["territories"]
    held = {one["name"]: one["records"]["Company"]["held"] for one in told}
    assert held == {"Germany": 0, "North": 0, "South": 1}
    assert (await market.ben.get("/companies"))["data"] == []


async def test_no_territory_keeps_what_lay_in_the_bin_when_the_last_rule_went(
    market: Market,
) -> None:
    given, api = await market.company("Watt", "Energy"), market.desk.api
    await api.delete(f"/companies/{given}")
    for rule in ("Energy", "Overflow"):
        await api.delete(f"{COMPONENTS}/territory_rule/{rule}", status=204)
    await market.work()

    await api.post(f"/api/records/Company/{given}/restore", None, status=200)

    assert (await api.get(f"/api/records/Company/{given}/shares"))["shares"] == []
    assert (await market.cora.get("/companies"))["data"] == []


async def test_what_a_rule_shares_is_told_and_ends_by_no_hand(market: Market) -> None:
    given = await market.company("Watt", "Energy")
    path = f"/api/records/Company/{given}/shares"

    [share] = (await market.desk.api.get(path))["shares"]
    ended = f"{path}/{share['with']['id']}"
    [problem] = await market.desk.api.refused("DELETE", ended, status=409)

    assert share["with"]["kind"] == "territory"
    assert share["with"]["name"] == "North"
    assert problem["code"] == "share.by_rule"


async def test_what_a_rule_shares_is_not_made_less_by_hand(market: Market) -> None:
    given = await market.company("Watt", "Energy")
    path = f"/api/records/Company/{given}/shares"

    said = {"with": {"territory": "North"}, "access": "read"}
    [problem] = await market.desk.api.refused("POST", path, said, status=409)

    [share] = (await market.desk.api.get(path))["shares"]
    assert problem["code"] == "share.by_rule"
    assert share["along"] == ["Deal"]


async def test_rules_follow_what_is_given_by_hand_and_taken_again(market: Market) -> None:
    given = await market.company("Watt", "Energy")
    path = f"/api/records/Company/{given}/shares"

    await market.desk.api.post(path, {"with": {"territory": "South"}})
    await market.work()
    [pinned] = (await market.desk.api.get(path))["shares"]
    await market.desk.api.delete(f"{path}/{pinned['with']['id']}", status=204)
    await market.work()
    [ruled] = (await market.desk.api.get(path))["shares"]

    assert (pinned["with"]["name"], ruled["with"]["name"]) == ("South", "North")


async def test_what_is_given_by_hand_stays_whatever_rules_say(market: Market) -> None:
    given = await market.company("Bank", "Banking")
    said = {"with": {"territory": "North"}}
    await market.desk.api.post(f"/api/records/Company/{given}/shares", said)

    await market.desk.api.post("/api/territories/assign", None, status=202)
    await market.work()

    assert [one["name"] for one in (await market.ben.get("/companies"))["data"]] == ["Bank"]


async def test_a_territory_comes_back_from_the_bin_with_its_people_until_it_is_purged(
    market: Market, app_dsn: str
) -> None:
    api, path = market.desk.api, f"{COMPONENTS}/territory/West"
    given = await market.company("Bank", "Banking")
    await _declare(api, "territory", "West", label="West")
    await api.post("/api/territories/West/people", {"users": [market.ben_id]}, status=200)
    said = {"with": {"territory": "West"}}
    await api.post(f"/api/records/Company/{given}/shares", said)

    await api.delete(path, status=204)
    assert (await market.ben.get("/companies"))["data"] == []
    await api.post(f"{path}/restore", None, status=200)
    assert [one["name"] for one in (await market.ben.get("/companies"))["data"]] == ["Bank"]

    await api.delete(path, status=204)
    tenant = await market.desk.worker.engine.tenants.ensure_default()
    viewer = await market.desk.worker.engine.administrators.get(tenant)
    async with market.desk.worker.engine.database.write(tenant, viewer) as tx:
        number = await request_purge(tx, tx.now + timedelta(days=1), components=True)
    await market.desk.run(number)

    assert (await api.get(f"/api/records/Company/{given}/shares"))["shares"] == []
    async with owner_connection(app_dsn) as owner:
        left = "SELECT count(*) FROM territory_person WHERE user_id = $1"
        assert await owner.fetchval(left, parse_id(market.ben_id)[1]) == 1


async def test_whoever_leaves_a_territory_sees_nothing_of_it(market: Market) -> None:
    await market.company("Watt", "Energy")

    await market.desk.api.delete(f"/api/territories/North/people/{market.ben_id}", status=204)

    assert (await market.ben.get("/companies"))["data"] == []


async def test_territories_are_for_administrators_of_their_tenant(market: Market) -> None:
    for method, path, body in (
        ("GET", "/api/territories", None),
        ("GET", "/api/territories/North/people", None),
        ("POST", "/api/territories/North/people", {"users": [market.ben_id]}),
        ("POST", "/api/territories/assign", None),
    ):
        await market.ben.refused(method, path, body, status=403)
    assert (await market.desk.other.get("/api/territories"))["territories"] == []
    await market.desk.other.get("/api/territories/North/people", status=404)


async def test_a_condition_that_is_none_is_refused(market: Market) -> None:
    said = {"name": "Bad", "object": "Company", "territory": "South", "where": "nothing = 1"}
    [problem] = await market.desk.api.refused(
        "POST", f"{COMPONENTS}/territory_rule", said, status=422
    )
    assert problem["code"] == "query.unknown_field"


async def test_what_would_move_is_told_and_nothing_is_done(market: Market) -> None:
    for name in ("Watt", "Volt", "Ohm"):
        await market.company(name, "Energy")
    api = market.desk.api
    wider = {"kind": "territory", "name": "North", "capacity": {"Company": 5}}
    asked = {
        "nothing": {},
        "wider": {"components": [wider]},
        "without": {"removals": [{"kind": "territory_rule", "name": "Overflow"}]},
        "gone": {"removals": [{"kind": "territory_rule", "name": "Energy"}], "object": "Company"},
    }

    told = {
        name: (await api.post("/api/territories/preview", body, status=200))["objects"]
        for name, body in asked.items()
    }
    await api.refused("POST", "/api/territories/preview", {"people": []}, status=422)
    await market.ben.refused("POST", "/api/territories/preview", {}, status=403)

    moves = {
        name: [{one["name"]: one["would_hold"] for one in obj["territories"]} for obj in found]
        for name, found in told.items()
    }
    assert moves == {
        "nothing": [{"North": 2, "South": 1}],
        "wider": [{"North": 3, "South": 0}],
        "without": [{"North": 2, "South": 0}],
        "gone": [{"North": 0, "South": 3}],
    }
    assert told["without"][0]["without"] == 1
    assert told["nothing"][0]["words"] == ["No Company would move."]
    held = (await api.get("/api/territories/North/records?object=Company"))["records"]
    assert [one["name"] for one in held] == ["Watt", "Volt"]
    assert all(one["by_rule"] for one in held)


@pytest.mark.usefixtures("two_looked_at")
async def test_a_preview_says_that_it_is_cut_only_where_there_is_more(market: Market) -> None:
    told = []
    for name in ("Watt", "Volt", "Ohm"):
        await market.company(name, "Energy")
        found = await market.desk.api.post("/api/territories/preview", {}, status=200)
        told += found["objects"]

    assert [(one["looked_at"], one["complete"]) for one in told] == [
        (1, True),
        (2, True),
        (2, False),
    ]
    assert "Only the first 2 Companies were looked at." in told[-1]["words"]


async def test_pages_show_and_change_territories_rules_and_people(market: Market) -> None:
    given = await market.company("Watt", "Energy")
    api, north = market.desk.api, "/admin/territories/North"

    async def shown(path: str) -> str:
        answer = await api.http.get(path)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    rule = {
        "label": "Banks",
        "object": "Company",
        "where": "industry = 'Energy'",
        "territory": "South",
        "order": "0",
        "access": "read",
        "along": "Deal",
        "active": "on",
    }
    tree, one = await shown("/admin/territories"), await shown(north)
    preview = await sent(api, "/admin/territory-rules/_new", {**rule, "do": "preview"}, 200)
    wrong = await sent(api, "/admin/territory-rules/_new", {**rule, "order": "soon"}, 422)
    await sent(api, "/admin/territory-rules/_new", {**rule, "do": "save"})
    await sent(api, "/admin/territory-rules/Banks", {**rule, "do": "save", "label": "Bank rule"})
    await sent(api, "/admin/territories/_assign", {"do": "run"})
    running = await shown("/admin/territories")
    await market.work()
    south = await shown("/admin/territories/South?object=Company")
    await sent(api, f"{north}/people", {"owner": market.ben_id, "do": "remove"})
    many = {"label": "The north", "parent": "Germany", "active": "on", "c:Company": "7"}
    full = await sent(api, north, {**many, "c:Company": "many", "do": "save"}, 422)
    await sent(api, north, {**many, "do": "save"})
    after = (await api.get("/api/territories"))["territories"]
    await sent(api, "/admin/territory-rules/Banks", {"do": "delete"})
    await sent(api, "/admin/territories", {"label": "East", "parent": "Germany"})
    await sent(api, "/admin/territories/East", {"do": "delete"})
    bens = [
        (await market.ben.http.get(path)).status_code
        for path in ("/admin/territories", north, "/admin/territory-rules/Energy")
    ]

    assert "fs-depth-1" in tree
    assert "of 2" in tree
    assert given in one
    assert market.ben_id in one
    assert "South would have 1 Companies instead of 0." in preview
    assert "Nothing was saved yet" in wrong
    assert "Records are being given out" in running
    assert given in south
    assert "Nothing was saved yet" in full
    [changed] = [one for one in after if one["name"] == "North"]
    assert (changed["label"], changed["people"]) == ("The north", 0)
    assert changed["records"]["Company"] == {"held": 0, "capacity": 7}
    assert bens == [403, 403, 403]


async def test_a_page_opened_before_another_change_does_not_undo_it(market: Market) -> None:
    api = market.desk.api
    north, rule = "/admin/territories/North", "/admin/territory-rules/Energy"
    seen = {
        path: re.findall(r'name="seen" value="([^"]+)"', (await api.http.get(path)).text)[0]
        for path in (north, rule)
    }
    body = {
        "label": "Energy",
        "object": "Company",
        "where": "industry = 'Energy'",
        "territory": "North",
        "order": "9",
        "active": "on",
    }
    many = {"label": "North", "parent": "Germany", "active": "on"}
    await sent(api, north, {**many, "c:Company": "7", "seen": seen[north], "do": "save"})
    await sent(api, rule, {**body, "seen": seen[rule], "do": "save"})

    stale = [
        await sent(api, north, {**many, "parent": "", "seen": seen[north], "do": "save"}, 422),
        await sent(api, rule, {**body, "order": "3", "seen": seen[rule], "do": "save"}, 422),
    ]

    assert "Somebody else changed this territory." in stale[0]
    assert "Somebody else changed this rule." in stale[1]
    [kept] = [
        one for one in (await api.get("/api/territories"))["territories"] if one["name"] == "North"
    ]
    assert kept["records"]["Company"]["capacity"] == 7
