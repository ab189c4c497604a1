"""Objects and fields get other names over HTTP, and keep their records and values."""

from __future__ import annotations

from typing import Any

from tests.support.app import Api

PROJECT = {
    "name": "Project",
    "fields": [{"name": "name", "type": "text"}, {"name": "code", "type": "text", "length": 40}],
}


async def own_fields(api: Api, name: str) -> list[str]:
    """Give the names of an object's own fields."""
    shown: dict[str, Any] = await api.get(f"/api/objects/{name}")
    return [field["name"] for field in shown["fields"] if not field["system"]]


async def test_a_renamed_field_stays_one_field_with_its_values(api: Api) -> None:
    await api.post("/api/objects", PROJECT)
    made = await api.post("/api/records/Project__c", {"name": "Shop", "code": "P-1"})

    changes = {"name": "reference", "label": "Our number"}
    await api.patch("/api/objects/Project__c/fields/code", changes)

    record = await api.get(f"/api/records/Project__c/{made['id']}")
    assert await own_fields(api, "Project__c") == ["name", "reference"]
    assert record["reference"] == "P-1"


async def test_a_renamed_object_stays_one_object_with_its_records(api: Api) -> None:
    await api.post("/api/objects", PROJECT)
    await api.post("/api/records/Project__c", {"name": "Shop"})

    changes = {"name": "Venture", "label": "Venture", "plural_name": "Ventures"}
    shown = await api.patch("/api/objects/Project__c", changes)

    found = await api.get("/ventures")
    assert (shown["id"], shown["label"]) == ("Venture__c", "Venture")
    assert [record["name"] for record in found["data"]] == ["Shop"]
    await api.get("/api/objects/Project__c", status=404)


async def test_a_name_alone_may_change(api: Api) -> None:
    await api.post("/api/objects", PROJECT)

    shown = await api.patch("/api/objects/Project__c", {"name": "Venture"})

    assert (shown["id"], shown["plural_name"]) == ("Venture__c", "Projects")


async def test_conditions_of_rules_and_policies_follow_a_rename(api: Api) -> None:
    await api.post("/api/objects", PROJECT)
    await api.patch("/api/objects/Project__c", {"sharing": "private"})
    components = "/api/metadata/components"
    here = {"object": "Project__c", "where": "code = 'P-1' AND name != null"}
    bodies: dict[str, dict[str, Any]] = {
        "territory": {"name": "North", "label": "North"},
        "territory_rule": {**here, "name": "Mine", "territory": "North"},
        "sharing_rule": {**here, "name": "All", "share_with": {"everyone": True}},
        "retention_policy": {**here, "name": "Old", "of": "records", "days": 30},
    }
    for kind, body in bodies.items():
        await api.post(f"{components}/{kind}", body)
    used = await api.get("/api/metadata/where-used/field/Project__c.code")

    await api.patch("/api/objects/Project__c/fields/code", {"name": "reference"})
    await api.patch("/api/objects/Project__c", {"name": "Venture"})

    names = {"territory_rule": "Mine", "sharing_rule": "All", "retention_policy": "Old"}
    assert {(one["kind"], one["name"]) for one in used["uses"]} >= set(names.items())
    for kind, name in names.items():
        found = await api.get(f"{components}/{kind}/{name}")
        assert found["object"] == "Venture__c"
        assert found["where"] == "reference = 'P-1' AND name != null"
