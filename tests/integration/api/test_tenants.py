"""Tenants are made and listed by the platform's administrator alone."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.app import Api

TENANTS = "/api/platform/tenants"


async def test_tenant_is_made_with_the_crm_and_nothing_of_others(api: Api) -> None:
    await api.post("/contacts", {"last_name": "Smith"})

    made = await api.post(TENANTS, {"name": "acme", "label": "Acme Corp"})
    listed = await api.get(TENANTS)
    contacts = await api.get("/contacts", headers={"X-Tenant": "acme"})

    assert (made["name"], made["label"], made["status"]) == ("acme", "Acme Corp", "active")
    assert {one["name"] for one in listed["tenants"]} == {"default", "other", "acme"}
    assert contacts == {"data": [], "meta": {"tenant": "acme", "total": 0, "next": None}}


async def test_tenants_page_by_cursor(api: Api) -> None:
    first = await api.get(f"{TENANTS}?limit=1")
    second = await api.get(f"{TENANTS}?limit=1&cursor={first['next']}")

    assert [page["tenants"][0]["name"] for page in (first, second)] == ["default", "other"]
    assert second["next"] is None


async def test_other_tenants_administrator_neither_sees_nor_makes_tenants(other: Api) -> None:
    await other.refused("GET", TENANTS, status=403)
    await other.refused("POST", TENANTS, {"name": "acme"}, status=403)


@pytest.mark.parametrize("name", ["", "A", "a", "1a", "-a", "a-", "a b", "ä", "a" * 64, None, 7])
async def test_bad_name_is_refused(api: Api, name: object) -> None:
    await api.refused("POST", TENANTS, {"name": name}, status=422)

    assert len((await api.get(TENANTS))["tenants"]) == 2


async def test_name_that_is_taken_is_refused(api: Api) -> None:
    [problem] = await api.refused("POST", TENANTS, {"name": "other"}, status=409)

    assert problem["code"] == "tenant.exists"


async def test_tenant_that_two_make_at_once_is_made_once(api: Api) -> None:
    answers = await asyncio.gather(*(api.send("POST", TENANTS, {"name": "acme"}) for _ in range(3)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert len((await api.get("/api/objects", headers={"X-Tenant": "acme"}))["objects"]) > 20
