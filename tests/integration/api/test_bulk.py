"""Many records in one call: all or nothing, or each with its own result."""

from __future__ import annotations

from tests.support.app import Api, state_hash

DEALS = "/api/records/Deal"


async def test_ten_thousand_records_are_written_in_one_call(api: Api) -> None:
    sent = [{"name": f"Deal {n}", "value": n} for n in range(10_000)]

    answer = await api.ask("POST", DEALS, sent)

    assert answer["created"] == 10_000
    assert len({result["id"] for result in answer["results"]}) == 10_000
    assert (await api.get(f"{DEALS}?count=1&limit=1"))["total"] == 10_000


async def test_ten_thousand_and_one_are_refused_whole(api: Api, app_dsn: str) -> None:
    before = await state_hash(app_dsn)

    [problem] = await api.refused("POST", DEALS, [{"name": "x"}] * 10_001, status=422)

    assert problem["code"] == "record.too_many"
    assert await state_hash(app_dsn) == before


async def test_each_record_has_its_own_result_in_order(api: Api) -> None:
    sent = [{"name": "Good"}, {"value": 1}, {"name": "Fine", "colour": 1}, {"name": "Good too"}]

    answer = await api.ask("POST", DEALS, sent)

    assert [r["operation"] for r in answer["results"]] == ["created", "failed", "failed", "created"]
    assert answer["results"][1]["errors"][0]["at"] == "/name"
    assert answer["results"][2]["errors"][0]["code"] == "metadata.unknown_field"
    assert answer["results"][1]["id"] is None
    assert (answer["created"], answer["failed"]) == (2, 2)
    assert (await api.get(f"{DEALS}?count=1"))["total"] == 2


async def test_one_bad_record_refuses_all_where_that_is_asked(api: Api, app_dsn: str) -> None:
    records = [{"name": "Good"}, {"value": 1}, {"name": "Fine", "colour": 1}]
    before = await state_hash(app_dsn)

    problems = await api.refused(
        "POST", DEALS, {"records": records, "all_or_nothing": True}, status=422
    )

    assert {problem["at"] for problem in problems} == {"/records/1/name", "/records/2/colour"}
    assert await state_hash(app_dsn) == before


async def test_unique_values_that_clash_within_a_call_refuse_the_later_one(api: Api) -> None:
    sent = [{"last_name": "A", "external_id": "1"}, {"last_name": "B", "external_id": "1"}]

    answer = await api.ask("POST", "/api/records/Contact", sent)

    assert [r["operation"] for r in answer["results"]] == ["created", "failed"]
    assert answer["results"][1]["errors"][0]["code"] == "value.not_unique"


async def test_all_or_nothing_with_a_unique_clash_leaves_nothing(api: Api, app_dsn: str) -> None:
    await api.post("/contacts", {"last_name": "A", "external_id": "1"})
    before = await state_hash(app_dsn)
    records = [{"last_name": "B", "external_id": "2"}, {"last_name": "C", "external_id": "1"}]

    [problem] = await api.refused(
        "POST",
        "/api/records/Contact",
        {"records": records, "all_or_nothing": True},
        status=422,
    )

    assert problem["code"] == "value.not_unique"
    assert problem["at"] == "/records/1/external_id"
    assert await state_hash(app_dsn) == before


async def test_many_are_changed_at_once(api: Api) -> None:
    made = await api.ask("POST", DEALS, [{"name": f"Deal {n}"} for n in range(3)])
    ids = [result["id"] for result in made["results"]]

    answer = await api.ask("PATCH", DEALS, [{"id": i, "value": 7} for i in ids])

    assert (answer["updated"], answer["failed"]) == (3, 0)
    listed = await api.get(f"{DEALS}?fields=value,version")
    assert {(r["value"], r["version"]) for r in listed["records"]} == {(7, 2)}


async def test_change_of_what_is_not_there_fails_alone(api: Api) -> None:
    made = await api.post(DEALS, {"name": "There"})
    contact = await api.post("/contacts", {"last_name": "Smith"})
    ids = [made["id"], "deal_123", contact["id"], "nonsense", None, 7]

    answer = await api.ask("PATCH", DEALS, [{"id": i, "value": 7} for i in ids])

    assert [r["operation"] for r in answer["results"]] == ["updated", *["failed"] * 5]
    assert {r["errors"][0]["code"] for r in answer["results"][1:]} == {"record.unknown"}
    assert (await api.get(f"/contacts/{contact['id']}"))["version"] == 1
    assert (await api.get(f"{DEALS}?count=1"))["total"] == 1


async def test_change_without_an_id_fails_and_creates_nothing(api: Api) -> None:
    answer = await api.ask("PATCH", DEALS, [{"name": "New?"}])

    assert answer["failed"] == 1
    assert (await api.get(f"{DEALS}?count=1"))["total"] == 0


async def test_same_record_twice_in_a_call_is_refused_the_second_time(api: Api) -> None:
    made = await api.post(DEALS, {"name": "There"})
    sent = [{"id": made["id"], "value": 1}, {"id": made["id"], "name": "Renamed"}]

    answer = await api.ask("PATCH", DEALS, sent)

    assert [r["operation"] for r in answer["results"]] == ["updated", "failed"]
    shown = await api.get(f"{DEALS}/{made['id']}")
    assert (shown["value"], shown["name"], shown["version"]) == (1, "There", 2)


async def test_several_are_deleted_all_or_none(api: Api, app_dsn: str) -> None:
    made = await api.ask("POST", DEALS, [{"name": f"Deal {n}"} for n in range(3)])
    first, second, third = (result["id"] for result in made["results"])
    before = await state_hash(app_dsn)

    await api.refused("DELETE", f"{DEALS}?ids={first},deal_1,{second}", status=404)
    unchanged = await state_hash(app_dsn)
    answer = await api.delete(f"{DEALS}?ids={first},{third}")

    assert unchanged == before
    assert answer == {"deleted": 2}
    assert [r["id"] for r in (await api.get(DEALS))["records"]] == [second]


async def test_an_empty_list_does_nothing(api: Api) -> None:
    answer = await api.ask("POST", DEALS, [])

    assert answer == {"results": [], "created": 0, "updated": 0, "unchanged": 0, "failed": 0}


async def test_records_of_a_bulk_call_are_not_seen_by_the_other_tenant(
    api: Api, other: Api
) -> None:
    made = await api.ask("POST", DEALS, [{"name": "Mine"}] * 3)
    ids = [result["id"] for result in made["results"]]

    answer = await other.ask("PATCH", DEALS, [{"id": i, "value": 7} for i in ids])

    assert answer["failed"] == 3
    assert (await other.get(f"{DEALS}?count=1"))["total"] == 0
    assert {r["value"] for r in (await api.get(DEALS))["records"]} == {None}
