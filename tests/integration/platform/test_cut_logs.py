"""Undoing a conversion does not trust a log that retention has cut."""

from __future__ import annotations

from typing import Any

from tests.integration.platform.test_retention import POLICIES, aged, retained
from tests.support.imports import Desk

APPLY = "/api/metadata/apply"


async def buyers(desk: Desk, path: str) -> dict[str, Any]:
    """Give the buyer of every deal by its name."""
    asked = {"q": f"SELECT name, {path} FROM Deal"}
    rows = (await desk.api.post("/api/query", asked, status=200))["records"]
    return {row["name"]: row["buyer"] for row in rows}


async def converted(desk: Desk) -> tuple[int, dict[str, str]]:
    """Make names of the references of two deals; the change, and the deals' ids by their names."""
    company = await desk.api.post("/api/records/Company", {"name": "Acme"})
    field = {"name": "buyer", "type": "lookup", "references": "Company"}
    await desk.api.post("/api/objects/Deal/fields", field)
    ids = {}
    for name in ("Roof", "Barn"):
        deal = {"name": name, "company": company["id"], "buyer": company["id"]}
        ids[name] = (await desk.api.post("/api/records/Deal", deal))["id"]
    buyer = {"components": [{"kind": "field", "name": "Deal.buyer", "type": "text"}]}
    plan = await desk.api.post("/api/metadata/plan", buyer, status=200)
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    done = await desk.api.post(APPLY, {**buyer, **agreed}, status=200)
    return int(done["version"]), ids


async def cut(desk: Desk) -> None:
    """Let the values of all changes go by a policy, which is deleted afterwards."""
    await desk.api.post(POLICIES, {"name": "Log", "of": "changes", "days": 1})
    await aged(desk, "UPDATE change SET at = at - interval '9 days'")
    await aged(desk, "UPDATE component SET deleted_at = deleted_at - interval '9 days'")
    await retained(desk)
    await desk.api.delete(f"{POLICIES}/Log", status=204)


async def test_a_value_changed_since_is_told_as_lost_where_the_log_was_cut(desk: Desk) -> None:
    version, ids = await converted(desk)
    await desk.api.patch(f"/api/records/Deal/{ids['Barn']}", {"buyer": "Somebody else"})
    await cut(desk)
    undo = {"undo": version}

    plan = await desk.api.post("/api/metadata/plan", undo, status=200)
    refused = await desk.api.refused("POST", f"/api/metadata/undo/{version}", {}, status=422)
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    await desk.api.post(APPLY, {**undo, **agreed}, status=200)

    assert plan["confirm"] == {"field:Deal.buyer": 1}
    assert [one["code"] for one in refused] == ["metadata.loss_unconfirmed"]
    found = await buyers(desk, "buyer.name")
    assert found["Roof"]["name"] == "Acme"
    assert not found["Barn"]


async def test_a_log_that_is_whole_is_believed_although_a_policy_is_there(desk: Desk) -> None:
    version, _ = await converted(desk)
    [company] = (await desk.api.post("/api/query", {"q": "SELECT id FROM Company"}, status=200))[
        "records"
    ]
    await desk.api.patch(f"/api/records/Company/{company['id']}", {"name": "Acme Inc."})
    await desk.api.post(POLICIES, {"name": "Log", "of": "changes", "days": 365})

    await desk.api.post(f"/api/metadata/undo/{version}", {}, status=200)

    found = await buyers(desk, "buyer.name")
    assert {one["name"] for one in found.values()} == {"Acme Inc."}
