"""The search language over HTTP: at /api/query, and at /search as Salesforce's clients ask it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.support.app import Api

ASKED = "FIND {acme} RETURNING Company(name), Contact(name, company.name)"


async def furnish(api: Api) -> None:
    """Make a company with a contact."""
    acme = await api.post("/companies", {"name": "Acme Corp", "domain": "acme.example"})
    await api.post("/contacts", {"name": "Alice Acme", "company": acme["id"]})
    await api.post("/contacts", {"name": "Bob Jones"})


def told(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Give type and name of each record."""
    return [(one["attributes"]["type"], one["name"]) for one in answer["search_records"]]


@pytest.mark.parametrize(
    "address", ["/api/query?q=", "/search?q=", "/v1/search?q=", "/api/search?q="]
)
async def test_search_is_asked_in_the_address(api: Api, address: str) -> None:
    await furnish(api)

    answer = await api.get(f"{address}{quote(ASKED)}")

    assert told(answer) == [("Company", "Acme Corp"), ("Contact", "Alice Acme")]
    assert answer["search_records"][1]["company"]["name"] == "Acme Corp"
    assert answer["objects"] == [
        {"object": "Company", "total": 1, "given": 1},
        {"object": "Contact", "total": 1, "given": 1},
    ]
    assert answer["complete"] is True


async def test_a_search_is_explained_by_its_text_or_beside_it(api: Api) -> None:
    by_text = await api.post("/api/query", {"q": f"EXPLAIN {ASKED}"}, status=200)
    beside = await api.post("/api/query", {"q": ASKED, "explain": True}, status=200)
    (problem,) = await api.refused("POST", "/api/query", {"q": ASKED, "explain": 1}, status=422)

    assert by_text == beside
    assert [one["object"] for one in by_text["plan"]["objects"]] == ["Company", "Contact"]
    assert by_text["records"][0]["plan"] == by_text["plan"]["says"][0]
    assert problem["at"] == "/explain"


async def test_search_is_asked_in_a_body_with_parameters(api: Api) -> None:
    await furnish(api)

    asked = {
        "q": "FIND :words IN NAME FIELDS RETURNING Contact(name LIMIT :most)",
        "params": {"words": "alice OR jon*", "most": 1},
    }
    answer = await api.post("/api/query", asked, status=200)

    assert told(answer) == [("Contact", "Alice Acme")]
    assert answer["objects"] == [{"object": "Contact", "total": 2, "given": 1}]


async def test_the_other_tenant_finds_nothing(api: Api, other: Api) -> None:
    await furnish(api)

    answer = await other.get(f"/api/query?q={quote(ASKED)}")

    assert answer["search_records"] == []
    assert [one["total"] for one in answer["objects"]] == [0, 0]


@pytest.mark.parametrize(
    ("asked", "code", "at"),
    [
        ({"q": "FIND {acme"}, "query.syntax", {"line": 1, "column": 6, "length": 1}),
        (
            {"q": "FIND {acme} RETURNING Contct"},
            "query.unknown_object",
            {"line": 1, "column": 23, "length": 6},
        ),
        ({"q": "FIND acme"}, "query.syntax", {"line": 1, "column": 6, "length": 4}),
        ({"q": "FIND {acme}", "cursor": "x"}, "request.bad_json", "/cursor"),
        ({"q": "FIND {acme}", "params": []}, "request.bad_json", "/params"),
    ],
)
async def test_what_is_wrong_is_told_with_its_place(
    api: Api, asked: dict[str, Any], code: str, at: object
) -> None:
    [problem] = await api.refused("POST", "/api/query", asked, status=422)

    assert (problem["code"], problem["at"]) == (code, at)


async def test_words_that_only_look_like_a_search_are_searched_for(api: Api) -> None:
    await api.post("/companies", {"name": "Find Acme"})

    answer = await api.get("/search?q=find+acme")

    assert [one["name"] for one in answer["results"]] == ["Find Acme"]
