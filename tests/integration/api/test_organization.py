"""What an organization is set to, and its settings, over HTTP and in formulas."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.app import Api

FIELDS = "/api/objects/Deal/fields"
SETTINGS = "/api/metadata/components/setting"


async def computed(api: Api, formula: str, kind: str = "text", **more: Any) -> Any:
    """Give what a formula field gives for a new deal, and of the same rule in memory."""
    await api.post(FIELDS, {"name": "told", "type": kind, "formula": formula, **more})
    await api.post("/deals", {"name": "D", "value": 100})
    (deal,) = (await api.get("/deals?fields=told"))["data"]
    return deal["told"]


async def test_an_organization_has_what_is_usual_until_it_is_changed(api: Api) -> None:
    before = await api.get("/api/organization")
    after = await api.patch("/api/organization", {"time_zone": "Europe/Berlin", "fiscal_month": 4})

    assert (before["time_zone"], before["fiscal_month"], before["currency"]) == ("UTC", 1, "USD")
    assert (after["time_zone"], after["fiscal_month"]) == ("Europe/Berlin", 4)
    assert await api.get("/api/organization") == after
    back = await api.patch("/api/organization", {"time_zone": None})
    assert (back["time_zone"], back["fiscal_month"]) == ("UTC", 4)


@pytest.mark.parametrize(
    ("change", "at", "hint"),
    [
        ({"time_zone": "Europe/Berln"}, "/time_zone", "Did you mean Europe/Berlin?"),
        ({"currency": "XQX"}, "/currency", None),
        ({"fiscal_month": 13}, "/fiscal_month", None),
        ({"timezone": "UTC"}, "/timezone", "Did you mean time_zone?"),
        ({"locale": "xx_YY"}, "/locale", None),
    ],
)
async def test_what_an_organization_cannot_be_is_told_at_its_place(
    api: Api, change: dict[str, Any], at: str, hint: str | None
) -> None:
    (problem,) = await api.refused("PATCH", "/api/organization", change, status=422)

    assert problem["at"] == at
    assert hint is None or problem["hint"] == hint


async def test_the_other_tenant_keeps_its_own_organization(api: Api, other: Api) -> None:
    await api.patch("/api/organization", {"name": "Acme", "fiscal_month": 4})

    shown = await other.get("/api/organization")

    assert (shown["fiscal_month"], shown["tenant"]) == (1, "other")
    assert shown["name"] != "Acme"


async def test_formulas_read_the_organization(api: Api) -> None:
    await api.patch("/api/organization", {"name": "Acme", "currency": "EUR", "fiscal_month": 7})

    told = await computed(
        api,
        "$Organization.Name & ' ' & $Organization.Currency & ' ' & $Organization.TimeZoneSidKey"
        " & ' ' & TEXT($Organization.FiscalYearStartMonth + 1)",
    )

    assert told == "Acme EUR UTC 8"


async def test_an_unknown_name_of_the_organization_is_refused(api: Api) -> None:
    field = {"name": "told", "type": "text", "formula": "$Organization.Nme"}

    (problem,) = await api.refused("POST", FIELDS, field, status=422)

    assert (problem["message"], problem["hint"]) == (
        "There is no $Organization.Nme.",
        "Did you mean Name?",
    )


async def test_fiscal_dates_begin_with_the_fiscal_year_of_the_organization(api: Api) -> None:
    today = date.today()
    await api.post("/deals", {"name": "D", "close_date": today.isoformat()})
    ask = {"q": "SELECT FISCAL_YEAR(close_date) y FROM Deal WHERE close_date = THIS_FISCAL_YEAR"}
    begins_next = today.month % 12 + 1

    await api.patch("/api/organization", {"fiscal_month": begins_next})
    (row,) = (await api.post("/api/query", ask, status=200))["records"]

    # A fiscal year is called by the year in which it ends.
    assert row["y"] == (today.year + 1 if begins_next == 1 else today.year)


async def test_a_day_begins_in_the_time_zone_of_the_organization(api: Api) -> None:
    await api.patch("/api/organization", {"time_zone": "Pacific/Kiritimati"})
    east = await computed(api, "TODAY()", "date")
    await api.patch("/api/organization", {"time_zone": "Pacific/Pago_Pago"})
    (deal,) = (await api.get("/deals?fields=told"))["data"]

    assert deal["told"] < east


async def test_formulas_and_rules_read_settings(api: Api) -> None:
    await api.post(SETTINGS, {"name": "Limits.Discount", "type": "number", "value": 12.5})
    rule = {
        "name": "Deal.small",
        "object": "Deal",
        "condition": "value > $Setup.Limits.Discount * 10",
        "message": "This is too much.",
    }
    await api.post("/api/metadata/components/validation_rule", rule)

    assert await computed(api, "value * $Setup.Limits.Discount", "number") == 1250
    (problem,) = await api.refused("POST", "/deals", {"name": "E", "value": 126}, status=422)
    assert problem["message"] == "This is too much."

    changed = {"type": "number", "value": 20}
    await api.ask("PUT", f"{SETTINGS}/Limits.Discount", changed)
    (deal,) = (await api.get("/deals?fields=told"))["data"]
    assert deal["told"] == 2000
    await api.post("/deals", {"name": "E", "value": 126})


@pytest.mark.parametrize(
    ("kind", "value", "formula", "expected"),
    [
        ("text", "north", 'UPPER($Setup.S) & "!"', "NORTH!"),
        ("text", None, 'IF(ISBLANK($Setup.S), "none", "some")', "none"),
        ("number", None, 'IF(ISBLANK($Setup.S), "none", "some")', "none"),
        ("percent", 25, "TEXT($Settings.S * 4)", "1"),
        ("checkbox", True, 'IF($Setup.s, "on", "off")', "on"),
        ("checkbox", None, 'IF($Setup.s, "on", "off")', "off"),
        ("date", "2026-03-18", "TEXT(YEAR($Setup.S))", "2026"),
        ("date", None, 'IF(ISBLANK($Setup.S), "none", "some")', "none"),
    ],
)
async def test_a_setting_is_of_the_type_that_it_says(
    api: Api, kind: str, value: Any, formula: str, expected: str
) -> None:
    await api.post(SETTINGS, {"name": "S", "type": kind, "value": value})

    assert await computed(api, formula) == expected


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"name": "S", "type": "number", "value": "much"}, "/value"),
        ({"name": "S", "type": "lookup"}, "/type"),
        ({"name": "a b", "type": "text"}, "/name"),
        ({"name": "a.b.c", "type": "text"}, "/name"),
    ],
)
async def test_what_is_no_setting_is_told_at_its_place(
    api: Api, body: dict[str, Any], at: str
) -> None:
    (problem,) = await api.refused("POST", SETTINGS, body, status=422)

    assert problem["at"] == at


async def test_a_setting_that_is_used_stays_and_keeps_its_kind(api: Api) -> None:
    await api.post(SETTINGS, {"name": "Rate", "type": "number", "value": 2})
    await computed(api, "value * $Setup.Rate", "number")

    gone = await api.refused("DELETE", f"{SETTINGS}/Rate", status=422)
    text = {"type": "text", "value": "x"}
    other = await api.refused("PUT", f"{SETTINGS}/Rate", text, status=422)

    assert "Deal.told" in gone[0]["message"]
    assert "Deal.told" in other[0]["message"]
    await api.delete(f"{FIELDS}/told", status=204)
    await api.delete(f"{SETTINGS}/Rate", status=204)


async def test_formulas_follow_a_renamed_setting(api: Api) -> None:
    await api.post(SETTINGS, {"name": "Rate", "type": "number", "value": 2})
    await computed(api, "value * $Setup . rate /* of all */", "number")

    renamed = {"name": "Limits.Rate", "type": "number", "value": 3}
    await api.ask("PUT", f"{SETTINGS}/Rate", renamed)

    shown = await api.get("/api/metadata/components/field/Deal.told")
    (deal,) = (await api.get("/deals?fields=told"))["data"]
    assert shown["formula"] == "value * $Setup . Limits.Rate /* of all */"
    assert deal["told"] == 300


async def test_the_other_tenant_sees_no_setting(api: Api, other: Api) -> None:
    await api.post(SETTINGS, {"name": "Rate", "type": "number", "value": 2})

    field = {"name": "told", "type": "number", "formula": "$Setup.Rate"}
    (problem,) = await other.refused("POST", FIELDS, field, status=422)

    assert problem["message"] == "There is no $Setup.Rate."
    assert (await other.get(SETTINGS))["components"] == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT name FROM Deal WHERE value > $Setup.Least", ["Large"]),
        ("SELECT name FROM Deal d WHERE d.value < $Setup.Least * 2", ["Small"]),
        ("SELECT name FROM Deal WHERE $Organization.Currency = 'usd'", ["Small", "Large"]),
        ("SELECT name FROM Deal WHERE owner.name = $User.name", ["Small", "Large"]),
        ("SELECT name FROM Deal WHERE owner != $User.id", []),
        ("SELECT name FROM Deal WHERE $Setup.Least IN (1, 2)", []),
    ],
)
async def test_queries_read_what_formulas_read(api: Api, query: str, names: list[str]) -> None:
    await api.post(SETTINGS, {"name": "Least", "type": "number", "value": 10})
    for name, value in (("Small", 5), ("Large", 50)):
        await api.post("/deals", {"name": name, "value": value})

    answer = await api.post("/api/query", {"q": f"{query} ORDER BY value"}, status=200)
    parsed = await api.post("/api/query/translate", {"query": query}, status=200)
    again = await api.post("/api/query", {**parsed["query"], "order_by": "value"}, status=200)

    assert [one["name"] for one in answer["records"]] == names
    assert again["records"] == answer["records"]


@pytest.mark.parametrize(
    ("having", "names"),
    [
        ("SUM(value) > $Setup.Least", ["Large"]),
        ("SUM(value) < $Setup.Least * 2", ["Small"]),
        ("$Setup.Least < SUM(value) / COUNT(id)", ["Large"]),
        ("SUM(value) / $Setup.Least > 1", ["Large"]),
        ("MAX(close_date) < TODAY()", ["Small"]),
        ("MAX(close_date) >= $Setup.Start", ["Large"]),
        ("MIN(created_at) > $Setup.Start", ["Small", "Large"]),
        ("MIN(name) = $Setup.Word", ["Large"]),
        ("MIN(owner.name) = $User.name", ["Small", "Large"]),
        ("$Organization.Currency = 'usd'", ["Small", "Large"]),
        ("$Setup.Least IN (1, 2)", []),
    ],
)
async def test_groups_are_compared_with_what_no_record_holds(
    api: Api, having: str, names: list[str]
) -> None:
    for name, kind, value in (
        ("Least", "number", 10),
        ("Start", "date", "2000-01-01"),
        ("Word", "text", "LARGE"),
    ):
        await api.post(SETTINGS, {"name": name, "type": kind, "value": value})
    for name, value, day in (("Small", 5, "1999-12-31"), ("Large", 50, "2999-12-31")):
        await api.post("/deals", {"name": name, "value": value, "close_date": day})

    asked = f"SELECT name FROM Deal GROUP BY name HAVING {having} ORDER BY MIN(value)"
    answer = await api.post("/api/query", {"q": asked}, status=200)

    assert [one["name"] for one in answer["records"]] == names


async def test_a_group_of_nothing_is_compared_with_a_setting_as_well(api: Api) -> None:
    await api.post(SETTINGS, {"name": "Least", "type": "number", "value": 10})

    asked = (
        "SELECT COUNT(id) n FROM Deal GROUP BY ROLLUP(name) "
        "HAVING COUNT(id) < $Setup.Least AND $User.name != null"
    )
    answer = await api.post("/api/query", {"q": asked}, status=200)

    assert answer["records"] == [{"n": 0}]


async def test_what_rows_are_grouped_by_is_compared_with_a_setting_behind_where(api: Api) -> None:
    await api.post(SETTINGS, {"name": "Word", "type": "text", "value": "x"})

    asked = {"q": "SELECT name FROM Deal GROUP BY name HAVING name = $Setup.Word"}
    (problem,) = await api.refused("POST", "/api/query", asked, status=422)

    assert problem["code"] == "query.type_mismatch"
    assert "WHERE" in problem["hint"]


async def test_an_unknown_setting_of_a_query_is_told_with_the_nearest(api: Api) -> None:
    await api.post(SETTINGS, {"name": "Least", "type": "number", "value": 10})

    asked = {"q": "SELECT name FROM Deal WHERE value > $Setup.Laest"}
    (problem,) = await api.refused("POST", "/api/query", asked, status=422)

    assert (problem["code"], problem["hint"]) == ("query.unknown_field", "Did you mean Least?")


async def test_the_page_of_the_organization_saves_what_was_typed(api: Api) -> None:
    page = await api.send("GET", "/admin/organization")

    assert page.status_code == 200
    assert "Fiscal year begins in" in page.text
    assert '<option value="Europe/Berlin">' in page.text
