"""Optimistic locking and idempotency keys: writers that meet, and requests sent twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.app import Api, problems_of, state_hash

DEALS = "/api/records/Deal"


async def a_deal(api: Api) -> str:
    made = await api.post(DEALS, {"name": "A deal", "value": 1})
    return f"{DEALS}/{made['id']}"


@pytest.mark.parametrize("way", ["header", "weak header", "body"])
async def test_stale_change_is_refused_with_both_versions(api: Api, way: str) -> None:
    path = await a_deal(api)
    await api.patch(path, {"value": 2})
    headers = {"header": {"If-Match": '"1"'}, "weak header": {"If-Match": 'W/"1"'}}.get(way, {})
    body: dict[str, Any] = {"value": 3, **({"version": 1} if way == "body" else {})}

    [problem] = await api.refused("PATCH", path, body, headers=headers, status=409)

    assert problem["code"] == "record.stale"
    details = problem["details"]
    assert (details["current_version"], details["your_version"]) == (2, 1)
    assert details["current"]["value"] == 2
    assert details["yours"] == {"value": 3}
    assert (await api.get(path))["value"] == 2


async def test_change_of_the_present_version_is_accepted(api: Api) -> None:
    path = await a_deal(api)

    changed = await api.patch(path, {"value": 2}, headers={"If-Match": '"1"'})

    assert changed["version"] == 2


async def test_star_matches_any_version(api: Api) -> None:
    path = await a_deal(api)

    assert (await api.patch(path, {"value": 2}, headers={"If-Match": "*"}))["version"] == 2


@pytest.mark.parametrize("text", ["x", "-1", "1.0", "", '"', "9" * 20, "²"])
async def test_if_match_that_is_no_version_is_refused(api: Api, text: str) -> None:
    path = await a_deal(api)

    headers = {b"If-Match": text.encode()}
    [problem] = await api.refused("PATCH", path, {"value": 2}, headers=headers, status=422)

    assert problem["code"] == "request.bad_parameter"


@pytest.mark.parametrize("version", ["1", 1.5, True, [1], {}])
async def test_version_that_is_none_is_refused_rather_than_passed_over(
    api: Api, version: object
) -> None:
    path = await a_deal(api)

    [problem] = await api.refused("PATCH", path, {"value": 2, "version": version}, status=422)

    assert (problem["code"], problem["at"]) == ("value.invalid", "/version")


async def test_stale_deletion_is_refused(api: Api) -> None:
    path = await a_deal(api)
    await api.patch(path, {"value": 2})

    [problem] = await api.refused("DELETE", path, headers={"If-Match": '"1"'}, status=409)

    assert problem["details"] == {"current_version": 2, "your_version": 1}


async def test_stale_records_of_a_bulk_call_fail_alone(api: Api) -> None:
    first, second = await a_deal(api), await a_deal(api)
    await api.patch(first, {"value": 2})
    ids = [path.rsplit("/", 1)[1] for path in (first, second)]

    answer = await api.ask("PATCH", DEALS, [{"id": i, "version": 1, "value": 9} for i in ids])

    assert [r["operation"] for r in answer["results"]] == ["failed", "updated"]
    assert answer["results"][0]["errors"][0]["code"] == "record.stale"
    assert answer["results"][0]["version"] == 2


async def test_one_of_many_writers_of_one_version_wins(api: Api) -> None:
    path = await a_deal(api)

    answers = await asyncio.gather(
        *(api.send("PATCH", path, {"value": n, "version": 1}) for n in range(2, 8))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert (await api.get(path))["version"] == 2


async def test_writers_without_a_version_all_win_in_turn(api: Api) -> None:
    path = await a_deal(api)

    answers = await asyncio.gather(*(api.send("PATCH", path, {"value": n + 10}) for n in range(6)))

    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["version"] for answer in answers) == [2, 3, 4, 5, 6, 7]


async def test_same_key_gets_the_same_answer_and_writes_once(api: Api) -> None:
    headers = {"Idempotency-Key": "k1"}

    first = await api.send("POST", DEALS, {"name": "Once"}, headers=headers)
    second = await api.send("POST", DEALS, {"name": "Once"}, headers=headers)

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert (await api.get(f"{DEALS}?count=1"))["total"] == 1


async def test_same_key_for_another_body_is_refused(api: Api) -> None:
    headers = {"Idempotency-Key": "k1"}
    await api.post(DEALS, {"name": "Once"}, headers=headers)

    [problem] = await api.refused("POST", DEALS, {"name": "Twice"}, headers=headers, status=409)

    assert problem["code"] == "request.key_reused"
    assert (await api.get(f"{DEALS}?count=1"))["total"] == 1


async def test_same_key_for_another_address_is_refused(api: Api) -> None:
    headers = {"Idempotency-Key": "k1"}
    await api.post(DEALS, {"name": "Once"}, headers=headers)

    await api.refused("POST", "/companies", {"name": "Once"}, headers=headers, status=409)


async def test_keys_of_two_tenants_do_not_meet(api: Api, other: Api) -> None:
    headers = {"Idempotency-Key": "k1"}
    mine = await api.post(DEALS, {"name": "Once"}, headers=headers)

    theirs = await other.post(DEALS, {"name": "Another"}, headers=headers)

    assert theirs["id"] != mine["id"]


async def test_duplicates_sent_at_once_are_carried_out_once(api: Api) -> None:
    headers = {"Idempotency-Key": "k1"}

    answers = await asyncio.gather(
        *(api.send("POST", DEALS, {"name": "Once"}, headers=headers) for _ in range(6))
    )

    assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
    assert (await api.get(f"{DEALS}?count=1"))["total"] == 1


async def test_key_of_a_refused_request_may_be_used_again(api: Api) -> None:
    headers = {"Idempotency-Key": "k1"}
    await api.refused("POST", DEALS, {"value": 1}, headers=headers, status=422)

    await api.post(DEALS, {"name": "Now complete"}, headers=headers)


@pytest.mark.parametrize("key", ["", "k" * 256, "k\x00", "ü"])
async def test_key_that_is_none_is_refused(api: Api, key: str, app_dsn: str) -> None:
    before = await state_hash(app_dsn)

    headers = {b"Idempotency-Key": key.encode("latin-1")}
    answer = await api.send("POST", DEALS, {"name": "x"}, headers=headers)

    assert answer.status_code == 422
    assert problems_of(answer)[0]["code"] == "request.bad_parameter"
    assert await state_hash(app_dsn) == before


async def test_deletion_under_a_key_is_answered_again_after_the_record_has_gone(api: Api) -> None:
    path = await a_deal(api)
    headers = {"Idempotency-Key": "k1"}

    first = await api.delete(path, headers=headers)
    second = await api.delete(path, headers=headers)

    assert first == second
