"""An administrator acts as a member who allows it: seen, noted with both names, and kept short."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette

from tests.support.app import Api, client_of, owner_connection

PASSWORD = "correct horse battery"
ADA = "ada@acme.example"
BEN = "ben@acme.example"


@dataclass(frozen=True, slots=True)
class World:
    """Ada administers; Ben is a member. Each has a browser."""

    app: Starlette
    ada: Api
    ben: Api
    ben_id: str
    ada_id: str

    async def act(self, status: int = 200) -> None:
        """Let Ada act as Ben."""
        await self.ada.post(f"/api/people/{self.ben_id}/acting", {}, status=status)


@asynccontextmanager
async def joined(app: Starlette, ada: Api) -> AsyncIterator[World]:
    me = await ada.post("/api/claim", {"email": ADA, "password": PASSWORD})
    told = await ada.post("/api/people", {"email": BEN, "name": "Ben"})
    async with client_of(app) as ben:
        said = {"token": told["invitation"], "password": "staple battery horse"}
        await ben.post("/api/welcome", said, status=200)
        yield World(app, ada, ben, told["id"], me["viewer"]["id"])


@pytest.fixture
async def world(app: Starlette, api: Api) -> AsyncIterator[World]:
    async with joined(app, api) as world:
        yield world


async def test_acting_wants_consent_and_ends_with_it(world: World) -> None:
    [problem] = await world.ada.refused(
        "POST", f"/api/people/{world.ben_id}/acting", {}, status=403
    )
    await world.ben.post("/api/account/acting", {"hours": 1}, status=200)
    await world.act()
    seen = await world.ada.get("/api/session")
    await world.ben.delete("/api/account/acting", status=204)
    await world.ada.refused("GET", "/contacts", status=401)

    assert problem["code"] == "access.no_consent"
    assert seen["viewer"] == {"id": world.ben_id, "name": BEN, "may_set_up": False}


async def test_nobody_acts_as_somebody_who_may_do_more(world: World) -> None:
    keeper = {"name": "Keeper", "label": "Keeper of people", "setup": ["people"]}
    await world.ada.post("/api/metadata/components/permission_set", keeper)
    person = {"email": "cleo@acme.example", "name": "Cleo", "permission_sets": ["Keeper"]}
    told = await world.ada.post("/api/people", person)
    await world.ada.post("/api/account/acting", {"hours": 1}, status=200)

    async with client_of(world.app) as cleo:
        said = {"token": told["invitation"], "password": "battery staple correct"}
        await cleo.post("/api/welcome", said, status=200)
        path = f"/api/people/{world.ada_id}/acting"
        [problem] = await cleo.refused("POST", path, {}, status=403)

    assert problem["code"] == "access.more_than_own"


async def test_what_is_done_carries_both_names(world: World) -> None:
    await world.ben.post("/api/account/acting", {"hours": 1}, status=200)
    await world.act()

    made = await world.ada.post("/contacts", {"last_name": "Smith"})
    [change] = (await world.ada.get(f"/api/records/Contact/{made['id']}/history"))["changes"]

    assert change["by"] == world.ben_id
    assert change["cause"]["acting"] == world.ada_id


async def test_what_hangs_on_who_somebody_is_stays_closed(world: World) -> None:
    await world.ben.post("/api/account/acting", {"hours": 1}, status=200)
    token = await world.ben.post("/api/tokens", {"name": "script"})
    await world.act()

    for method, path in (
        ("GET", "/api/account"),
        ("POST", "/api/session/password"),
        ("POST", "/api/session/proof"),
        ("POST", "/api/account/authenticator"),
        ("POST", "/api/account/recovery-codes"),
        ("POST", "/api/account/acting"),
        ("GET", "/api/tokens"),
        ("POST", "/api/tokens"),
        ("DELETE", f"/api/tokens/{token['id']}"),
        ("DELETE", "/api/sessions"),
        ("POST", f"/api/people/{world.ada_id}/acting"),
    ):
        [problem] = await world.ada.refused(method, path, {}, status=403)
        assert problem["code"] == "access.acting_forbidden", path
    await world.ada.refused("GET", "/api/people", status=403)


async def test_administrator_comes_back_to_themselves_under_another_secret(world: World) -> None:
    before = world.ada.http.cookies["fs_session"]
    await world.ben.post("/api/account/acting", {"hours": 1}, status=200)
    await world.act()
    acting = world.ada.http.cookies["fs_session"]

    opened = await world.ada.delete("/api/session/acting")

    assert opened["viewer"]["id"] == world.ada_id
    await world.ada.get("/api/people")
    async with client_of(world.app) as thief:
        for secret in (before, acting):
            cookie = {"cookie": f"fs_session={secret}"}
            await thief.refused("GET", "/contacts", status=401, headers=cookie)
    await world.ada.refused("DELETE", "/api/session/acting", status=409)


async def test_acting_is_told_to_whom_it_concerns(world: World) -> None:
    await world.ben.post("/api/account/acting", {"hours": 1}, status=200)
    await world.act()
    await world.ada.delete("/api/session/acting")

    events = (await world.ben.get("/api/account/events"))["events"]
    told = [(one["what"], one["actor"]) for one in events][:3]

    assert [what for what, _ in told] == ["acting_stopped", "acting_started", "acting_allowed"]
    assert told[1][1] == world.ada_id
    assert (await world.ada.get(f"/api/people/{world.ben_id}/events"))["events"] == events
    await world.ben.refused("GET", f"/api/people/{world.ada_id}/events", status=403)


async def test_acting_ends_with_the_administrators_rights_and_with_time(
    world: World, app_dsn: str
) -> None:
    await world.ben.post("/api/account/acting", {"hours": 1}, status=200)
    await world.act()
    async with owner_connection(app_dsn) as owner:
        await owner.execute("UPDATE member SET is_administrator = false")
        await world.ada.refused("GET", "/contacts", status=401)
        await owner.execute(
            "UPDATE member SET is_administrator = true WHERE email = 'ada@acme.example'"
        )
        await world.ada.get("/contacts")
        await owner.execute("UPDATE session SET expires_at = now() WHERE acting_id IS NOT NULL")
    await world.ada.refused("GET", "/contacts", status=401)


async def test_organization_may_always_allow_it(world: World) -> None:
    await world.ada.patch("/api/organization", {"acting": "always"})
    await world.act()

    await world.ada.get("/contacts")


async def test_members_act_as_nobody(world: World) -> None:
    await world.ada.post("/api/account/acting", {"hours": 1}, status=200)
    await world.ben.refused("POST", f"/api/people/{world.ada_id}/acting", {}, status=403)


@pytest.mark.parametrize("hours", [0, -1, 169, True, "1", None])
async def test_consent_is_for_a_week_at_most(world: World, hours: object) -> None:
    await world.ben.refused("POST", "/api/account/acting", {"hours": hours}, status=422)


async def test_other_tenant_is_not_acted_in(world: World, other: Api) -> None:
    await other.post("/api/claim", {"email": ADA, "password": PASSWORD})
    await world.ben.post("/api/account/acting", {"hours": 1}, status=200)

    await other.refused("POST", f"/api/people/{world.ben_id}/acting", {}, status=403)
