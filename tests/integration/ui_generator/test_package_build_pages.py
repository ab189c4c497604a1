"""Packages built on a page: what they need comes along, and the next version is made alike."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from fieldstone.runtime.package_zips import read_zip
from tests.support.app import Api

ADDRESS = "/admin/packages/_build"
KEYS = "/admin/packages/_keys"
CREW = {"name": "Crew", "fields": [{"name": "name", "type": "text", "unique": True}]}
PROJECT = {
    "name": "Project",
    "fields": [
        {"name": "name", "type": "text"},
        {"name": "crew", "type": "lookup", "references": "Crew__c"},
        {"name": "size", "type": "number", "formula": "deal.size__c * 2"},
        {"name": "deal", "type": "lookup", "references": "Deal"},
    ],
}


async def looked_at(api: Api, path: str) -> str:
    """Give the text of a page."""
    answer = await api.http.get(path)
    assert answer.status_code == 200, answer.text[:2000]
    return unescape(answer.text)


def filled(page: str) -> dict[str, Any]:
    """Give what the form of a page sends as it stands."""
    form = page[page.index(f'action="{ADDRESS}"') :].partition("</form>")[0]
    values: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        told = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if told.get("type") != "checkbox" or " checked" in tag:
            values.setdefault(told.get("name", ""), []).append(told.get("value", "on"))
    holds = re.search(r'value="([^"]*)" selected', form)
    return {**values, "holds": holds[1] if holds else ""}


async def test_a_package_is_built_on_a_page_and_its_next_version_the_same_way(api: Api) -> None:
    await api.post("/api/objects/Deal/fields", {"name": "size__c", "type": "number"})
    for said in (CREW, PROJECT):
        await api.post("/api/objects", said)
    await api.post("/api/records/Crew__c", {"name": "Red"})
    form = filled(await looked_at(api, ADDRESS))
    chosen = {
        **form,
        "label": "Projects",
        "name": "projects",
        "sign": "on",
        "component": ["object:Project__c"],
        "records": ["Crew__c"],
    }

    preview = await api.http.post(f"{ADDRESS}/preview", data=chosen)
    unnamed = await api.http.post(ADDRESS, data={**chosen, "name": "No name!"})
    first = await api.http.post(ADDRESS, data=chosen)
    await api.patch("/api/objects/Project__c", {"name": "Plan__c"})
    again = await looked_at(api, f"{ADDRESS}?name=projects")
    second = await api.http.post(ADDRESS, data=filled(again))

    told = re.sub(r"<[^>]+>", " ", unescape(preview.text))
    assert re.search(r"Deal\.size__c\s+Field\. The field Project__c\.size needs it", told)
    assert re.search(r"Crew__c\s+Object\. The field Project__c\.crew needs it", told)
    assert not re.search(r"Project__c\.deal\s+Field\.", told)
    assert "crm ^" in told
    assert unnamed.status_code == 422
    assert 'filename="projects-1.0.0.zip"' in first.headers["content-disposition"]
    files = read_zip(first.content)
    assert {"objects/Project__c.yaml", "fields/Deal.size__c.yaml", "records/Crew__c.yaml"} <= {
        *files
    }
    assert "signature" in files["package.yaml"]
    assert "Next version of Projects" in again
    assert 'filename="projects-1.1.0.zip"' in second.headers["content-disposition"]
    assert "objects/Plan__c.yaml" in read_zip(second.content)
    assert "Projects" in await looked_at(api, "/admin/packages")


async def test_an_installed_package_is_built_anew_and_unknown_ones_are_not(api: Api) -> None:
    form = filled(await looked_at(api, f"{ADDRESS}?of=crm"))

    built = await api.http.post(ADDRESS, data=form)

    assert (form["name"], form["holds"]) == (["crm"], "package:crm")
    assert "objects/Deal.yaml" in read_zip(built.content)
    for wrong in ("?of=nope", "?name=nope"):
        assert (await api.http.get(f"{ADDRESS}{wrong}")).status_code == 404


async def test_keys_are_trusted_on_a_page_until_they_are_not(api: Api) -> None:
    page = await looked_at(api, KEYS)
    token = re.search(r'name="_csrf" value="([^"]+)"', page)
    assert token is not None
    sent = {"_csrf": token[1]}

    refused = await api.http.post(KEYS, data={**sent, "label": "Partner", "key": "short"})
    made = await api.http.post(KEYS, data={**sent, "label": "Partner", "key": "A" * 43 + "="})
    trusted = await looked_at(api, KEYS)
    gone = await api.http.post(KEYS, data={**sent, "remove": "Partner"})

    assert (await api.get("/api/package-key"))["key"] in page
    assert refused.status_code == 422
    assert made.status_code == gone.status_code == 303
    assert "Trust Partner no more" in trusted
    assert "Trust Partner no more" not in await looked_at(api, KEYS)
