"""Values that a package adds to lists of others are its own part of them."""

from __future__ import annotations

from typing import Any

from tests.integration.api.test_salesforce_packages import brought
from tests.support.app import Api
from tests.support.salesforce_packages import xml

PLACE = "standardValueSets/Industry.standardValueSet-meta.xml"
COMPONENT = "/api/metadata/components/picklist/Industry"
PLANS, PACKAGES = "/api/package-plans", "/api/packages"


def files(*values: str) -> dict[str, bytes]:
    """Give a package that has these values in a list that is there already."""
    told = "".join(
        f"<standardValue><fullName>{one}</fullName><default>false</default>"
        f"<label>{one}</label></standardValue>"
        for one in values
    )
    region = "<label>Region</label><pluralLabel>Regions</pluralLabel>"
    name = "<nameField><label>Name</label><type>Text</type></nameField>"
    objects = {"objects/Region__c/Region__c.object-meta.xml": xml("CustomObject", region + name)}
    return {**objects, PLACE: xml("StandardValueSet", f"<sorted>false</sorted>{told}")}


async def offered(api: Api) -> list[str]:
    """Give the values that the list offers."""
    body: Any = await api.get(COMPONENT)
    return [one["value"] if isinstance(one, dict) else one for one in body["options"]]


async def without(api: Api, value: str) -> None:
    """Take a value out of the list."""
    body: Any = await api.get(COMPONENT)
    options = [one for one in body["options"] if value not in (one, *_values(one))]
    changed = {"kind": "picklist", "name": "Industry", "label": body["label"], "options": options}
    plan = await api.post("/api/metadata/plan", {"components": [changed]}, status=200)
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    await api.post("/api/metadata/apply", {"components": [changed], **agreed}, status=200)


def _values(one: Any) -> tuple[Any, ...]:
    return tuple(one.values()) if isinstance(one, dict) else ()


async def uninstalled(api: Api) -> Any:
    """Uninstall the package, and give what was planned."""
    wish = {"uninstall": ["houses"]}
    plan = await api.post(PLANS, wish, status=200)
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    done = await api.post(PACKAGES, {**wish, **agreed}, status=200)
    return plan, done


async def test_a_value_that_was_removed_here_stays_away_when_its_package_comes_again(
    api: Api,
) -> None:
    before = await offered(api)
    await brought(api, files("Whaling", "Falconry"))
    first = await offered(api)
    await without(api, "Whaling")

    await brought(api, files("Whaling", "Falconry", "Alchemy"))
    second = await offered(api)
    await brought(api, files("Whaling", "Falconry", "Alchemy"))

    assert first == [*before, "Whaling", "Falconry"]
    assert second == [*before, "Falconry", "Alchemy"]
    assert await offered(api) == second


async def test_values_go_with_their_package_but_for_those_that_are_used(
    api: Api, other: Api
) -> None:
    before, others = await offered(api), await offered(other)
    await brought(api, files("Whaling", "Falconry"))
    await api.post("/api/records/Company", {"name": "Pequod", "industry": "Whaling"})

    plan, done = await uninstalled(api)

    assert await offered(api) == [*before, "Whaling"]
    assert [one["message"] for one in plan["impact"]] == [
        "Values that it added to Industry stay, since they are used or changed: Whaling."
    ]
    await api.post(f"/api/metadata/undo/{done['version']}", {}, status=200)
    assert await offered(api) == [*before, "Whaling", "Falconry"]
    await uninstalled(api)
    assert await offered(api) == [*before, "Whaling"]
    assert await offered(other) == others


async def test_values_that_were_there_before_or_that_nobody_uses_leave_no_residue(
    api: Api,
) -> None:
    before = await offered(api)
    await brought(api, files(before[0], "Whaling"))

    plan, _ = await uninstalled(api)

    assert plan["impact"] == []
    assert await offered(api) == before
