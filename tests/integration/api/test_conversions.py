"""Fields that get another type: what becomes of values is told, confirmed, done and undone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Api

PLAN, APPLY = "/api/metadata/plan", "/api/metadata/apply"
SIZE = {"kind": "field", "name": "Deal.size__c", "type": "number", "places": 0}
SIZES = {"Roof": "1,200", "Barn": "about ten", "Shed": "12.4", "Tent": None}


@pytest.fixture
async def deals(api: Api) -> Api:
    """A tenant with deals whose size is a text, and some history of it."""
    size = {"name": "size__c", "type": "text", "searchable": True}
    await api.post("/api/objects/Deal/fields", size)
    made: list[dict[str, Any]] = [{"name": k, "size__c": v} for k, v in SIZES.items()]
    await api.post("/api/records/Deal", made, status=200)
    return api


async def planned(api: Api, **said: Any) -> Any:
    """Give what a change set would do."""
    return await api.post(PLAN, said, status=200)


async def applied(api: Api, **said: Any) -> Any:
    """Plan a change set, and apply it as planned."""
    plan = await planned(api, **said)
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    return await api.post(APPLY, {**said, **agreed}, status=200)


async def rows_of(api: Api, text: str) -> Any:
    """Give the records that a query finds."""
    return (await api.post("/api/query", {"q": text}, status=200))["records"]


async def sizes(api: Api, where: str = "") -> dict[str, Any]:
    """Give the size of every deal by its name."""
    rows = await rows_of(api, f"SELECT name, size__c FROM Deal {where} ORDER BY name")
    return {row["name"]: row["size__c"] for row in rows}


async def test_plan_tells_what_every_value_becomes(deals: Api) -> None:
    plan = await planned(deals, components=[SIZE])

    (told,) = plan["conversions"]
    assert (told["from"], told["to"], told["records"]) == ("text", "number", 3)
    assert (told["emptied"], told["shortened"], told["in_background"]) == (1, 1, False)
    became = {one["value"]: (one["becomes"], one["whole"]) for one in told["values"]}
    assert became == {"1,200": (1200, True), "about ten": (None, False), "12.4": (12, False)}
    assert plan["confirm"] == {"field:Deal.size__c": 2}
    assert await sizes(deals) == SIZES


async def test_plan_tells_who_names_what_is_changed(deals: Api) -> None:
    rule = {"kind": "validation_rule", "name": "Deal.sized", "object": "Deal"}
    said = {**rule, "condition": "LEN(size__c) > 100", "message": "Too long."}
    await applied(deals, components=[said])

    longer = {"kind": "field", "name": "Deal.size__c", "type": "text", "length": 300}
    plan = await planned(deals, components=[{**longer, "searchable": True}])

    (touched,) = plan["touches"]
    assert {"kind": "validation_rule", "name": "Deal.sized"} in touched["named_by"]


async def test_values_are_converted_with_all_that_finds_them(deals: Api) -> None:
    await applied(deals, components=[SIZE])

    assert await sizes(deals) == {"Roof": 1200, "Barn": None, "Shed": 12, "Tent": None}
    assert await sizes(deals, "WHERE size__c > 100") == {"Roof": 1200}
    await deals.post("/api/records/Deal", {"name": "Silo", "size__c": 7})
    assert (await sizes(deals, "WHERE size__c < 10")) == {"Silo": 7}


async def test_loss_that_was_not_confirmed_is_refused(deals: Api) -> None:
    said = {"components": [SIZE], "digest": (await planned(deals, components=[SIZE]))["digest"]}

    [problem] = await deals.refused("POST", APPLY, said, status=422)

    assert problem["code"] == "metadata.loss_unconfirmed"
    where = "/api/objects/Deal/fields/size__c"
    [problem] = await deals.refused("PATCH", where, {"type": "number"}, status=422)
    assert problem["code"] == "metadata.loss_unconfirmed"
    assert await sizes(deals) == SIZES


async def test_undoing_puts_back_every_value_that_nobody_changed(deals: Api) -> None:
    done = await applied(deals, components=[SIZE])
    roof = (await rows_of(deals, "SELECT id FROM Deal WHERE name = 'Roof'"))[0]["id"]
    await deals.patch(f"/api/records/Deal/{roof}", {"size__c": 5})

    plan = await planned(deals, undo=done["version"])
    await deals.post(
        f"/api/metadata/undo/{done['version']}", {"digest": plan["digest"]}, status=200
    )

    assert plan["confirm"] == {}
    assert await sizes(deals) == {**SIZES, "Roof": "5"}
    history = (await deals.get(f"/api/records/Deal/{roof}/history"))["changes"]
    told = [one["changes"]["size__c"] for one in history]
    assert [(one["before"], one["after"]) for one in told] == [(1200, 5), (None, "1,200")]


async def test_undoing_puts_back_what_was_said_of_values_of_the_same_type(api: Api) -> None:
    kind = {"kind": "field", "name": "Deal.kind__c", "type": "picklist", "options": ["a", "b"]}
    await applied(api, components=[kind])
    made: list[dict[str, Any]] = [{"name": k, "kind__c": k} for k in "ab"]
    await api.post("/api/records/Deal", made, status=200)
    say = [{"kind": "field", "name": "Deal.kind__c", "values": {"a": "b"}}]
    fewer = {**kind, "options": ["b"]}
    done = await applied(api, components=[fewer], convert=say)

    await api.post(f"/api/metadata/undo/{done['version']}", {}, status=200)

    rows = await rows_of(api, "SELECT name, kind__c FROM Deal WHERE kind__c != null")
    assert {row["name"]: row["kind__c"] for row in rows} == {"a": "a", "b": "b"}


async def test_what_is_said_of_values_is_done_and_nothing_is_lost(deals: Api) -> None:
    size = {**SIZE, "places": 1}
    say = [{"kind": "field", "name": "Deal.size__c", "values": {"About ten": 10}}]
    plan = await planned(deals, components=[size], convert=say)
    assert plan["confirm"] == {}

    await applied(deals, components=[size], convert=say)

    assert (await sizes(deals))["Barn"] == 10


async def test_values_that_would_be_one_are_told_and_refused(deals: Api) -> None:
    await deals.post("/api/records/Deal", {"name": "Silo", "size__c": "1200"})
    unique = {**SIZE, "unique": True}
    plan = await planned(deals, components=[unique])
    assert [one["severity"] for one in plan["impact"]] == ["refused", "loss"]

    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    refused = await deals.refused("POST", APPLY, {"components": [unique], **agreed}, status=422)

    assert {one["code"] for one in refused} == {"metadata.not_unique"}
    assert await sizes(deals, "WHERE name != 'Silo'") == SIZES


async def test_reference_becomes_a_name_and_a_reference_again(api: Api) -> None:
    [company] = (await api.post("/api/records/Company", [{"name": "Acme"}], status=200))["results"]
    await api.post("/api/records/Deal", {"name": "Roof", "company": company["id"]})
    await api.post(
        "/api/objects/Deal/fields", {"name": "buyer", "type": "lookup", "references": "Company"}
    )
    deal = (await rows_of(api, "SELECT id FROM Deal"))[0]["id"]
    await api.patch(f"/api/records/Deal/{deal}", {"buyer": company["id"]})
    buyer = {"kind": "field", "name": "Deal.buyer", "type": "text"}

    done = await applied(api, components=[buyer])
    assert (await rows_of(api, "SELECT buyer FROM Deal"))[0]["buyer"] == "Acme"
    await api.patch(f"/api/records/Company/{company['id']}", {"name": "Acme Inc."})
    await api.post(f"/api/metadata/undo/{done['version']}", {}, status=200)

    assert (await rows_of(api, "SELECT buyer.name FROM Deal"))[0]["buyer"]["name"] == "Acme Inc."
