"""Whoever was given no right changes nothing, by whatever address; and nobody gives it themselves.

Forced browsing and mass assignment: what the pages do not offer is refused all the same.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.app import owner_connection, state_hash
from tests.support.route_addresses import changes, every_address, is_page
from tests.support.scene import BEN, BEN_PASSWORD, COMES_AND_GOES, Scene

OWN = (
    *("/api/account", "/api/session", "/api/sessions", "/api/tokens", "/api/my-apps"),
    *("/api/welcome", "/api/claim", "/oauth/"),
)
"""What everybody may do with what is theirs, and what one comes in by."""

# Sent all at once: whichever of them an address knows, it gets.
BODY: dict[str, Any] = {
    "name": "Nothing",
    "label": "Nothing",
    "email": "new@acme.example",
    "q": "x",
    "is_administrator": True,
    "is_active": True,
    "permission_sets": ["Administrator"],
    "automatic": True,
    "with": {"everyone": True},
    "access": "edit",
    "role": "Chief",
    "records": [{"name": "x"}],
    "fields": [],
    "type": "text",
    "people": [],
    "limits": {},
}
STRANGERS = frozenset({401, 403, 404, 405, 413, 422, 429})


def asked_for(scene: Scene) -> list[Any]:
    """Give the changes that are of somebody else, of all, or of the tenant."""
    given = {"id": scene.deal, "user": scene.ben_id, "name": "Administrator", "object": "Deal"}
    return [one for one in changes(given) if not one.path.startswith(OWN) and not is_page(one.path)]


async def test_member_without_rights_changes_nothing(scene: Scene, app_dsn: str) -> None:
    before = await state_hash(app_dsn, besides=COMES_AND_GOES)
    taken = []
    for address in asked_for(scene):
        answer = await scene.ben.send(address.method, address.path, BODY)
        if answer.status_code < 300:
            taken.append(f"{address}: {answer.status_code} {answer.text[:200]}")

    assert await state_hash(app_dsn, besides=COMES_AND_GOES) == before
    assert [one for one in taken if "/api/query" not in one] == []


async def test_people_cannot_raise_themselves(scene: Scene, app_dsn: str) -> None:
    mine = f"/api/people/{scene.ben_id}"
    tries = [
        ("PATCH", mine, {"is_administrator": True}),
        ("PATCH", mine, {"is_active": True, "permission_sets": ["Administrator"]}),
        ("PUT", f"{mine}/permission-sets/Administrator", {}),
        ("PUT", f"{mine}/role", {"role": "Chief"}),
        ("POST", f"{mine}/invitation", {}),
        ("POST", f"{mine}/acting", {}),
        ("POST", f"{mine}/tokens", {"name": "t", "scopes": ["api"]}),
        ("POST", "/api/people", {"email": "x@acme.example", "name": "X", "is_administrator": True}),
        ("POST", "/api/service-users", {"name": "Robot", "is_administrator": True}),
        ("POST", "/api/metadata/components/permission_set", {"name": "Mine", "label": "Mine"}),
        ("POST", "/api/claim", {"email": "x@acme.example", "password": BEN_PASSWORD}),
        ("POST", "/api/platform/tenants", {"name": "mine", "label": "Mine"}),
    ]

    answers = [await scene.ben.send(*one) for one in tries]

    assert {answer.status_code for answer in answers} <= {403, 404, 409}, [
        f"{answer.request.url}: {answer.status_code}" for answer in answers
    ]
    async with owner_connection(app_dsn) as owner:
        kept = await owner.fetch("SELECT email FROM member WHERE is_administrator")
    assert BEN not in {row["email"] for row in kept}


async def test_session_of_a_member_takes_no_more_than_it_says(scene: Scene) -> None:
    told = await scene.ben.send("POST", "/api/tokens", {"name": "mine", "is_administrator": True})
    after = await scene.ben.get("/api/session")

    assert told.status_code in (201, 422), told.text
    assert after["viewer"]["may_set_up"] is False


SYSTEM = {
    "created_at": "2001-01-01T00:00:00Z",
    "created_by": "user_1",
    "updated_at": "2001-01-01T00:00:00Z",
    "updated_by": "user_1",
    "tenant_id": 2,
    "object_id": 1,
    "deleted_at": "2001-01-01T00:00:00Z",
    "data": {"f1": "x"},
    "__class__": "x",
    "__proto__": {"admin": True},
    "constructor": {"prototype": {}},
}


@pytest.mark.parametrize("name", SYSTEM)
async def test_what_the_system_sets_is_not_set_by_a_body(scene: Scene, name: str) -> None:
    path = f"/api/records/Deal/{scene.deal}"
    before = await scene.ada.get(path)

    answer = await scene.ada.send("PATCH", path, {name: SYSTEM[name]})
    made = await scene.ada.send("POST", "/api/records/Deal", {"name": "New", name: SYSTEM[name]})

    after = await scene.ada.get(path)
    assert answer.status_code == 422, answer.text
    assert made.status_code == 422, made.text
    assert after == before


@pytest.mark.parametrize("text", ['{"name": "a", "name": "b"}', '{"value": NaN}', "[1", '"x"', ""])
async def test_body_that_can_be_read_in_two_ways_is_refused_or_read_in_one(
    scene: Scene, text: str
) -> None:
    answer = await scene.ada.send("POST", "/api/records/Deal", text)

    assert answer.status_code in (201, 422), answer.text
    if answer.status_code == 201:
        assert json.loads(text)["name"] == answer.json()["name"]


async def test_stranger_gets_nowhere_but_to_the_door(scene: Scene) -> None:
    opened = []
    for address in every_address({"id": scene.deal}):
        if address.path.startswith(
            (
                "/static",
                "/healthz",
                "/.well-known",
                "/sign-in",
                "/welcome",
                "/oauth/",
                "/api/session",
            )
        ):
            continue
        answer = await scene.stranger.send(address.method, address.path, b"{}")
        to_door = answer.headers.get("location", "").startswith("/sign-in")
        if answer.status_code not in STRANGERS and not (answer.status_code == 303 and to_door):
            opened.append(f"{address}: {answer.status_code} {answer.text[:100]}")
        if "Harbour" in answer.text:
            opened.append(f"{address} tells")

    assert not opened, "\n".join(opened)
