"""What formulas know of the organization: rates of currencies, and its pages."""

from __future__ import annotations

from typing import Any

from tests.support.app import Api

SETTINGS = "/api/metadata/components/setting"
RATE = {"name": "Currency_Rates.EUR", "type": "number", "value": 0.92}


async def test_rates_are_settings(api: Api) -> None:
    await api.post(SETTINGS, RATE)
    for name, value in (("a", 100), ("b", 50)):
        await api.post("/deals", {"name": name, "value": value})
    field = {
        "name": "euros",
        "type": "number",
        "places": 2,
        "formula": "value * CURRENCYRATE('EUR')",
    }
    await api.post("/api/objects/Deal/fields", field)
    query = "SELECT SUM(value) * CURRENCYRATE('EUR') s, SUM(euros) t, COUNT(id) n FROM Deal"
    others = "SELECT CURRENCYRATE('USD') own, CURRENCYRATE('XYZ') none FROM Deal LIMIT 1"

    (found,) = await ask(api, query)
    (known,) = await ask(api, others)

    assert (found["s"], found["t"]) == (138, 138)
    assert (known["own"], known["none"]) == (1, None)


async def test_a_link_leads_to_the_page_of_a_record(api: Api) -> None:
    acme = (await api.post("/companies", {"name": "Acme"}))["id"]
    formula = "LINKTO(company.name, $Action.Account.View, company.id)"
    await api.post("/api/objects/Deal/fields", {"name": "to", "type": "text", "formula": formula})
    deal = await api.post("/deals", {"name": "Roof", "company": acme})
    bare = await api.post("/deals", {"name": "Bare"})
    listed = "SELECT URLFOR($Action.Deal.List, $ObjectType.Deal) x FROM Deal LIMIT 1"

    assert deal["to"] == f'<a href="/admin/Company/{acme}">Acme</a>'
    assert bare["to"] is None
    assert (await ask(api, listed))[0]["x"] == "/admin/Deal"


async def test_a_page_that_is_not_there_is_refused(api: Api) -> None:
    field = {"name": "to", "type": "text", "formula": "URLFOR($Action.Deal.Views, id)"}

    (problem,) = await api.refused("POST", "/api/objects/Deal/fields", field, status=422)

    assert problem["hint"] == "Did you mean View?"


async def ask(client: Api, query: str) -> list[dict[str, Any]]:
    """Give the records of a query."""
    answer = await client.post("/api/query", {"q": query}, status=200)
    records: list[dict[str, Any]] = answer["records"]
    return records
