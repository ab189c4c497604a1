"""Packages are uploaded, planned, installed, upgraded, uninstalled, and all of it is undone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fieldstone.builtin_objects.packages import shipped_package
from fieldstone.metadata.package_files import write_package
from fieldstone.metadata.packages import Package
from fieldstone.runtime.package_zips import write_zip
from tests.support.app import Api
from tests.support.houses import FIRST, MANIFEST, SECOND
from tests.support.programs import claimed

PLANS, PACKAGES, UPLOADS = "/api/package-plans", "/api/packages", "/api/package-uploads"


async def sent(api: Api, files: dict[str, str]) -> str:
    """Upload a package, and give by what it is meant."""
    answer = await api.http.post(UPLOADS, files={"file": ("p.zip", write_zip(files))})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["install"])


async def done(api: Api, **wish: Any) -> Any:
    """Plan a wish, and do it as it was planned."""
    plan = await api.post(PLANS, wish, status=200)
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    return await api.post(PACKAGES, {**wish, **agreed}, status=200)


async def digest_of(api: Api) -> dict[str, Any]:
    """Give all objects with their fields, by their names."""
    objects = (await api.get("/api/objects"))["objects"]
    return {one["name"]: await api.get(f"/api/objects/{one['name']}") for one in objects}


async def component(api: Api, kind: str, name: str) -> Any:
    """Give a component as it is declared."""
    return await api.get(f"/api/metadata/components/{kind}/{name}")


@pytest.fixture
async def houses(api: Api) -> Api:
    """A tenant in which the first version of a package is installed."""
    await done(api, install=[await sent(api, FIRST)])
    return api


async def test_a_package_comes_as_one_change_and_goes_without_residue(api: Api) -> None:
    before = await digest_of(api)

    plan = await api.post(PLANS, {"install": [await sent(api, FIRST)]}, status=200)
    made = await done(api, install=[await sent(api, FIRST)])

    assert [one["deed"] for one in plan["packages"]] == ["install"]
    assert {one["operation"] for one in plan["changes"]} == {"create"}
    assert plan["changes"] == made["changes"]
    deal = await api.post("/api/records/Deal", {"name": "Roof"})
    await api.post("/api/records/House", {"name": "Villa", "stage": "New", "deal": deal["id"]})
    asked = {"q": "SELECT houses FROM Deal"}
    assert (await api.post("/api/query", asked, status=200))["records"][0]["houses"] == 1
    shown = await api.get(f"{PACKAGES}/houses")
    assert (shown["version"], shown["customised"]) == ("1.0.0", [])
    again = await api.post(PLANS, {"install": [await sent(api, FIRST)]}, status=200)
    assert again["changes"] == []

    removal = await api.post(PLANS, {"uninstall": ["houses"]}, status=200)
    await done(api, uninstall=["houses"])

    assert removal["confirm"] == {"object:House": 1}
    assert await digest_of(api) == before
    told = await api.get(PACKAGES)
    assert [one["name"] for one in told["packages"]] == ["crm"]


async def test_an_upgrade_keeps_what_was_made_here_and_asks_where_both_changed(houses: Api) -> None:
    await houses.patch("/api/objects/House", {"label": "Building"})
    await houses.patch("/api/objects/Deal/fields/houses", {"label": "Buildings"})
    await houses.post("/api/objects/House/fields", {"name": "mine", "type": "text"})
    stage = await component(houses, "field", "House.stage")
    options = [*stage["options"], "Burnt"]
    await houses.patch("/api/objects/House/fields/stage", {"options": options})
    wish: dict[str, Any] = {"install": [await sent(houses, SECOND)]}

    plan = await houses.post(PLANS, wish, status=200)
    agreed = {**wish, "digest": plan["digest"]}
    refused = await houses.refused("POST", PACKAGES, agreed, status=409)

    (conflict,) = plan["conflicts"]
    assert conflict["key"] == "field:Deal.houses#/label"
    assert (conflict["base"], conflict["theirs"], conflict["ours"]) == (
        "Houses", "Homes", "Buildings",
    )  # fmt: skip
    assert [(one["code"], one["at"]) for one in refused] == [
        ("package.conflicts", "/choices/field:Deal.houses#/label")
    ]
    wish["choices"] = {conflict["key"]: "theirs"}
    applied = await done(houses, **wish)
    field = await component(houses, "field", "Deal.houses")
    house = await component(houses, "object", "House")
    stage = await component(houses, "field", "House.stage")
    assert (field["label"], house["label"], house["description"]) == (
        "Homes",
        "Building",
        "A home.",
    )
    assert stage["options"] == ["New", "Viewed", "Sold", "Burnt"]
    assert {"area", "mine"} <= {
        one["name"] for one in (await houses.get("/api/objects/House"))["fields"]
    }
    assert (await houses.post(PLANS, {"install": wish["install"]}, status=200))["changes"] == []
    made = (await houses.get(f"{PACKAGES}/houses"))["customised"]
    assert [(one["what"], one["name"]) for one in made] == [
        ("changed", "House.stage"),
        ("changed", "House"),
    ]

    await houses.post(f"/api/metadata/undo/{applied['version']}", {}, status=200)

    assert (await houses.get(f"{PACKAGES}/houses"))["version"] == "1.0.0"
    assert (await component(houses, "field", "Deal.houses"))["label"] == "Buildings"
    shown = await houses.get(f"{PACKAGES}/houses")
    assert [(one["version_before"], one["version"]) for one in shown["history"]] == [
        ("1.1.0", "1.0.0"), ("1.0.0", "1.1.0"), (None, "1.0.0"),
    ]  # fmt: skip
    assert [one["name"] for one in shown["customised"]] == [
        "Deal.houses", "House.stage", "House",
    ]  # fmt: skip


async def test_what_leans_on_a_package_is_told_and_goes_along_if_that_is_meant(houses: Api) -> None:
    fields = [
        {"name": "name", "type": "text"},
        {"name": "house", "type": "lookup", "references": "House"},
    ]
    await houses.post("/api/objects", {"name": "Visit", "fields": fields})
    await houses.post("/api/objects/House/fields", {"name": "mine", "type": "text"})

    problems = await houses.refused("POST", PLANS, {"uninstall": ["houses"]}, status=409)
    unasked = await houses.refused("POST", PLANS, {"uninstall": ["crm"]}, status=409)
    await done(houses, uninstall=["houses"], along=True)

    assert {one["message"] for one in problems} == {
        "The field House.mine leans on the object House.",
        "The field Visit__c.house leans on the object House.",
    }
    assert "The package Houses needs it." in [one["message"] for one in unasked]
    visit = await houses.get("/api/objects/Visit__c")
    assert "house" not in {one["name"] for one in visit["fields"]}


async def test_a_renamed_object_keeps_its_name_through_an_upgrade(houses: Api) -> None:
    rename = {"rename": [{"kind": "object", "name": "House", "to": "Home"}]}
    plan = await houses.post("/api/metadata/plan", rename, status=200)
    await houses.post("/api/metadata/apply", {**rename, "digest": plan["digest"]}, status=200)

    await done(houses, install=[await sent(houses, SECOND)])

    home = await houses.get("/api/objects/Home")
    assert "area" in {one["name"] for one in home["fields"]}
    assert (await component(houses, "field", "Deal.houses"))["label"] == "Homes"
    made = (await houses.get(f"{PACKAGES}/houses"))["customised"]
    assert [(one["what"], one["name"], one["name_here"]) for one in made] == [
        ("renamed", "House", "Home")
    ]


async def test_what_a_package_needs_is_told_all_at_once(api: Api) -> None:
    manifest = MANIFEST.format(version="1.0.0").replace('">=1"', '">=2"') + "features: [teleport]\n"
    files = {
        "package.yaml": manifest + "",
        "picklists/Height.yaml": "label: Height\noptions: [A]\n",
        "permission_sets/House_Seller.yaml": "label: House seller\n",
    }
    feature = await api.refused("POST", PLANS, {"install": [await sent(api, files)]}, status=422)
    files["package.yaml"] = manifest.replace("features: [teleport]\n", "")

    needed = await api.refused("POST", PLANS, {"install": [await sent(api, files)]}, status=422)
    by_hand = {"components": [{"kind": "package", "name": "x", "label": "X", "version": "1.0.0"}]}
    kept = await api.refused("POST", "/api/metadata/plan", by_hand, status=422)

    assert [one["code"] for one in feature] == ["package.unknown_feature"]
    assert [(one["code"], one["at"]) for one in needed] == [
        ("package.dependency", "package.yaml#/dependencies/crm")
    ]
    assert [one["code"] for one in kept] == ["metadata.kept"]


async def test_another_tenant_sees_nothing_of_packages(houses: Api, other: Api) -> None:
    named = await sent(houses, SECOND)

    assert [one["name"] for one in (await other.get(PACKAGES))["packages"]] == ["crm"]
    assert [one["install"] for one in (await other.get(PACKAGES))["available"]] == ["crm"]
    await other.refused("GET", f"{PACKAGES}/houses", status=404)
    await other.refused("POST", PLANS, {"install": [named]}, status=404)


async def test_the_shipped_crm_is_upgraded_with_what_was_made_of_it(api: Api) -> None:
    crm = shipped_package("crm")
    newer = tuple(
        replace(one, body={**one.body, "help": "What it is about."})
        if one.name == "Deal.name"
        else one
        for one in crm.components
    )
    package = Package(replace(crm.manifest, version="1.1.0"), newer)
    files = write_package(package.manifest, package.components)
    await api.patch("/api/objects/Deal", {"label": "Opportunity"})
    await api.patch("/api/objects/Deal/fields/name", {"label": "Title"})

    plan = await api.post(PLANS, {"install": [await sent(api, files)]}, status=200)
    await done(api, install=[await sent(api, files)])

    assert plan["conflicts"] == []
    assert {one["name"] for one in plan["changes"]} == {"crm", "Deal.name"}
    deal = await api.get("/api/objects/Deal")
    name = next(one for one in deal["fields"] if one["name"] == "name")
    assert (deal["label"], name["label"], name["help"]) == (
        "Opportunity", "Title", "What it is about.",
    )  # fmt: skip


async def test_what_a_package_gives_to_people_is_told_and_confirmed(api: Api) -> None:
    files = {**FIRST, "package.yaml": FIRST["package.yaml"] + "    to: everyone\n"}
    await claimed(api)
    wish: dict[str, Any] = {"install": [await sent(api, files)]}

    plan = await api.post(PLANS, wish, status=200)
    agreed = {**wish, "digest": plan["digest"], "confirm": {}}
    refused = await api.refused("POST", PACKAGES, agreed, status=422)
    await done(api, **wish)
    given = await api.get("/api/permission-sets/House_Seller/people")
    await done(api, uninstall=["houses"])
    own = {"components": [{"kind": "permission_set", "name": "House_Seller", "label": "Mine"}]}
    planned = await api.post("/api/metadata/plan", own, status=200)
    await api.post("/api/metadata/apply", {**own, "digest": planned["digest"]}, status=200)
    wish["choices"] = {"permission_set:House_Seller": "ours"}
    again = await api.post(PLANS, wish, status=200)

    (step,) = plan["steps"]
    assert plan["confirm"] == {"step:House_Seller:everyone": step["people"]}
    assert [one["code"] for one in refused] == ["package.steps_unconfirmed"]
    assert len(given["people"]) == step["people"] == 1
    assert (again["steps"], again["confirm"]) == ([], {})
