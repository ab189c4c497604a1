"""/api/storage and /api/bin as callers meet them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Api

MANY = {
    "name": "Many",
    "fields": [
        {"name": "name", "type": "text"},
        *({"name": f"t{n}", "type": "text"} for n in range(2, 9)),
        {"name": "late", "type": "text"},
        {"name": "size", "type": "number", "indexed": False},
    ],
}


async def of_object(api: Api, name: str) -> dict[str, Any]:
    shown = (await api.get("/api/storage"))["objects"]
    (found,) = [one for one in shown if one["object"] == name]
    assert isinstance(found, dict)
    return found


async def test_storage_tells_of_every_object(api: Api) -> None:
    await api.post("/api/objects", MANY)
    await api.post("/api/records/Many__c", {"name": "one"})

    shown = await of_object(api, "Many__c")

    assert shown["rows"] == 1
    assert shown["rows_exact"]
    assert shown["place"] == "shared"
    assert shown["slots"]["text"] == {"used": 8, "of": 8}
    assert shown["slots"]["number"] == {"used": 0, "of": 8}
    assert shown["work"] is None


async def test_promotion_is_a_job(api: Api) -> None:
    await api.post("/api/objects", MANY)

    answer = await api.post("/api/storage/Many__c/promote", None, status=202)

    job = await api.get(answer["url"])
    assert job["kind"] == "storage.move"
    assert (await of_object(api, "Many__c"))["work"]["job"] == answer["job"]
    problems = await api.refused("POST", "/api/storage/Many__c/promote", status=409)
    assert problems[0]["code"] == "storage.busy"


async def test_an_object_in_the_shared_heap_cannot_be_demoted(api: Api) -> None:
    problems = await api.refused("POST", "/api/storage/Company/demote", status=409)

    assert problems[0]["code"] == "storage.already_there"


async def test_slots_are_lent_and_passed_on_with_one_request(api: Api) -> None:
    await api.post("/api/objects", MANY)

    lent = await api.post("/api/storage/Many__c/slots/size", {}, status=202)
    passed = await api.post("/api/storage/Many__c/slots/late", {"instead_of": "t2"}, status=202)

    assert (await api.get(lent["url"]))["kind"] == "storage.fill_slot"
    assert (await api.get(passed["url"]))["kind"] == "storage.empty_slot"
    problems = await api.refused("DELETE", "/api/storage/Many__c/slots/t2", status=409)
    assert problems[0]["code"] == "storage.busy"


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "/api/storage/Company/slots/id", {}, "storage.slot_not_possible"),
        ("POST", "/api/storage/Company/slots/name", {"instead_of": 5}, "request.bad_parameter"),
        ("GET", "/api/bin?cursor=zz", None, "request.bad_parameter"),
        ("GET", "/api/bin?cursor=fffffffffffffffff-0", None, "request.bad_parameter"),
        ("POST", "/api/bin/empty", {"count": "all"}, "request.bad_json"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    api: Api, method: str, path: str, body: Any, code: str
) -> None:
    problems = await api.refused(method, path, body, status=422)

    assert problems[0]["code"] == code


async def test_the_bin_is_paged_and_gives_records_back(api: Api) -> None:
    for number in range(5):
        made = await api.post("/companies", {"name": f"Company {number}"})
        await api.delete(f"/companies/{made['id']}")
    first = await api.get("/api/bin", params={"limit": 3})
    second = await api.get("/api/bin", params={"limit": 3, "cursor": first["next"]})
    names = [one["name"] for one in (*first["deletions"], *second["deletions"])]

    assert names == [f"Company {number}" for number in (4, 3, 2, 1, 0)]
    assert second["next"] is None
    restored = await api.ask("POST", f"/api/bin/{first['deletions'][0]['id']}/restore")
    assert restored == {"restored": 1}
    assert len((await api.get("/api/bin"))["deletions"]) == 4


async def test_emptying_needs_the_right_number(api: Api) -> None:
    made = await api.post("/companies", {"name": "Gone"})
    await api.delete(f"/companies/{made['id']}")

    problems = await api.refused("POST", "/api/bin/empty", {"count": 7}, status=409)
    answer = await api.post("/api/bin/empty", {"count": 1}, status=202)

    assert problems[0]["code"] == "bin.wrong_count"
    assert problems[0]["details"] == {"count": 1}
    assert (await api.get(answer["url"]))["kind"] == "storage.purge"


async def test_a_tenant_sees_neither_bin_nor_storage_of_another(api: Api, other: Api) -> None:
    made = await api.post("/companies", {"name": "Ours"})
    await api.delete(f"/companies/{made['id']}")
    await api.post("/api/objects", MANY)

    assert (await other.get("/api/bin"))["deletions"] == []
    await other.refused("POST", f"/api/bin/{made['id']}/restore", status=404)
    await other.refused("POST", "/api/storage/Many__c/promote", status=404)
    assert all(one["object"] != "Many__c" for one in (await other.get("/api/storage"))["objects"])


async def test_records_that_went_along_are_counted(api: Api) -> None:
    part = {"name": "whole", "type": "master_detail", "references": "Many__c"}
    await api.post("/api/objects", MANY)
    await api.post(
        "/api/objects", {"name": "Part", "fields": [{"name": "name", "type": "text"}, part]}
    )
    whole = await api.post("/api/records/Many__c", {"name": "Whole"})
    for name in ("a", "b"):
        await api.post("/api/records/Part__c", {"name": name, "whole": whole["id"]})
    await api.delete(f"/api/records/Many__c/{whole['id']}")

    (one,) = (await api.get("/api/bin"))["deletions"]

    assert (one["name"], one["along"]) == ("Whole", 2)
    assert one["deleted_by"].startswith("user_")
