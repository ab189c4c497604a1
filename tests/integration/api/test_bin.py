"""The recycle bin: what a deletion does to others, and that restoring puts all of it back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Api, owner_connection, state_hash


def an_object(name: str, target: str, on_delete: str, type_: str = "lookup") -> dict[str, Any]:
    """Give an object with a name and a reference that behaves in one way."""
    reference = {"name": "target", "type": type_, "references": target}
    if type_ == "lookup":
        reference["on_delete"] = on_delete
    return {"name": name, "fields": [{"name": "name", "type": "text"}, reference]}


async def a_pair(api: Api, on_delete: str, type_: str = "lookup") -> tuple[str, str]:
    """Make a company and a record that points to it; give both paths."""
    await api.post("/api/objects", an_object("Thing", "Company", on_delete, type_))
    company = await api.post("/companies", {"name": "Acme"})
    thing = await api.post("/things", {"name": "It", "target": company["id"]})
    return f"/companies/{company['id']}", f"/things/{thing['id']}"


async def restore(api: Api, path: str, **more: Any) -> Any:
    names = {"companies": "Company", "things": "Thing__c", "contacts": "Contact"}
    _, plural, number = path.split("/")
    restoring = f"/api/records/{names[plural]}/{number}/restore"
    return await api.ask("POST", restoring, **more)


async def test_deleted_record_comes_back_as_it_was(api: Api) -> None:
    made = await api.post("/companies", {"name": "Acme", "domain": "acme.com", "employees": 3})
    path = f"/companies/{made['id']}"
    await api.delete(path)

    answer = await restore(api, path)

    back = await api.get(path)
    assert answer == {"id": made["id"], "restored": 1}
    assert {k: v for k, v in back.items() if k not in ("version", "updated_at")} == {
        k: v for k, v in made.items() if k not in ("version", "updated_at")
    }
    assert back["version"] == 3


async def test_clear_empties_the_reference_and_restoring_fills_it_again(api: Api) -> None:
    company, thing = await a_pair(api, "clear")

    gone = await api.delete(company)
    emptied = await api.get(thing)
    await restore(api, company)

    assert gone["deleted_along"] == 0
    assert emptied["target"] is None
    assert (await api.get(thing))["target"]["name"] == "Acme"


async def test_reference_that_was_given_another_value_keeps_it(api: Api) -> None:
    company, thing = await a_pair(api, "clear")
    another = await api.post("/companies", {"name": "Another"})
    await api.delete(company)
    await api.patch(thing, {"target": another["id"]})

    await restore(api, company)

    assert (await api.get(thing))["target"]["name"] == "Another"


async def test_restrict_refuses_and_leaves_all_as_it_was(api: Api, app_dsn: str) -> None:
    company, thing = await a_pair(api, "restrict")
    before = await state_hash(app_dsn)

    [problem] = await api.refused("DELETE", company, status=409)

    assert problem["code"] == "record.still_referenced"
    assert thing.rsplit("/", 1)[1] in problem["message"]
    assert await state_hash(app_dsn) == before


async def test_restricted_record_goes_once_nothing_points_to_it(api: Api) -> None:
    company, thing = await a_pair(api, "restrict")
    await api.patch(thing, {"target": None})

    assert (await api.delete(company))["deleted"] is True


@pytest.mark.parametrize("type_", ["lookup", "master_detail"])
async def test_cascade_takes_the_record_along_and_brings_it_back(api: Api, type_: str) -> None:
    company, thing = await a_pair(api, "cascade", type_)

    gone = await api.delete(company)
    await api.refused("GET", thing, status=404)
    answer = await restore(api, company)

    assert gone["deleted_along"] == 1
    assert answer["restored"] == 2
    assert (await api.get(thing))["target"]["name"] == "Acme"


async def test_cascade_goes_as_deep_as_the_references_do(api: Api) -> None:
    company, thing = await a_pair(api, "cascade")
    await api.post("/api/objects", an_object("Part", "Thing__c", "cascade"))
    part = await api.post("/parts", {"name": "Part", "target": thing.rsplit("/", 1)[1]})

    gone = await api.delete(company)
    await restore(api, company)

    assert gone["deleted_along"] == 2
    assert (await api.get(f"/parts/{part['id']}"))["target"]["name"] == "It"


async def test_restrict_below_a_cascade_refuses_the_whole(api: Api, app_dsn: str) -> None:
    company, thing = await a_pair(api, "cascade")
    await api.post("/api/objects", an_object("Part", "Thing__c", "restrict"))
    await api.post("/parts", {"name": "Part", "target": thing.rsplit("/", 1)[1]})
    before = await state_hash(app_dsn)

    await api.refused("DELETE", company, status=409)

    assert await state_hash(app_dsn) == before


async def test_record_that_points_to_itself_is_deleted_and_restored(api: Api) -> None:
    await api.post("/api/objects", an_object("Thing", "Thing", "cascade"))
    thing = await api.post("/things", {"name": "It"})
    path = f"/things/{thing['id']}"
    await api.patch(path, {"target": thing["id"]})

    gone = await api.delete(path)
    await restore(api, path)

    assert gone["deleted_along"] == 0
    assert (await api.get(path))["target"]["id"] == thing["id"]


async def test_record_that_went_along_brings_the_whole_deletion_back(api: Api) -> None:
    company, thing = await a_pair(api, "cascade")
    await api.delete(company)

    answer = await restore(api, thing)

    assert answer["restored"] == 2
    assert (await api.get(company))["name"] == "Acme"


async def test_unique_value_is_free_while_its_record_lies_in_the_bin(api: Api) -> None:
    first = await api.post("/contacts", {"last_name": "A", "external_id": "1"})
    path = f"/contacts/{first['id']}"
    await api.delete(path)
    await api.post("/contacts", {"last_name": "B", "external_id": "1"})

    [problem] = await restore_refused(api, path, status=422)

    assert problem["code"] == "value.not_unique"


async def restore_refused(api: Api, path: str, status: int) -> list[dict[str, Any]]:
    number = path.rsplit("/", 1)[1]
    return await api.refused("POST", f"/api/records/Contact/{number}/restore", status=status)


async def test_what_is_not_in_the_bin_cannot_be_restored(api: Api) -> None:
    made = await api.post("/contacts", {"last_name": "A"})

    await restore_refused(api, f"/contacts/{made['id']}", status=404)
    await api.delete(f"/contacts/{made['id']}")
    await restore(api, f"/contacts/{made['id']}")
    await restore_refused(api, f"/contacts/{made['id']}", status=404)


async def test_record_is_restored_at_its_own_objects_address_alone(api: Api) -> None:
    made = await api.post("/contacts", {"last_name": "A"})
    await api.delete(f"/contacts/{made['id']}")
    number = made["id"].removeprefix("contact_")

    await api.refused("POST", f"/api/records/Deal/deal_{number}/restore", status=404)


async def test_other_tenant_cannot_restore(api: Api, other: Api, app_dsn: str) -> None:
    company, _ = await a_pair(api, "cascade")
    await api.delete(company)
    before = await state_hash(app_dsn)

    number = company.rsplit("/", 1)[1]
    await other.refused("POST", f"/api/records/Company/{number}/restore", status=404)

    assert await state_hash(app_dsn) == before


async def test_deletion_and_restoring_leave_links_and_search_as_they_were(
    api: Api, app_dsn: str
) -> None:
    company, _ = await a_pair(api, "clear")
    before = await side_tables(app_dsn)
    await api.delete(company)
    without = await side_tables(app_dsn)

    await restore(api, company)

    assert without != before
    assert await side_tables(app_dsn) == before


async def side_tables(dsn: str) -> list[list[Any]]:
    async with owner_connection(dsn) as connection:
        return [
            [
                tuple(row)
                for row in await connection.fetch(f"SELECT * FROM {table} ORDER BY 1, 2, 3")
            ]
            for table in ("link", "record_search", "record_unique", "bin")
        ]


async def test_two_deletions_that_take_turns_come_back_one_by_one(api: Api) -> None:
    first, thing = await a_pair(api, "clear")
    contact = await api.post("/contacts", {"last_name": "A", "company": first.rsplit("/", 1)[1]})
    await api.delete(f"/contacts/{contact['id']}")
    await api.delete(first)

    await restore(api, first)
    await restore(api, f"/contacts/{contact['id']}")

    assert (await api.get(thing))["target"]["name"] == "Acme"
    assert (await api.get(f"/contacts/{contact['id']}"))["company"]["name"] == "Acme"


async def test_restored_record_whose_target_has_gone_points_to_nothing_unseen(api: Api) -> None:
    company, thing = await a_pair(api, "clear")
    await api.delete(thing)
    await api.delete(company)

    await restore(api, thing)

    shown = await api.get(thing)
    assert shown["target"] is None
    await restore(api, company)
    assert (await api.get(thing))["target"]["name"] == "Acme"
