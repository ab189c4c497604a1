"""Formulas over what references point to: one of several objects, or what a default points to."""

from __future__ import annotations

from typing import Any

from tests.support.app import Api

RULES = "/api/metadata/components/validation_rule"
FIELDS: list[dict[str, Any]] = [
    {"name": "text", "type": "text"},
    {"name": "about", "type": "polymorphic", "references": ["Company", "Deal"]},
    {"name": "firm", "type": "text", "formula": "about:Company.name & about:Account.industry"},
    {"name": "deal", "type": "text", "formula": "about:Deal.name & '/' & about:Deal.company.name"},
]
NOTE = {"name": "Memo", "fields": FIELDS}


async def made_notes(api: Api) -> list[dict[str, Any]]:
    """Make notes about a company, a deal and nothing, and give them as they are shown."""
    await api.post("/api/objects", NOTE)
    acme = (await api.post("/companies", {"name": "Acme", "industry": "Retail"}))["id"]
    deal = (await api.post("/deals", {"name": "Roof", "company": acme, "stage": "Lead"}))["id"]
    for text, about in (("a", acme), ("b", deal), ("c", None)):
        await api.post("/memos", {"text": text, "about": about})
    query = {"q": "SELECT text, firm, deal FROM Memo ORDER BY text"}
    notes: list[dict[str, Any]] = (await api.post("/api/query", query, status=200))["records"]
    return notes


async def test_a_formula_names_the_object_that_a_reference_points_to(api: Api) -> None:
    notes = await made_notes(api)

    assert [note["firm"] for note in notes] == ["AcmeRetail", None, None]
    assert [note["deal"] for note in notes] == ["/", "Roof/Acme", "/"]


async def test_a_rule_reads_the_same_as_a_field(api: Api) -> None:
    await made_notes(api)
    condition = "about:Company.name = 'Acme' || about:Deal.company.name = 'Acme'"
    rule = {"name": "Memo.x", "object": "Memo", "condition": condition, "message": "Not Acme."}
    await api.post(RULES, rule)
    found = (await api.get("/memos?order_by=text"))["data"]

    for note in found[:2]:
        (problem,) = await api.refused("PATCH", f"/memos/{note['id']}", {"text": "x"}, status=422)
        assert problem["message"] == "Not Acme."
    await api.patch(f"/memos/{found[2]['id']}", {"text": "x"})


async def test_a_reference_without_an_object_is_refused_with_a_hint(api: Api) -> None:
    fields = [*FIELDS[:2], {"name": "x", "type": "text", "formula": "about.name"}]
    (problem,) = await api.refused(
        "POST", "/api/objects", {"name": "N", "fields": fields}, status=422
    )

    assert problem["hint"] == "Write about:Company for one of them."


async def test_such_formulas_follow_renames(api: Api) -> None:
    await made_notes(api)

    await api.patch("/api/objects/Memo/fields/about", {"name": "topic"})

    shown = await api.post("/api/query", {"q": "SELECT firm FROM Memo ORDER BY text"}, status=200)
    assert shown["records"][0]["firm"] == "AcmeRetail"


async def test_a_default_reads_what_another_default_points_to(api: Api) -> None:
    body = {
        "name": "Visit",
        "fields": [
            {"name": "deal", "type": "lookup", "references": "Deal"},
            {
                "name": "firm",
                "type": "lookup",
                "references": "Company",
                "default_formula": "deal.company",
            },
            {"name": "told", "type": "text", "default_formula": "firm.name & ', ' & firm.industry"},
        ],
    }
    await api.post("/api/objects", body)
    acme = (await api.post("/companies", {"name": "Acme", "industry": "Retail"}))["id"]
    deal = (await api.post("/deals", {"name": "Roof", "company": acme, "stage": "Lead"}))["id"]

    visit = await api.post("/visits", {"deal": deal})

    assert (visit["firm"]["id"], visit["told"]) == (acme, "Acme, Retail")


async def test_a_record_without_a_name_is_called_by_its_first_line(api: Api) -> None:
    fields = [{"name": "size", "type": "number"}, {"name": "what", "type": "text"}]
    await api.post("/api/objects", {"name": "Thing", "fields": fields})
    link = {"name": "thing", "type": "lookup", "references": "Thing"}
    await api.post("/api/objects", {"name": "Box", "fields": [link]})
    thing = (await api.post("/things", {"size": 1, "what": "Lamp"}))["id"]

    box = await api.post("/boxes", {"thing": thing})

    assert box["thing"] == {"id": thing, "what": "Lamp"}
