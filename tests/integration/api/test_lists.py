"""Lists: pages that follow a cursor, filters, sorting, counts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Api

DEALS = "/api/records/Deal"


async def some_deals(api: Api, count: int, **values: object) -> list[str]:
    sent = [{"name": f"Deal {n:03d}", "value": n, **values} for n in range(count)]
    answer = await api.ask("POST", DEALS, sent)
    return [result["id"] for result in answer["results"]]


async def walk(api: Api, path: str, key: str = "records") -> list[dict[str, Any]]:
    """Follow a list's cursor to its end."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await api.get(f"{path}&cursor={cursor}" if cursor else path)
        found += page[key]
        cursor = page["next"] if "next" in page else page["meta"]["next"]
    return found


async def test_page_holds_fifty_records_unless_asked_otherwise(api: Api) -> None:
    await some_deals(api, 60)

    page = await api.get(DEALS)

    assert len(page["records"]) == 50
    assert page["next"]
    assert "total" not in page


async def test_walk_sees_every_record_once(api: Api) -> None:
    ids = await some_deals(api, 25)

    found = await walk(api, f"{DEALS}?limit=4")

    assert [record["id"] for record in found] == ids


@pytest.mark.parametrize("order", ["", "name DESC", "value DESC", "stage, value DESC"])
async def test_walk_sees_each_old_record_once_while_others_arrive(api: Api, order: str) -> None:
    ids = await some_deals(api, 25)
    path = f"{DEALS}?limit=4&fields=name" + (f"&order_by={order}" if order else "")
    page = await api.get(path)
    seen = [record["id"] for record in page["records"]]

    while page["next"]:
        await api.post(DEALS, {"name": "Deal 012b", "value": 12})
        page = await api.get(f"{path}&cursor={page['next']}")
        seen += [record["id"] for record in page["records"]]

    assert sorted(i for i in seen if i in set(ids)) == sorted(ids)
    assert len(seen) == len(set(seen))


async def test_walk_sees_each_record_once_where_sort_keys_are_missing(api: Api) -> None:
    with_value = await some_deals(api, 5)
    without = await some_deals(api, 6, value=None)

    rising = await walk(api, f"{DEALS}?limit=2&order_by=value")
    falling = await walk(api, f"{DEALS}?limit=2&order_by=value DESC")

    assert len(rising) == len(falling) == 11
    assert {r["id"] for r in rising} == {r["id"] for r in falling} == {*with_value, *without}


async def test_cursor_of_another_order_is_refused(api: Api) -> None:
    await some_deals(api, 5)
    page = await api.get(f"{DEALS}?limit=2&order_by=name")

    [problem] = await api.refused(
        "GET", f"{DEALS}?limit=2&order_by=value&cursor={page['next']}", status=422
    )

    assert problem["code"] == "query.bad_cursor"


@pytest.mark.parametrize(
    "cursor", ["x", "=", "%F0%9F%92%A9", "e30=", "W10", "bnVsbA", "A" * 5000, "eyJhIjoxfQ=="]
)
async def test_broken_cursor_is_refused(api: Api, cursor: str) -> None:
    [problem] = await api.refused("GET", f"{DEALS}?cursor={cursor}", status=422)

    assert problem["code"] == "query.bad_cursor"


async def test_cursor_of_another_tenant_is_refused(api: Api, other: Api) -> None:
    await some_deals(api, 5)
    page = await api.get(f"{DEALS}?limit=2")

    [problem] = await other.refused("GET", f"{DEALS}?limit=2&cursor={page['next']}", status=422)

    assert problem["code"] == "query.bad_cursor"


@pytest.mark.parametrize("limit", ["0", "-1", "2001", "x", "1.5", "9" * 30, "²", "1e3", " 1"])
async def test_limit_that_makes_no_sense_is_refused(api: Api, limit: str) -> None:
    [problem] = await api.refused("GET", f"{DEALS}?limit={limit}", status=422)

    assert (problem["code"], problem["at"]) == ("request.bad_parameter", "/limit")


async def test_filter_sort_and_count_go_together(api: Api) -> None:
    await some_deals(api, 20)

    page = await api.get(f"{DEALS}?where=value >= 15&order_by=value DESC&limit=2&count=1")

    assert [record["value"] for record in page["records"]] == [19, 18]
    assert page["total"] == 5


async def test_filter_that_cannot_be_read_tells_where(api: Api) -> None:
    [problem] = await api.refused("GET", f"{DEALS}?where=value >> 15", status=422)

    assert problem["code"] == "query.syntax"
    assert problem["at"]["line"] == 1


async def test_other_tenant_counts_and_lists_nothing(api: Api, other: Api) -> None:
    await some_deals(api, 3)

    assert await other.get(f"{DEALS}?count=1") == {"records": [], "next": None, "total": 0}
    assert (await other.get("/deals"))["meta"]["total"] == 0
    asked = {"q": "SELECT COUNT() FROM Deal"}
    assert (await other.ask("POST", "/api/query", asked))["total"] == 0


async def test_deleted_records_are_neither_listed_nor_counted(api: Api) -> None:
    ids = await some_deals(api, 3)
    await api.delete(f"{DEALS}/{ids[1]}")

    page = await api.get(f"{DEALS}?count=1")

    assert [record["id"] for record in page["records"]] == [ids[0], ids[2]]
    assert page["total"] == 2


async def test_short_address_tells_tenant_total_and_cursor(api: Api) -> None:
    await some_deals(api, 5)

    page = await api.get("/deals?limit=2")
    everything = await walk(api, "/v1/deals?limit=2", "data")

    assert page["meta"]["tenant"] == "default"
    assert page["meta"]["total"] == 5
    assert len(everything) == 5


async def test_short_address_counts_records_in_the_order_of_their_making(api: Api) -> None:
    ids = await some_deals(api, 3)
    await api.delete(f"/deals/{ids[0]}")

    assert (await api.get("/deals/1"))["id"] == ids[1]
    await api.refused("GET", "/deals/3", status=404)
    await api.refused("GET", "/deals/0", status=404)


async def test_number_means_a_record_of_ones_own_tenant(api: Api, other: Api) -> None:
    await some_deals(api, 1)

    await other.refused("GET", "/deals/1", status=404)


async def test_list_of_a_page_asks_few_statements(api: Api) -> None:
    await some_deals(api, 3)

    answer = await api.send("GET", DEALS)

    assert answer.status_code == 200
