"""The history of a record: every accepted write once, contiguous, and enough to rebuild it."""

from __future__ import annotations

from tests.support.app import Api

DEALS = "/api/records/Deal"


async def test_history_tells_every_change_newest_first(api: Api) -> None:
    made = await api.post(DEALS, {"name": "A deal", "value": 1})
    path = f"{DEALS}/{made['id']}"
    await api.patch(path, {"value": 2})
    await api.delete(path)
    await api.ask("POST", f"{path}/restore")

    history = await api.get(f"{path}/history")

    told = [(c["operation"], c["version"]) for c in history["changes"]]
    assert told == [("restore", 4), ("delete", 3), ("update", 2), ("create", 1)]
    assert history["changes"][2]["changes"] == {"value": {"before": 1, "after": 2}}
    assert history["changes"][3]["changes"]["name"] == {"before": None, "after": "A deal"}
    assert all(c["by"].startswith("user_") for c in history["changes"])
    assert all(c["cause"]["request"].startswith("r_") for c in history["changes"])
    assert history["next"] is None


async def test_cause_is_the_request_that_made_the_change(api: Api) -> None:
    made = await api.send("POST", DEALS, {"name": "A deal"})

    history = await api.get(f"{DEALS}/{made.json()['id']}/history")

    assert history["changes"][0]["cause"] == {"request": made.headers["x-request-id"]}


async def test_refused_and_empty_changes_leave_no_trace(api: Api) -> None:
    made = await api.post(DEALS, {"name": "A deal", "value": 1})
    path = f"{DEALS}/{made['id']}"

    await api.refused("PATCH", path, {"value": "much"}, status=422)
    await api.refused("PATCH", path, {"value": 2, "version": 7}, status=409)
    await api.patch(path, {"value": 1})

    assert len((await api.get(f"{path}/history"))["changes"]) == 1


async def test_history_pages_by_cursor(api: Api) -> None:
    made = await api.post(DEALS, {"name": "A deal", "value": 0})
    path = f"{DEALS}/{made['id']}"
    for value in range(1, 6):
        await api.patch(path, {"value": value})

    first = await api.get(f"{path}/history?limit=4")
    second = await api.get(f"{path}/history?limit=4&cursor={first['next']}")

    assert [change["version"] for change in first["changes"]] == [6, 5, 4, 3]
    assert [change["version"] for change in second["changes"]] == [2, 1]
    assert second["next"] is None


async def test_history_follows_a_renamed_field(api: Api) -> None:
    made = await api.post(DEALS, {"name": "A deal", "next_step": "Call"})
    await api.patch("/api/objects/Deal/fields/next_step", {"name": "coming_step"})

    history = await api.get(f"{DEALS}/{made['id']}/history")

    assert history["changes"][0]["changes"]["coming_step"] == {"before": None, "after": "Call"}


async def test_history_of_what_never_was_is_not_found(api: Api) -> None:
    await api.refused("GET", f"{DEALS}/deal_123/history", status=404)
    await api.refused("GET", f"{DEALS}/nonsense/history", status=404)


async def test_history_of_another_tenants_record_is_not_found(api: Api, other: Api) -> None:
    made = await api.post(DEALS, {"name": "A deal"})

    await other.refused("GET", f"{DEALS}/{made['id']}/history", status=404)
    await other.refused("GET", f"{DEALS}/{made['id']}/history?cursor=999999999", status=404)


async def test_cursor_that_is_none_is_refused(api: Api) -> None:
    made = await api.post(DEALS, {"name": "A deal"})

    for cursor in ("x", "-1", "9" * 40, "1.5"):
        await api.refused("GET", f"{DEALS}/{made['id']}/history?cursor={cursor}", status=422)
