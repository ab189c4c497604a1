"""Objects that hold settings or metadata: who writes their records, and formulas that read them."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette

from tests.integration.api.test_permissions import Team, team
from tests.support.app import Api
from tests.support.pages import browser_of

__all__ = ["team"]
APPLY = "/api/metadata/apply"
LIMITS: dict[str, Any] = {
    "kind": "object",
    "name": "Limits__c",
    "label": "Limits",
    "plural_label": "Limits",
    "holds": "settings",
    "fields": [
        {"name": "Discount__c", "type": "number", "places": 1},
        {"name": "Note__c", "type": "text"},
        {"name": "Off__c", "type": "checkbox"},
    ],
}
READS = {
    "discount": ("number", "$Setup.Limits__c.Discount__c * 2"),
    "note": ("text", "$Setup.Limits__c.Note__c"),
    "off": ("text", "IF($Setup.limits__c.off__c, 'off', 'on')"),
}
REGION: dict[str, Any] = {
    "kind": "object",
    "name": "Region__mdt",
    "label": "Region",
    "holds": "metadata",
    "fields": [
        {"name": "Rate__c", "type": "percent", "places": 1},
        {"name": "Above__c", "type": "lookup", "references": "Region__mdt", "child_name": "below"},
        {"name": "Open__c", "type": "checkbox"},
    ],
}
RECORDS: list[dict[str, Any]] = [
    {
        "kind": "metadata_record",
        "name": "Region__mdt.North",
        "object": "Region__mdt",
        "label": "The North",
        "values": {"Rate__c": 12.5, "Above__c": "World", "Open__c": True},
    },
    {
        "kind": "metadata_record",
        "name": "Region__mdt.World",
        "object": "Region__mdt",
        "label": "The World",
        "values": {"Rate__c": 5},
    },
]


async def apply(api: Api, *components: dict[str, Any], **more: Any) -> Any:
    """Apply a change set."""
    said = {**({"components": list(components)} if components else {}), **more}
    plan = await api.post("/api/metadata/plan", said, status=200)
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    return await api.post(APPLY, {**said, **agreed}, status=200)


async def asked(api: Api, text: str) -> list[dict[str, Any]]:
    """Give the records of a query."""
    found: list[dict[str, Any]] = (await api.post("/api/query", {"q": text}, status=200))["records"]
    return found


async def told(api: Api, deal: str) -> list[Any]:
    """Give what formula fields read of the settings for whoever asks."""
    shown = await api.get(f"/deals/{deal}")
    return [shown[f"told_{name}"] for name in READS]


async def test_settings_hold_for_one_person_then_a_profile_then_everybody(team: Team) -> None:
    admin, ben = team.admin, team.ben
    await apply(
        admin,
        LIMITS,
        *(
            {"kind": "field", "name": f"Deal.told_{name}", "type": kind, "formula": formula}
            for name, (kind, formula) in READS.items()
        ),
        {
            "kind": "validation_rule",
            "name": "Deal.too_much",
            "object": "Deal",
            "condition": "NOT($Setup.Limits__c.Off__c) && value > $Setup.Limits__c.Discount__c",
            "message": "This is too much.",
        },
        {
            "kind": "permission_set",
            "name": "Seller",
            "label": "Seller",
            "is_profile": True,
            "all_objects": ["create", "read", "edit"],
            "all_fields": "edit",
        },
    )
    await team.give("Seller")
    deal = (await ben.post("/deals", {"name": "Roof"}))["id"]
    before = await told(ben, deal)
    rows = "/api/records/Limits__c"
    everybody = {"SetupOwnerId": "organization", "Discount__c": 10, "Note__c": "all"}
    made = await admin.post(rows, {**everybody, "Off__c": True})
    first = await told(ben, deal)
    await admin.post(rows, {"setup_owner": "profile:seller", "Discount__c": 20})
    second = await told(ben, deal)
    await ben.refused("POST", "/deals", {"name": "Barn", "value": 21}, status=422)
    await admin.post(rows, {"setup_owner": team.ben_id, "Discount__c": 30, "Off__c": True})
    third = await told(ben, deal)
    await ben.post("/deals", {"name": "Barn", "value": 31})

    assert before == [None, None, "on"]
    assert first == [20, "all", "off"]
    assert second == [40, "all", "on"]  # the checkbox of the profile's settings is false
    assert third == [60, "all", "off"]
    assert await told(admin, deal) == [20, "all", "off"]
    (problem,) = await ben.refused("PATCH", f"{rows}/{made['id']}", {"Note__c": "x"}, status=403)
    assert problem["code"] == "access.forbidden"
    (problem,) = await admin.refused("POST", rows, {"setup_owner": "profile:None"}, status=422)
    assert problem["at"] == "/setup_owner"
    await admin.refused("POST", rows, everybody, status=422)  # there are some for all already

    await apply(admin, rename=[{"kind": "permission_set", "name": "Seller", "to": "Vendor"}])
    owners = {one["setup_owner"] for one in await asked(admin, "SELECT setup_owner FROM Limits__c")}
    assert owners == {"organization", "profile:Vendor", team.ben_id}
    assert await told(ben, deal) == third


async def test_records_of_metadata_are_rows_that_only_the_setup_changes(api: Api) -> None:
    told_rate = {
        "kind": "field",
        "name": "Deal.told",
        "type": "percent",
        "places": 1,
        "formula": "$CustomMetadata.Region__mdt.North.Rate__c",
    }
    await apply(api, REGION, *RECORDS)
    await apply(api, told_rate)
    deal = (await api.post("/deals", {"name": "Roof"}))["id"]
    rows = await asked(
        api,
        "SELECT DeveloperName, MasterLabel, Rate__c, Open__c, Above__r.DeveloperName"
        " FROM Region__mdt ORDER BY developer_name",
    )
    assert [one["DeveloperName"] for one in rows] == ["North", "World"]
    assert rows[0]["Above__r"]["DeveloperName"] == "World"
    assert (rows[0]["MasterLabel"], rows[0]["Rate__c"], rows[0]["Open__c"]) == (
        "The North",
        12.5,
        True,
    )
    assert (await api.get(f"/deals/{deal}"))["told"] == 12.5

    path = f"/api/records/Region__mdt/{(await asked(api, 'SELECT id FROM Region__mdt'))[0]['id']}"
    for method, at, body in (
        ("POST", "/api/records/Region__mdt", {"developer_name": "X", "master_label": "X"}),
        ("PATCH", path, {"Rate__c": 1}),
        ("DELETE", path, None),
    ):
        (problem,) = await api.refused(method, at, body, status=403)
        assert problem["code"] == "record.is_metadata"
    north = {**RECORDS[0], "values": {"Rate__c": 40}}
    version = (await apply(api, north))["version"]
    assert (await api.get(f"/deals/{deal}"))["told"] == 40
    (left,) = await asked(
        api, "SELECT Rate__c, Open__c, Above__c FROM Region__mdt WHERE DeveloperName = 'North'"
    )
    assert {**left, "id": None} == {"id": None, "Rate__c": 40, "Open__c": None, "Above__c": None}
    await api.post(f"/api/metadata/undo/{version}", {}, status=200)
    assert (await api.get(f"/deals/{deal}"))["told"] == 12.5


async def test_removed_record_of_metadata_comes_back_with_what_points_to_it(api: Api) -> None:
    await apply(api, REGION, *RECORDS)
    (was,) = await asked(api, "SELECT id FROM Region__mdt WHERE DeveloperName = 'World'")

    named = {"kind": "metadata_record", "name": "Region__mdt.World"}
    version = (await apply(api, remove=[named]))["version"]
    (left,) = await asked(api, "SELECT Above__c FROM Region__mdt")
    await api.post(f"/api/metadata/undo/{version}", {}, status=200)
    (back,) = await asked(api, "SELECT id, Above__c FROM Region__mdt WHERE Above__c != NULL")
    await apply(api, rename=[{**named, "to": "Region__mdt.Earth"}])
    rows = await asked(api, "SELECT id FROM Region__mdt WHERE DeveloperName = 'Earth'")

    assert left["Above__c"] is None
    assert back["Above__c"] == was["id"] or back["Above__c"]["id"] == was["id"]
    assert rows == [was]


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"values": {"Rate__c": "much"}}, "/components/0/values/Rate__c"),
        ({"values": {"Rat__c": 1}}, "/components/0/values/Rat__c"),
        ({"object": "Deal", "name": "Deal.North"}, "/components/0/object"),
    ],
)
async def test_record_of_metadata_that_cannot_be_is_told_in_the_plan(
    api: Api, change: dict[str, Any], at: str
) -> None:
    await apply(api, REGION)
    said = {"components": [{**RECORDS[1], **change}]}

    problems = await api.refused("POST", "/api/metadata/plan", said, status=422)

    assert at in [problem["at"] for problem in problems]


async def test_field_that_an_object_has_for_what_it_holds_stays(api: Api) -> None:
    await apply(api, LIMITS)
    said = {"remove": [{"kind": "field", "name": "Limits__c.setup_owner"}]}

    (problem,) = await api.refused("POST", "/api/metadata/plan", said, status=422)

    assert problem["code"] == "metadata.still_needed"


async def test_pages_declare_records_of_metadata_and_show_who_has_settings(
    app: Starlette, api: Api
) -> None:
    await apply(api, REGION, *RECORDS, LIMITS)
    await api.post("/api/records/Limits__c", {"setup_owner": "organization", "Discount__c": 10})
    async with browser_of(app) as browser:
        new = "/admin/Region__mdt/new"
        world = (await asked(api, "SELECT id FROM Region__mdt WHERE DeveloperName = 'World'"))[0]
        typed = {"master_label": "The South", "developer_name": "South", "Rate__c": "7"}
        made = await browser.send(new, {**typed, "Above__c": world["id"]})
        wrong = await browser.send(new, {**typed, "developer_name": "not a name"})
        edit = f"{made.headers['location']}/edit"
        saved = await browser.send(edit, {**typed, "developer_name": "Cape", "Rate__c": "8"})
        settings = await browser.open("/admin/settings")
        rows = await asked(
            api, "SELECT DeveloperName, Rate__c FROM Region__mdt WHERE Above__r.MasterLabel != NULL"
        )
        await browser.send(edit, {**typed, "developer_name": "Cape", "Rate__c": ""})
        blank = await asked(api, "SELECT id FROM Region__mdt WHERE Rate__c = NULL")
        gone = await browser.send(
            f"{made.headers['location']}/delete", {}, form=made.headers["location"]
        )

    assert (made.status_code, wrong.status_code, saved.status_code) == (303, 422, 303)
    assert {"DeveloperName": "Cape", "Rate__c": 8} in [
        {key: row[key] for key in ("DeveloperName", "Rate__c")} for row in rows
    ]
    assert len(blank) == 1
    assert "Everybody" in settings
    assert "Region__mdt" in settings
    assert gone.status_code == 303
    assert len(await asked(api, "SELECT id FROM Region__mdt")) == 2


async def test_what_was_declared_is_not_entered_afterwards(api: Api) -> None:
    await apply(api, REGION, *RECORDS)
    entered = {**REGION, "holds": "records"}

    [problem] = await api.refused(
        "POST", "/api/metadata/plan", {"components": [entered]}, status=422
    )

    assert "Region has records" in problem["message"]
