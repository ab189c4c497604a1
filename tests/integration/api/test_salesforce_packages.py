"""A package of Salesforce is sent, planned, brought, used, changed, brought again, and removed."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fieldstone.integrations.salesforce.archive import read_folder
from tests.support.app import Api
from tests.support.salesforce_houses import houses
from tests.support.salesforce_packages import field_xml, fields_of, xml

FURTHER = os.environ.get("FIELDSTONE_SALESFORCE_PACKAGES")
SMALL = [Path(FURTHER, "dreamhouse")] if FURTHER and Path(FURTHER, "dreamhouse").is_dir() else []
"""Of the further packages, one that takes little time; unit tests go through all of them."""

PLAN, IMPORT = "/api/salesforce-packages/plan", "/api/salesforce-packages/import"
FILES = {
    "objects/House__c/House__c.object-meta.xml": xml(
        "CustomObject",
        "<label>House</label><pluralLabel>Houses</pluralLabel>"
        "<nameField><label>House Name</label><type>Text</type></nameField>",
    ),
    **fields_of(
        "House__c",
        Price__c="<type>Currency</type><precision>18</precision><scale>2</scale>",
        Seller__c="<type>Lookup</type><referenceTo>Account</referenceTo>"
        "<relationshipName>Houses</relationshipName>"
        "<lookupFilter><active>true</active><errorMessage>Only partners sell.</errorMessage>"
        "<filterItems><field>Account.Type</field><operation>equals</operation>"
        "<value>Partner</value></filterItems><isOptional>false</isOptional></lookupFilter>",
        Link__c="<type>Text</type>"
        "<formula>HYPERLINK('/' &amp; Id, Name &amp; ' of ' &amp; Seller__r.Name)</formula>",
    ),
    "objects/House__c/validationRules/Has_Price.validationRule-meta.xml": xml(
        "ValidationRule",
        "<fullName>Has_Price</fullName><active>true</active>"
        "<errorConditionFormula>Price__c &lt;= 0 || ISBLANK(Price__c)</errorConditionFormula>"
        "<errorDisplayField>Price__c</errorDisplayField><errorMessage>Say a price.</errorMessage>",
    ),
    "classes/House.cls": b"class House {}",
}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Give files as a zip with a folder around them."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"houses-main/{name}", data)
    return written.getvalue()


async def sent(api: Api, address: str, files: Mapping[str, bytes], **said: str) -> Any:
    """Send a package to one of the addresses."""
    answer = await api.http.post(
        address, files={"file": ("houses.zip", zipped(files))}, data={"name": "houses", **said}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def brought(api: Api, files: Mapping[str, bytes], **said: str) -> Any:
    """Plan a package and bring it as planned; give the plan."""
    plan = await sent(api, PLAN, files, **said)
    await sent(api, IMPORT, files, digest=plan["digest"], **said)
    return plan


async def price_of(api: Api, owner: str) -> Any:
    """Give the definition of the field Price__c of an object."""
    shown = await api.get(f"/api/objects/{owner}")
    return next(one for one in shown["fields"] if one["name"] == "Price__c")


async def test_what_a_package_brings_works_at_once(api: Api) -> None:
    plan = await brought(api, FILES)

    assert plan["report"]["outcomes"] == {
        "imported": 4,
        "imported_with_note": 1,
        "not_applicable": 1,
    }
    partner = await api.post("/api/records/Account", {"name": "Acme", "type": "Partner"})
    other = await api.post("/api/records/Account", {"name": "Duff", "type": "Vendor"})
    house = {"Name": "Villa", "Price__c": 5, "Seller__c": partner["id"]}
    made = await api.post("/api/records/House__c", house)
    assert made["Link__c"].startswith(f'<a href="/{made["id"]}"')
    for wrong in ({"Price__c": 0}, {"Seller__c": other["id"]}):
        refused = await api.refused("POST", "/api/records/House__c", {**house, **wrong}, status=422)
        assert refused[0]["message"] in ("Say a price.", "Only partners sell.")
    page = await api.http.get(f"/{made['id']}")
    assert page.headers["location"] == f"/admin/House__c/{made['id']}"


async def test_a_package_that_comes_again_keeps_what_was_changed_here(api: Api) -> None:
    await brought(api, FILES)
    assert (await sent(api, PLAN, FILES))["changes"] == []
    renamed = {"rename": [{"kind": "object", "name": "House__c", "to": "Home__c"}]}
    plan = await api.post("/api/metadata/plan", renamed, status=200)
    await api.post("/api/metadata/apply", {**renamed, "digest": plan["digest"]}, status=200)
    changed = {
        "components": [
            {
                "kind": "field",
                "name": "Home__c.Price__c",
                "type": "currency",
                "precision": 18,
                "places": 2,
                "label": "Asking price",
            }
        ]
    }
    plan = await api.post("/api/metadata/plan", changed, status=200)
    await api.post("/api/metadata/apply", {**changed, "digest": plan["digest"]}, status=200)
    field = "objects/House__c/fields/Price__c.field-meta.xml"
    newer = {
        **FILES,
        field: xml(
            "CustomField",
            field_xml("Price__c", "<inlineHelpText>In dollars.</inlineHelpText>")
            + "<type>Currency</type><precision>18</precision><scale>2</scale>",
        ),
    }

    await brought(api, newer)

    shown = await price_of(api, "Home__c")
    assert (shown["label"], shown["help"]) == ("Asking price", "In dollars.")


async def test_each_conflict_of_a_package_that_comes_again_is_settled_by_itself(api: Api) -> None:
    path, price = "objects/House__c/fields", field_xml("Price__c", "<type>Currency</type>")
    first = {
        **FILES,
        f"{path}/Price__c.field-meta.xml": xml("CustomField", price),
        f"{path}/Note__c.field-meta.xml": xml(
            "CustomField", field_xml("Note__c", "<type>Text</type><length>9</length>")
        ),
    }
    await brought(api, first)
    for name, label in (("Price__c", "Asking price"), ("Note__c", "Remark")):
        body = {"label": label}
        await api.patch(f"/api/objects/House__c/fields/{name}", body)
    newer = {
        name: data.replace(b"<label>Price<", b"<label>Sum<").replace(
            b"<label>Note<", b"<label>Text<"
        )
        for name, data in first.items()
    }
    keys = {one["name"]: one["key"] for one in (await sent(api, PLAN, newer))["conflicts"]}
    refused = await api.http.post(
        PLAN,
        files={"file": ("houses.zip", zipped(newer))},
        data={"name": "houses", "choices": '{"field:House__c.Note__c#/no": "theirs"}'},
    )

    await brought(api, newer, choices=f'{{"{keys["House__c.Note__c"]}": "theirs"}}')

    assert refused.json()["errors"][0]["code"] == "package.unknown_conflict"
    fields = (await api.get("/api/objects/House__c"))["fields"]
    labels = {one["name"]: one["label"] for one in fields}
    assert (labels["Price__c"], labels["Note__c"]) == ("Asking price", "Text")


async def test_a_package_is_known_afterwards_and_goes_as_others_do(api: Api) -> None:
    await brought(api, FILES)

    installed = await api.get("/api/packages/houses")
    gone = {"uninstall": ["houses"]}
    plan = await api.post("/api/package-plans", gone, status=200)
    agreed = {**gone, "digest": plan["digest"], "confirm": plan["confirm"]}
    await api.post("/api/packages", agreed, status=200)

    assert installed["label"] == "houses"
    assert "House__c" not in {one["name"] for one in (await api.get("/api/objects"))["objects"]}


async def test_nothing_is_overwritten_that_is_not_of_the_package(api: Api) -> None:
    own = {"name": "House", "fields": [{"name": "Price__c", "type": "text"}]}
    await api.post("/api/objects", own)

    await brought(api, FILES)

    assert (await price_of(api, "House__c"))["type"] == "text"
    taken = await api.http.post(
        PLAN, files={"file": ("crm.zip", zipped(FILES))}, data={"name": "crm"}
    )
    assert (taken.status_code, taken.json()["errors"][0]["code"]) == (422, "salesforce.bad_name")


async def exported(api: Api, name: str) -> bytes:
    """Give a package as a tenant has it, as a zip."""
    manifest = {"name": name, "label": name, "version": "1.0.0"}
    answer = await api.http.post(
        "/api/package-builds", json={"manifest": manifest, "package": name}
    )
    assert answer.status_code == 200, answer.text
    content: bytes = answer.content
    return content


@pytest.mark.parametrize("name", ["houses", *(one.name for one in SMALL)])
async def test_what_is_exported_is_installed_elsewhere_as_the_same(
    api: Api, other: Api, name: str
) -> None:
    folder = next((one for one in SMALL if one.name == name), None)
    await brought(api, houses() if folder is None else read_folder(folder), name=name)
    first = await exported(api, name)

    sent_there = await other.http.post("/api/package-uploads", files={"file": ("p.zip", first)})
    wish = {"install": [sent_there.json()["install"]]}
    plan = await other.post("/api/package-plans", wish, status=200)
    agreed = {**wish, "digest": plan["digest"], "confirm": plan["confirm"]}
    await other.post("/api/packages", agreed, status=200)

    assert await exported(other, name) == first
