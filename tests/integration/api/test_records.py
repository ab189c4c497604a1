"""Records one by one: create, read, change, delete, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Api, state_hash

DEALS = "/api/records/Deal"


async def a_deal(api: Api, **values: object) -> dict[str, Any]:
    made: dict[str, Any] = await api.post(DEALS, {"name": "A deal", **values})
    return made


async def test_record_is_created_read_changed_and_deleted(api: Api) -> None:
    made = await a_deal(api, value=1200.50)
    path = f"{DEALS}/{made['id']}"

    changed = await api.patch(path, {"value": 99.99})
    read = await api.get(path)
    gone = await api.delete(path)

    assert made["version"] == 1
    assert made["value"] == 1200.5
    assert changed == read
    assert (read["value"], read["version"], read["name"]) == (99.99, 2, "A deal")
    assert gone == {"id": made["id"], "deleted": True, "deleted_along": 0}
    await api.refused("GET", path, status=404)
    await api.refused("PATCH", path, {"value": 1}, status=404)
    await api.refused("DELETE", path, status=404)


async def test_other_tenant_can_do_nothing_with_a_record(
    api: Api, other: Api, app_dsn: str
) -> None:
    made = await a_deal(api)
    path = f"{DEALS}/{made['id']}"
    before = await state_hash(app_dsn)

    await other.refused("GET", path, status=404)
    await other.refused("GET", f"{path}/history", status=404)
    await other.refused("PATCH", path, {"value": 1}, status=404)
    await other.refused("DELETE", path, status=404)
    await other.refused("POST", f"{path}/restore", status=404)
    await other.refused("DELETE", f"{DEALS}?ids={made['id']}", status=404)
    answer = await other.ask("PATCH", DEALS, [{"id": made["id"], "value": 1}])

    assert answer["failed"] == 1
    assert await state_hash(app_dsn) == before


async def test_etag_is_the_version(api: Api) -> None:
    made = await a_deal(api)
    await api.patch(f"{DEALS}/{made['id']}", {"value": 1})

    answer = await api.send("GET", f"{DEALS}/{made['id']}")

    assert answer.headers["etag"] == '"2"'


async def test_numbers_keep_every_digit(api: Api) -> None:
    made = await api.send("POST", DEALS, '{"name": "Exact", "value": 12345678901.23}')

    assert '"value": 12345678901.23,' in made.text


async def test_the_asked_fields_are_shown_by_the_names_they_were_asked_by(api: Api) -> None:
    made = await a_deal(api, value=5)

    shown = await api.get(f"{DEALS}/{made['id']}?fields=name,Amount")

    assert shown == {"id": made["id"], "name": "A deal", "amount": 5}


async def test_asking_for_an_unknown_field_names_the_nearest(api: Api) -> None:
    made = await a_deal(api)

    [problem] = await api.refused("GET", f"{DEALS}/{made['id']}?fields=valeu", status=422)

    assert problem["code"] == "query.unknown_field"
    assert problem["hint"] == "Did you mean value?"


async def test_all_problems_of_a_record_are_told_at_once(api: Api) -> None:
    sent = {"value": "much", "colour": "red", "close_date": "tomorrow", "version": 3}

    problems = await api.refused("POST", DEALS, sent, status=422)

    assert {(p["code"], p["at"]) for p in problems} == {
        ("value.invalid", "/value"),
        ("metadata.unknown_field", "/colour"),
        ("value.invalid", "/close_date"),
        ("value.required", "/name"),
    }


async def test_null_clears_a_value_and_blank_does_too(api: Api) -> None:
    made = await a_deal(api, value=5, description="Long")
    path = f"{DEALS}/{made['id']}"

    changed = await api.patch(path, {"value": None, "description": "   "})

    assert (changed["value"], changed["description"]) == (None, None)


async def test_a_change_that_changes_nothing_keeps_the_version(api: Api) -> None:
    made = await a_deal(api, value=5)

    same = await api.patch(f"{DEALS}/{made['id']}", {"value": 5.00, "name": " A deal "})

    assert same == made


async def test_what_was_read_can_be_sent_back(api: Api) -> None:
    company = await api.post("/companies", {"name": "Acme"})
    made = await a_deal(api, company=company["id"], value=1)
    writable = {k: v for k, v in made.items() if k in ("id", "version", "name", "company", "owner")}

    same = await api.patch(f"{DEALS}/{made['id']}", writable)

    assert same == made


@pytest.mark.parametrize("name", ["created_at", "updated_by", "CreatedDate"])
async def test_what_the_system_writes_cannot_be_sent(api: Api, name: str) -> None:
    [problem] = await api.refused("POST", DEALS, {"name": "x", name: None}, status=422)

    assert problem["code"] == "value.read_only"


@pytest.mark.parametrize("name", ["Account", "ACCOUNT", "company", "Company"])
async def test_objects_go_by_other_names_whatever_the_case(api: Api, name: str) -> None:
    made = await api.post(f"/api/records/{name}", {"NAME": "Acme", "NumberOfEmployees": 12})

    assert made["id"].startswith("company_")
    assert made["employees"] == 12


async def test_opportunity_is_a_deal(api: Api) -> None:
    made = await api.post("/api/records/opportunity", {"name": "Big"})

    assert (await api.get(f"{DEALS}/{made['id']}"))["name"] == "Big"


async def test_a_field_sent_by_two_of_its_names_is_refused(api: Api) -> None:
    sent = {"name": "Acme", "employees": 1, "NumberOfEmployees": 2}

    [problem] = await api.refused("POST", "/api/records/Company", sent, status=422)

    assert problem["message"].endswith("is given twice.")


@pytest.mark.parametrize(
    "text",
    ["1", "deal_", "deal_xyz", "deal_fffffffffffffffff", "contact_1", "deal_1", "%00"],
)
async def test_an_id_that_is_none_is_not_found(api: Api, text: str) -> None:
    await api.refused("GET", f"{DEALS}/{text}", status=404)


async def test_id_of_another_object_is_not_found(api: Api) -> None:
    contact = await api.post("/contacts", {"last_name": "Smith"})

    await api.refused("GET", f"{DEALS}/{contact['id']}", status=404)
    await api.refused("DELETE", f"{DEALS}/{contact['id']}", status=404)
    number = contact["id"].removeprefix("contact_")
    await api.refused("GET", f"{DEALS}/deal_{number}", status=404)
    await api.refused("DELETE", f"{DEALS}/deal_{number}", status=404)
    await api.refused("PATCH", f"{DEALS}/deal_{number}", {"value": 1}, status=404)
    await api.refused("GET", f"{DEALS}/deal_{number}/history", status=404)


async def test_reference_to_nothing_is_refused(api: Api) -> None:
    [problem] = await api.refused(
        "POST", DEALS, {"name": "x", "company": "company_123"}, status=422
    )

    assert (problem["code"], problem["at"]) == ("value.unknown_reference", "/company")


async def test_reference_to_the_wrong_object_is_refused(api: Api) -> None:
    contact = await api.post("/contacts", {"last_name": "Smith"})

    [problem] = await api.refused(
        "POST", DEALS, {"name": "x", "company": contact["id"]}, status=422
    )

    assert problem["code"] == "value.unknown_reference"


async def test_owner_is_the_viewer_until_another_is_named(api: Api) -> None:
    user = await api.post("/api/records/User", {"name": "Bob", "email": "bob@acme.com"})
    made = await a_deal(api)

    given = await api.patch(f"{DEALS}/{made['id']}", {"owner": user["id"]})

    assert made["owner"]["name"] == "Administrator"
    assert given["owner"] == {"id": user["id"], "name": "Bob"}


async def test_owner_cannot_be_another_tenants_user(api: Api, other: Api) -> None:
    theirs = await other.post("/api/records/User", {"name": "Bob", "email": "bob@acme.com"})

    [problem] = await api.refused("POST", DEALS, {"name": "x", "owner": theirs["id"]}, status=422)

    assert problem["code"] == "value.unknown_reference"
