"""Lists and records as they were: as_of in the address."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from tests.support.app import Api


@pytest.fixture
async def renamed(api: Api) -> tuple[Api, str, str]:
    """The application, a company that got another name, and an instant in between."""
    made = await api.post("/companies", {"name": "Old", "industry": "Retail"})
    await asyncio.sleep(0.05)
    between = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    await asyncio.sleep(0.05)
    await api.patch(f"/companies/{made['id']}", {"name": "New"})
    await api.post("/companies", {"name": "Later"})
    return api, made["id"], between


async def test_a_list_is_shown_as_it_was(renamed: tuple[Api, str, str]) -> None:
    api, _, then = renamed

    long = await api.get(f"/api/records/Company?as_of={then}&fields=name&order_by=name&count=1")
    short = await api.get(f"/companies?as_of={then}&where=name='Old'")
    now = await api.get("/api/records/Company?order_by=name&fields=name")

    assert [one["name"] for one in long["records"]] == ["Old"]
    assert long["total"] == 1
    assert (short["meta"]["total"], short["data"][0]["industry"]) == (1, "Retail")
    assert [one["name"] for one in now["records"]] == ["Later", "New"]


async def test_a_record_is_shown_as_it_was(renamed: tuple[Api, str, str]) -> None:
    api, company, then = renamed

    for address in (f"/api/records/Company/{company}", f"/companies/{company}"):
        answer = await api.send("GET", f"{address}?as_of={then}")
        assert answer.json()["name"] == "Old"
        assert "etag" not in answer.headers
    assert (await api.get(f"/companies/{company}"))["name"] == "New"


async def test_a_record_that_was_not_yet_there_is_unknown(renamed: tuple[Api, str, str]) -> None:
    api, company, _ = renamed

    (problem,) = await api.refused("GET", f"/companies/{company}?as_of=2020-01-01", status=404)

    assert problem["message"] == "There was no such Company then."


@pytest.mark.parametrize("written", ["soon", "2999-01-01"])
async def test_what_is_no_instant_of_the_past_is_refused(api: Api, written: str) -> None:
    problems = await api.refused("GET", f"/api/records/Company?as_of={written}", status=422)

    assert problems[0]["code"] in ("query.syntax", "query.not_yet")


async def test_another_tenant_has_no_such_past(renamed: tuple[Api, str, str], other: Api) -> None:
    _, company, then = renamed

    assert (await other.get(f"/api/records/Company?as_of={then}"))["records"] == []
    await other.refused("GET", f"/companies/{company}?as_of={then}", status=404)
