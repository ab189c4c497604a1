"""Tests of the endpoints for components of every kind."""

from __future__ import annotations

import pytest

PICKLISTS = "/api/metadata/components/picklist"
COLOUR = {"name": "Colour", "label": "Colour", "options": ["Red", "Blue"]}
PARTNERS = {
    "name": "Partnership",
    "label": "Partnership",
    "left": {"object": "Deal", "field": "deal", "child_name": "partnerships"},
    "right": {"object": "Account", "field": "partner"},
    "attributes": [{"name": "share", "type": "percent"}],
}


async def test_picklist_is_declared_used_changed_and_deleted(api):
    made = await api.send("POST", PICKLISTS, COLOUR)
    used = await api.send(
        "POST",
        "/api/objects",
        {"name": "Car", "fields": [{"name": "paint", "type": "picklist", "value_set": "Colour"}]},
    )
    car = await api.send("POST", "/api/records/Car__c", {"paint": "red"})
    kept = await api.send("DELETE", f"{PICKLISTS}/colour")
    await api.send("DELETE", "/api/objects/Car__c")
    gone = await api.send("DELETE", f"{PICKLISTS}/colour")
    missing = await api.send("GET", f"{PICKLISTS}/colour")
    back = await api.send("POST", f"{PICKLISTS}/colour/restore")

    assert (made.status_code, used.status_code, car.status_code) == (201, 201, 201)
    assert car.json()["paint"] == "Red"
    assert kept.status_code == 422
    assert kept.json()["errors"][0]["code"] == "metadata.still_needed"
    assert (gone.status_code, missing.status_code, back.status_code) == (204, 404, 200)
    assert back.json()["options"] == ["Red", "Blue"]


async def test_put_replaces_a_component_as_a_whole(api):
    await api.send("POST", PICKLISTS, {**COLOUR, "description": "Of cars"})

    changed = await api.send("PUT", f"{PICKLISTS}/Colour", {"label": "Paint", "options": ["Green"]})

    assert changed.json() == {
        "name": "Colour",
        "package": None,
        "label": "Paint",
        "options": ["Green"],
    }


async def test_relation_makes_the_object_between_with_its_attributes(api):
    made = await api.send("POST", "/api/metadata/components/relation", PARTNERS)
    deal = (await api.send("POST", "/deals", {"name": "Big"})).json()["id"]
    company = (await api.send("POST", "/companies", {"name": "Acme"})).json()["id"]

    between = await api.send(
        "POST", "/api/records/Partnership", {"deal": deal, "partner": company, "share": 40}
    )
    seen = await api.send(
        "POST", "/api/query", {"q": "SELECT name, (SELECT share FROM partnerships) FROM Deal"}
    )

    assert made.status_code == 201
    assert between.status_code == 201
    [record] = seen.json()["records"]
    assert [one["share"] for one in record["partnerships"]] == [40]


@pytest.mark.parametrize("body", [{}, {"name": "X"}, {"name": "X", "label": "X", "options": [1]}])
async def test_bad_component_is_refused_and_nothing_is_stored(api, body):
    before = await api.send("GET", PICKLISTS)

    refused = await api.send("POST", PICKLISTS, body)

    assert refused.status_code == 422
    assert (await api.send("GET", PICKLISTS)).json() == before.json()


async def test_components_come_in_pages(api):
    first = (await api.send("GET", "/api/metadata/components/field?limit=5")).json()

    second = (
        await api.send("GET", f"/api/metadata/components/field?cursor={first['next']}")
    ).json()

    names = [one["name"] for one in (*first["components"], *second["components"])]
    assert len(first["components"]) == 5
    assert len(names) == len(set(names))


async def test_other_tenant_sees_none_of_them(api, other):
    await api.send("POST", PICKLISTS, COLOUR)

    seen = await other.send("GET", f"{PICKLISTS}/Colour")
    listed = await other.send("GET", PICKLISTS)

    assert seen.status_code == 404
    assert "Colour" not in {one["name"] for one in listed.json()["components"]}
