"""Questions of many characters: the same answers and errors as of short ones."""

from __future__ import annotations

import pytest

from tests.support.app import Api

MANY = " OR ".join(f"name = 'Roof {n}' OR value > {n}" for n in range(400))
LONG = f"SELECT name FROM Deal WHERE {MANY}"


@pytest.fixture
async def deals(api: Api) -> Api:
    """The application with two deals."""
    await api.post("/deals", {"name": "Roof 7"})
    await api.post("/deals", {"name": "Door"})
    return api


async def test_a_long_query_is_answered(deals: Api, other: Api) -> None:
    found = await deals.post("/api/query", {"q": LONG}, status=200)
    elsewhere = await other.post("/api/query", {"q": LONG}, status=200)

    assert [one["name"] for one in found["records"]] == ["Roof 7"]
    assert elsewhere["records"] == []


async def test_a_long_query_is_explained_and_counted(deals: Api) -> None:
    explained = await deals.post("/api/query", {"q": f"EXPLAIN {LONG}"}, status=200)
    counted = await deals.post("/api/query", {"q": LONG.replace("name", "COUNT()", 1)}, status=200)

    assert explained["plan"]["says"]
    assert counted["total"] == 1


async def test_an_error_in_a_long_query_has_its_place(deals: Api) -> None:
    (problem,) = await deals.refused("POST", "/api/query", {"q": f"{LONG} OR nam = 1"}, status=422)

    assert problem["at"]["column"] == len(LONG) + 5
    assert problem["hint"] == "Did you mean name?"


async def test_a_long_search_finds(deals: Api) -> None:
    words = " OR ".join(f"roof{n}" for n in range(40))
    asked = f"FIND {{roof OR {words}}} RETURNING Deal(name WHERE {MANY})"

    found = await deals.post("/api/query", {"q": asked}, status=200)

    assert [one["name"] for one in found["search_records"]] == ["Roof 7"]


async def test_a_long_filter_is_translated(api: Api) -> None:
    found = await api.post("/api/query/translate", {"filter": MANY}, status=200)

    assert found["text"].startswith("name = 'Roof 0' OR value > 0")
