"""What tenants use is metered exactly, limited clearly and provable."""

from __future__ import annotations

from typing import Any

import pytest

from fieldstone.runtime.metering import fold_usage
from tests.support.app import Api
from tests.support.imports import Desk

TENANTS = "/api/platform/tenants"
PASSWORD = "correct horse battery"


async def used(api: Api, name: str) -> tuple[int, int | None, str]:
    """Give how much is used of something, its limit and its state."""
    found = (await api.get("/api/usage"))["usage"]
    [one] = [one for one in found if one["name"] == name]
    return one["current"], one["limit"], one["state"]


async def limited(desk: Desk, **limits: int) -> None:
    """Give the tenant other these limits."""
    await desk.api.patch(f"{TENANTS}/other", {"limits": limits})


async def test_ledger_change_log_and_tables_agree_whatever_happens(desk: Desk) -> None:
    before, _, _ = await used(desk.other, "records")
    made = [await desk.other.post("/companies", {"name": f"C{n}"}) for n in range(4)]
    await desk.other.patch(f"/companies/{made[0]['id']}", {"name": "Changed"})
    for one in made[:3]:
        await desk.other.delete(f"/companies/{one['id']}")
    await desk.other.post(f"/api/records/Company/{made[1]['id']}/restore", None, status=200)
    answer = await desk.other.http.post("/api/files", files={"file": ("a.txt", b"some words")})
    assert answer.status_code == 201
    await desk.api.post("/companies", {"name": "Ours"})

    open_entries = await desk.api.get(f"{TENANTS}/other/usage?reconcile=yes")
    moved = await fold_usage(desk.app.state.engine.pool)
    in_ledger = await desk.api.get(f"{TENANTS}/other/usage?reconcile=yes")

    assert moved > 0
    assert await used(desk.other, "records") == (before + 2, None, "ok")
    for found in (open_entries, in_ledger):
        assert found["proof"]["agree"] is True, found["proof"]
        assert found["proof"]["records"]["tables"] == before + 2
        assert found["proof"]["storage_bytes"] == {"ledger": 10, "tables": 10}


async def test_records_beyond_the_limit_are_refused_and_nothing_is_written(desk: Desk) -> None:
    count, _, _ = await used(desk.other, "records")
    await limited(desk, records=count + 2)

    first = await desk.other.post("/companies", {"name": "A"})
    await desk.other.post("/companies", {"name": "B"})
    [problem] = await desk.other.refused("POST", "/companies", {"name": "C"}, status=403)
    await desk.other.delete(f"/companies/{first['id']}")
    await desk.other.post("/companies", {"name": "C"})
    path = f"/api/records/Company/{first['id']}/restore"
    [restored] = await desk.other.refused("POST", path, status=403)

    assert problem["code"] == restored["code"] == "limit.records"
    assert problem["details"] == {"limit": count + 2, "current": count + 2}
    assert await used(desk.other, "records") == (count + 2, count + 2, "reached")
    assert (await desk.other.get("/companies?count=1"))["meta"]["total"] == 2


async def test_users_and_objects_are_limited_to_the_last(desk: Desk) -> None:
    await limited(desk, users=2, objects=1)
    await desk.other.post("/api/claim", {"email": "ada@acme.example", "password": PASSWORD})

    await desk.other.post("/api/people", {"email": "b@acme.example", "name": "B"})
    said = {"email": "c@acme.example", "name": "C"}
    [users] = await desk.other.refused("POST", "/api/people", said, status=403)
    await desk.other.post("/api/objects", {"name": "Thing", "plural_name": "Things"})
    body = {"name": "Other", "plural_name": "Others"}
    [objects] = await desk.other.refused("POST", "/api/objects", body, status=403)

    assert (users["code"], users["details"]) == ("limit.users", {"limit": 2, "current": 2})
    assert (objects["code"], objects["details"]) == ("limit.objects", {"limit": 1, "current": 1})


async def test_files_beyond_the_limit_are_refused(desk: Desk) -> None:
    await limited(desk, storage_bytes=10)
    await desk.other.http.post("/api/files", files={"file": ("a.txt", b"12345678")})

    answer = await desk.other.http.post("/api/files", files={"file": ("b.txt", b"123")})

    assert answer.json()["errors"][0]["code"] == "limit.storage_bytes"
    assert await used(desk.other, "storage_bytes") == (8, 10, "near")
    page = await desk.other.send("GET", "/admin/usage")
    assert "little is left" in page.text


@pytest.mark.parametrize(
    ("feature", "method", "path", "body"),
    [
        ("as_of", "POST", "/api/query", {"q": "SELECT name FROM Company AS OF 2020-01-01"}),
        ("find", "POST", "/api/query", {"q": "FIND {acme} RETURNING Company(name)"}),
        ("exports", "GET", "/api/export?object=Company&format=csv", None),
        ("exports", "POST", "/api/exports", {"q": "SELECT name FROM Company", "format": "csv"}),
        ("tokens", "GET", "/api/records/Company", None),
    ],
)
async def test_feature_that_is_off_is_refused_and_told(
    desk: Desk, feature: str, method: str, path: str, body: Any
) -> None:
    bearer = {"authorization": f"Bearer fst_{'x' * 43}"} if feature == "tokens" else {}
    await desk.api.patch(f"{TENANTS}/other", {"features": {feature: False}})

    [problem] = await desk.other.refused(method, path, body, status=403, headers=bearer)

    assert (problem["code"], problem["details"]["feature"]) == ("feature.off", feature)
    assert (await desk.other.get("/api/usage"))["features"][feature] is False
    assert (await desk.api.send(method, path, body)).status_code < 300
