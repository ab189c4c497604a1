"""Locks: a locked record changes by those alone who may lock, by whatever way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette

from tests.integration.platform.test_identity import a_browser, claimed, joined
from tests.integration.ui_generator.test_permission_pages import sent
from tests.support.app import Api
from tests.support.pages import Browser

REASON = "Being approved"
ALL = {"all_or_nothing": True}


@dataclass(frozen=True)
class Locked:
    """Ada administers; Ben works with every record. deal: one that Ada locked, of company."""

    ada: Api
    ben: Api
    ben_id: str
    deal: str
    company: str

    @property
    def path(self) -> str:
        """Where the deal is found."""
        return f"/api/records/Deal/{self.deal}"


@pytest.fixture
async def locked(app: Starlette, api: Api) -> AsyncIterator[Locked]:
    """A deal that is locked."""
    await claimed(api)
    company = await api.post("/companies", {"name": "Acme"})
    deal = await api.post("/deals", {"name": "Roof", "company": company["id"]})
    async with a_browser(app) as ben:
        told = await joined(app, api, ben)
        made = Locked(api, ben, told["id"], deal["id"], company["id"])
        await api.ask("PUT", f"{made.path}/lock", {"reason": REASON}, status=200)
        yield made


async def test_locked_record_is_not_changed_by_others(locked: Locked) -> None:
    ben = locked.ben
    for method, path, body in (
        ("PATCH", locked.path, {"name": "Mine"}),
        ("DELETE", locked.path, None),
        ("PATCH", "/api/records/Deal", {**ALL, "records": [{"id": locked.deal, "name": "Mine"}]}),
    ):
        answer = await ben.send(method, path, body)
        codes = [one["code"] for one in answer.json()["errors"]]
        assert codes == ["record.locked"], (method, answer.text)
    partly = [{"id": locked.deal, "name": "Mine"}]
    told = await ben.send("PATCH", "/api/records/Deal", partly)
    assert "record.locked" in told.text

    assert (await ben.get(locked.path))["name"] == "Roof"


async def test_those_who_may_lock_change_it_all_the_same(locked: Locked) -> None:
    changed = await locked.ada.patch(locked.path, {"name": "Tower"})

    assert changed["name"] == "Tower"


async def test_deletion_that_would_touch_a_locked_record_is_refused(locked: Locked) -> None:
    path = f"/api/records/Company/{locked.company}"
    [problem] = await locked.ben.refused("DELETE", path, status=403)
    assert problem["code"] == "record.locked"

    await locked.ada.patch("/api/objects/Deal", {"sharing": "private"})
    [problem] = await locked.ben.refused("DELETE", path, status=403)
    assert (problem["code"], locked.deal in problem["message"]) == ("record.locked", False)


async def test_lock_tells_who_why_and_what_was_before(locked: Locked) -> None:
    told = await locked.ben.get(f"{locked.path}/lock")
    listed = await locked.ben.get("/api/locks?object=Deal")
    why = await locked.ben.get(f"{locked.path}/access")
    await locked.ada.send("DELETE", f"{locked.path}/lock")
    after = await locked.ben.get(f"{locked.path}/lock")
    freed = await locked.ben.patch(locked.path, {"name": "Mine"})

    assert (told["locked"], told["may_lock"], told["earlier"]) == (True, False, [])
    assert told["lock"] == listed["locks"][0]
    assert (told["lock"]["reason"], told["lock"]["record"]) == (REASON, locked.deal)
    assert (why["edits"], why["edit_reason"]) == (False, "It is locked.")
    assert (after["locked"], after["lock"], freed["name"]) == (False, None, "Mine")
    [earlier] = after["earlier"]
    assert (earlier["at"], earlier["reason"]) == (told["lock"]["at"], REASON)
    assert earlier["ended_at"] is not None


async def test_only_those_with_the_right_lock_and_unlock(locked: Locked) -> None:
    for method in ("PUT", "DELETE"):
        [problem] = await locked.ben.refused(method, f"{locked.path}/lock", status=403)
        assert problem["code"] == "record.may_not_lock"
    lockers = {"name": "Lockers", "label": "Lockers", "objects": {"Deal": ["lock"]}}
    await locked.ada.post("/api/metadata/components/permission_set", lockers)
    await locked.ada.ask("PUT", f"/api/people/{locked.ben_id}/permission-sets/Lockers", status=200)

    changed = await locked.ben.patch(locked.path, {"name": "Mine"})
    unlocked = await locked.ben.send("DELETE", f"{locked.path}/lock")
    [gone] = await locked.ben.refused("DELETE", f"{locked.path}/lock", status=404)

    assert (changed["name"], unlocked.status_code, gone["code"]) == (
        "Mine",
        204,
        "record.not_locked",
    )


async def test_lock_of_a_hidden_record_is_nowhere(locked: Locked) -> None:
    await locked.ada.patch("/api/objects/Deal", {"sharing": "private"})

    assert await locked.ben.get("/api/locks") == {"locks": [], "next": None}
    for method in ("GET", "PUT", "DELETE"):
        [problem] = await locked.ben.refused(method, f"{locked.path}/lock", status=404)
        assert problem["code"] == "record.unknown"


async def test_another_tenant_sees_no_lock(locked: Locked, other: Api) -> None:
    assert await other.get("/api/locks") == {"locks": [], "next": None}
    [problem] = await other.refused("GET", f"{locked.path}/lock", status=404)
    assert problem["code"] == "record.unknown"


async def test_locks_are_listed_page_by_page(locked: Locked) -> None:
    second = await locked.ada.post("/deals", {"name": "Second"})
    await locked.ada.ask("PUT", f"/api/records/Deal/{second['id']}/lock", status=200)

    first = await locked.ben.get("/api/locks?limit=1")
    rest = await locked.ben.get(f"/api/locks?limit=1&cursor={first['next']}")

    assert [one["record"] for one in first["locks"]] == [second["id"]]
    assert ([one["record"] for one in rest["locks"]], rest["next"]) == ([locked.deal], None)


async def test_locked_record_stays_locked_in_the_bin_and_back(locked: Locked) -> None:
    await locked.ada.send("DELETE", locked.path)
    await locked.ada.post(f"{locked.path}/restore", {}, status=200)

    [problem] = await locked.ben.refused("PATCH", locked.path, {"name": "Mine"}, status=403)
    assert problem["code"] == "record.locked"


async def test_locked_record_comes_back_by_those_alone_who_may_lock(locked: Locked) -> None:
    await locked.ada.send("DELETE", locked.path)
    await locked.ada.send("DELETE", f"/api/records/Company/{locked.company}")

    [problem] = await locked.ben.refused("POST", f"{locked.path}/restore", {}, status=403)
    assert problem["code"] == "record.locked"

    await locked.ada.post(f"{locked.path}/restore", {}, status=200)
    assert (await locked.ada.get(locked.path))["company"] is None


async def test_page_of_a_locked_record_says_so_and_offers_what_is_allowed(locked: Locked) -> None:
    address = f"/admin/Deal/{locked.deal}"
    theirs = await Browser(locked.ben.http).open(address)
    ours = await Browser(locked.ada.http).open(address)
    form = await locked.ben.send("GET", f"{address}/edit")
    unlocked = await Browser(locked.ada.http).send(f"{address}/unlock", {}, form=address)
    again = await Browser(locked.ada.http).send(
        f"{address}/lock", {"reason": "Signed"}, form=address
    )

    assert REASON in theirs
    assert f"{address}/edit" not in theirs
    assert f"{address}/unlock" not in theirs
    assert (f"{address}/edit" in ours, f"{address}/unlock" in ours) == (True, True)
    assert form.status_code == 403
    assert (unlocked.status_code, again.status_code) == (303, 303)
    assert (await locked.ben.get(f"{locked.path}/lock"))["lock"]["reason"] == "Signed"


async def test_page_of_locks_unlocks_for_those_who_may(locked: Locked) -> None:
    form = {"object": "Deal", "record": locked.deal}
    bens = (await locked.ben.http.get("/admin/locks")).text
    await sent(locked.ben, "/admin/locks", form, 403)
    adas = (await locked.ada.http.get("/admin/locks?object=Deal")).text
    await sent(locked.ada, "/admin/locks", form)
    after = (await locked.ada.http.get("/admin/locks")).text

    assert REASON in bens
    assert "Unlock Roof" not in bens
    assert "Unlock Roof" in adas
    assert "No record that you see is locked." in after
