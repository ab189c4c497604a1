"""Legal holds: what they name is kept from every purge, and nobody else learns of them."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette

from fieldstone.runtime.storage.purge import request_purge
from tests.integration.platform.test_identity import a_browser, claimed, joined
from tests.support.app import Api, owner_connection
from tests.support.imports import Desk

HOLDS = "/api/privacy/holds"


async def held(api: Api, *ids: str, **more: Any) -> Any:
    """Place a hold on records."""
    return await api.post(HOLDS, {"name": "Acme v. Smith", "records": ids, **more})


async def purged(desk: Desk) -> dict[str, Any]:
    """Empty the recycle bin, and give what was purged."""
    count = len((await desk.api.get("/api/bin"))["deletions"])
    begun = await desk.api.post("/api/bin/empty", {"count": count}, status=202)
    await desk.run(begun["job"])
    told: dict[str, Any] = (await desk.api.get(begun["url"]))["result"]
    return told


async def test_held_record_stays_in_the_bin_until_the_hold_ends(desk: Desk) -> None:
    one = await desk.api.post("/contacts", {"last_name": "Smith"})
    other = await desk.api.post("/contacts", {"last_name": "Jones"})
    hold = await held(desk.api, one["id"])
    for contact in (one, other):
        await desk.api.delete(f"/contacts/{contact['id']}")

    first = await purged(desk)
    kept = (await desk.api.get("/api/bin"))["deletions"]
    ended = await desk.api.post(f"{HOLDS}/{hold['id']}/end", {"reason": "Settled."}, status=200)
    second = await purged(desk)

    assert (first["records"], second["records"]) == (1, 1)
    assert [line["id"] for line in kept] == [one["id"]]
    assert (hold["records"], ended["records"], ended["end_reason"]) == (1, 0, "Settled.")


async def test_what_points_to_a_held_record_is_held_even_after_that_was_deleted(
    desk: Desk,
) -> None:
    one = await desk.api.post("/contacts", {"last_name": "Smith"})
    note = await desk.api.post("/notes", {"title": "Call", "body": "Angry.", "person": one["id"]})
    free = await desk.api.post("/notes", {"title": "Other", "body": "None."})
    await held(desk.api, one["id"])
    await desk.api.delete(f"/contacts/{one['id']}")
    for line in (note, free):
        await desk.api.delete(f"/notes/{line['id']}")

    told = await purged(desk)

    left = {line["id"] for line in (await desk.api.get("/api/bin"))["deletions"]}
    assert told["records"] == 1
    assert left == {one["id"], note["id"]}


async def test_record_that_is_let_go_is_purged(desk: Desk) -> None:
    one = await desk.api.post("/contacts", {"last_name": "Smith"})
    hold = await held(desk.api, one["id"], along=False)
    await desk.api.delete(f"/contacts/{one['id']}")

    await desk.api.delete(f"{HOLDS}/{hold['id']}/records/{one['id']}", status=204)

    assert (await desk.api.get(f"{HOLDS}/{hold['id']}/records"))["records"] == []
    assert (await purged(desk))["records"] == 1


async def test_fields_of_held_records_are_not_purged(desk: Desk) -> None:
    await desk.api.post("/api/objects/Contact/fields", {"name": "shoe_size", "type": "number"})
    one = await desk.api.post("/contacts", {"last_name": "Smith", "shoe_size": 44})
    await held(desk.api, one["id"])
    await desk.api.delete("/api/objects/Contact/fields/shoe_size", status=204)
    async with owner_connection(desk.app.state.settings.database_url) as connection:
        await connection.execute(
            "UPDATE component SET deleted_at = now() - interval '60 days'"
            " WHERE deleted_at IS NOT NULL"
        )
    context = await desk.worker.engine.tenants.ensure_default()
    viewer = await desk.worker.engine.administrators.get(context)
    async with desk.worker.engine.database.write(context, viewer) as tx:
        number = await request_purge(tx, tx.now, components=True)
    await desk.run(number)

    told = (await desk.api.get(f"/api/jobs/{number}"))["result"]

    assert told["components"] == 0


async def test_holds_are_listed_in_pages_and_hold_what_is_named(api: Api) -> None:
    one = await api.post("/contacts", {"last_name": "Smith"})
    first, second = [await held(api, one["id"]) for _ in range(2)]

    page = await api.get(f"{HOLDS}?limit=1")
    rest = await api.get(f"{HOLDS}?limit=1&cursor={page['next']}")
    records = (await api.get(f"{HOLDS}/{first['id']}/records"))["records"]

    assert [line["id"] for line in (*page["holds"], *rest["holds"])] == [second["id"], first["id"]]
    assert [(line["id"], line["type"], line["along"]) for line in records] == [
        (one["id"], "Contact", True)
    ]


@pytest.mark.parametrize("wrong", ["contact_1", "nothing_1", "x"])
async def test_hold_names_only_what_there_is(api: Api, wrong: str) -> None:
    [problem] = await api.refused("POST", HOLDS, {"name": "A", "records": [wrong]}, status=422)

    assert (problem["code"], problem["at"]) == ("privacy.bad_hold", "/records/0")
    assert (await api.get(HOLDS))["holds"] == []


async def test_ended_hold_takes_nothing_more(api: Api) -> None:
    one = await api.post("/contacts", {"last_name": "Smith"})
    hold = await held(api)
    await api.post(f"{HOLDS}/{hold['id']}/end", None, status=200)

    [problem] = await api.refused(
        "POST", f"{HOLDS}/{hold['id']}/records", {"records": [one["id"]]}, status=409
    )

    assert problem["code"] == "privacy.hold_ended"


async def test_another_tenant_sees_no_hold(api: Api, other: Api) -> None:
    hold = await held(api)

    assert (await other.get(HOLDS))["holds"] == []
    for method, path in (
        ("GET", hold["id"]),
        ("GET", f"{hold['id']}/records"),
        ("POST", f"{hold['id']}/end"),
    ):
        [problem] = await other.refused(method, f"{HOLDS}/{path}", status=404)
        assert problem["code"] == "privacy.unknown_hold"


async def test_whoever_does_not_see_to_personal_data_learns_of_no_hold(
    app: Starlette, api: Api
) -> None:
    await claimed(api)
    one = await api.post("/contacts", {"last_name": "Smith"})
    hold = await held(api, one["id"])

    async with a_browser(app) as ben:
        await joined(app, api, ben)
        for path in (HOLDS, f"{HOLDS}/{hold['id']}", "/api/privacy/retention"):
            [problem] = await ben.refused("GET", path, status=403)
            assert problem["code"] == "privacy.forbidden"
