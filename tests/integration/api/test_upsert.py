"""Upserts: a record is found by a unique field, changed if it is there and created if not."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.app import Api, state_hash

CONTACTS = "/api/records/Contact"
BY_A17 = f"{CONTACTS}/by/external_id/A-17"


async def test_record_is_created_and_then_changed(api: Api) -> None:
    made = await api.ask("PUT", BY_A17, {"last_name": "Smith"}, status=201)

    changed = await api.ask("PUT", BY_A17, {"last_name": "Jones"})

    assert changed["id"] == made["id"]
    assert (changed["last_name"], changed["external_id"]) == ("Jones", "A-17")


async def test_key_is_compared_without_case(api: Api) -> None:
    made = await api.ask("PUT", BY_A17, {"last_name": "Smith"}, status=201)

    changed = await api.ask("PUT", BY_A17.lower(), {"last_name": "Jones"})

    assert changed["id"] == made["id"]


async def test_value_may_hold_slashes_and_blanks(api: Api) -> None:
    path = f"{CONTACTS}/by/external_id/a/b%20c"

    made = await api.ask("PUT", path, {"last_name": "Smith"}, status=201)

    assert made["external_id"] == "a/b c"


async def test_many_are_upserted_in_one_call(api: Api) -> None:
    await api.post("/contacts", {"last_name": "Old", "external_id": "1"})
    sent = [{"external_id": "1", "last_name": "New"}, {"external_id": "2", "last_name": "Two"}]

    answer = await api.ask("POST", f"{CONTACTS}/upsert?key=external_id", sent)
    again = await api.ask("POST", f"{CONTACTS}/upsert?key=external_id", sent)

    assert [r["operation"] for r in answer["results"]] == ["updated", "created"]
    assert [r["operation"] for r in again["results"]] == ["unchanged", "unchanged"]
    assert (await api.get(f"{CONTACTS}?count=1"))["total"] == 2


async def test_same_key_twice_in_a_call_does_not_double(api: Api) -> None:
    sent = [{"external_id": "1", "last_name": "A"}, {"external_id": "1", "last_name": "B"}]

    answer = await api.ask("POST", f"{CONTACTS}/upsert?key=external_id", sent)

    assert [r["operation"] for r in answer["results"]] == ["created", "failed"]
    assert (await api.get(f"{CONTACTS}?count=1"))["total"] == 1


@pytest.mark.parametrize("field", ["last_name", "id", "owner"])
async def test_field_that_does_not_tell_records_apart_is_refused(api: Api, field: str) -> None:
    problems = await api.refused(
        "PUT", f"{CONTACTS}/by/{field}/x", {"last_name": "Smith"}, status=422
    )

    assert problems[0]["code"] == "record.not_a_key"


async def test_unknown_key_field_is_not_found(api: Api) -> None:
    await api.refused("PUT", f"{CONTACTS}/by/colour/red", {"last_name": "Smith"}, status=404)
    await api.refused("POST", f"{CONTACTS}/upsert?key=colour", [], status=404)


async def test_key_must_be_named(api: Api) -> None:
    [problem] = await api.refused("POST", f"{CONTACTS}/upsert", [], status=422)

    assert problem["at"] == "/key"


async def test_upserts_of_one_key_at_once_make_one_record(api: Api) -> None:
    answers = await asyncio.gather(
        *(api.send("PUT", BY_A17, {"last_name": f"Smith {n}"}) for n in range(5))
    )

    assert {answer.status_code for answer in answers} <= {200, 201, 409, 422}
    assert (await api.get(f"{CONTACTS}?count=1"))["total"] == 1


async def test_key_of_another_tenant_is_free(api: Api, other: Api, app_dsn: str) -> None:
    mine = await api.ask("PUT", BY_A17, {"last_name": "Smith"}, status=201)

    theirs = await other.ask("PUT", BY_A17, {"last_name": "Jones"}, status=201)

    assert theirs["id"] != mine["id"]
    assert (await api.get(f"{CONTACTS}/{mine['id']}"))["last_name"] == "Smith"


async def test_refused_upsert_leaves_nothing(api: Api, app_dsn: str) -> None:
    before = await state_hash(app_dsn)

    await api.refused("PUT", BY_A17, {"last_name": "Smith", "birthday": "x"}, status=422)

    assert await state_hash(app_dsn) == before
