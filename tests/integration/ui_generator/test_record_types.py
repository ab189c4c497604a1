"""Record types on pages: set up by forms, chosen before a record's form, and changed later."""

from __future__ import annotations

import re
from typing import Any

from tests.support.app import Api
from tests.support.pages import Browser

SETUP = "/admin/objects/Deal"


async def test_somebody_sets_types_up_and_makes_records_of_them(api: Api, browser: Browser) -> None:
    stages = {"v:stage": ["Proposal", "Closed Won"], "do": "save"}
    made = await browser.send(f"{SETUP}/processes/new", {"label": "Short way", **stages})
    assert made.status_code == 303, made.text[-6000:]
    await browser.send(f"{SETUP}/record_types/new", {"label": "New business", "active": "on"})
    short = {"label": "Renewal", "active": "on", "business_process": "Short_Way"}
    await browser.send(f"{SETUP}/record_types/new", short)
    listed = await browser.open(SETUP)
    wrong = await browser.send(
        f"{SETUP}/processes/Short_Way", {"label": "S", "v:stage": "Proposal", "d:stage": "Lead"}
    )

    assert made.status_code == 303
    assert 'href="/admin/objects/Deal/record_types/Renewal"' in listed
    assert (wrong.status_code, "Lead is not among the values." in wrong.text) == (422, True)

    asked = await browser.open("/admin/Deal/new?name=Roof")
    [address] = re.findall(r'href="(/admin/Deal/new\?[^"]+)"[^>]*><strong>Renewal', asked)
    address = address.replace("&amp;", "&")
    form = await browser.open(address)
    offered = re.findall(r"<option value=\"([^\"]+)\"", form.partition('name="stage"')[2])[:3]
    saved = await browser.send(address, {"name": "Roof", "stage": "Proposal"})
    record = saved.headers["location"]
    page = await browser.open(record)

    assert "New business" in asked
    assert 'value="Roof"' in form
    assert offered[:2] == ["Proposal", "Closed Won"]
    assert saved.status_code == 303, saved.text
    assert "Deal · Renewal" in page

    rights = "/admin/permissions/Standard_User/fields/Deal"
    await browser.send(rights, {"t:Renewal": "default", "do": "save"})
    given = await api.get("/api/metadata/components/permission_set/Standard_User")
    assert given["record_types"] == {"Deal.Renewal": "default"}

    plain = await api.post("/deals", {"name": "Shed", "stage": "Lead", "record_type": "New"[:0]})
    choice = await browser.open(f"/admin/Deal/{plain['id']}/record_type")
    [change] = re.findall(r'href="([^"]+/edit\?[^"]+)"[^>]*><strong>Renewal', choice)
    refused = await browser.send(change, {"name": "Shed", "stage": "Lead"})
    changed = await browser.send(change, {"name": "Shed", "stage": "Closed Won"})
    told = await api.get(f"/deals/{plain['id']}")

    assert refused.status_code == 422
    assert "Stage cannot be Lead in the record type Renewal." in refused.text
    assert changed.status_code == 303, changed.text
    assert told["stage"] == "Closed Won"
    assert told["record_type"]


async def test_a_form_keeps_what_it_does_not_show_and_what_others_changed(
    api: Api, browser: Browser
) -> None:
    options = ["North", "South", {"value": "East", "active": False}]
    field = {"name": "Deal.area__c", "object": "Deal", "type": "picklist", "options": options}
    await api.post("/api/metadata/components/field", field)
    offered = {"area__c": {"values": ["North", "East"], "default": "East"}}
    body: dict[str, Any] = {"object": "Deal", "label": "Renewal", "picklists": offered}
    await api.post("/api/metadata/components/record_type", {"name": "Deal.Renewal", **body})
    address = f"{SETUP}/record_types/Renewal"
    typed = {"label": "Renewals", "active": "on", "narrow:area__c": "on", "v:area__c": "South"}
    [seen] = re.findall(r'name="seen" value="([^"]+)"', await browser.open(address))

    first = await browser.send(address, {**typed, "seen": seen, "do": "save"})
    second = await browser.send(address, {**typed, "label": "R", "seen": seen, "do": "save"})
    kept = await api.get("/api/metadata/components/record_type/Deal.Renewal")

    assert first.status_code == 303, first.text
    assert second.status_code == 422
    assert "Somebody else changed this record type." in second.text
    assert kept["label"] == "Renewals"
    assert kept["picklists"] == {"area__c": {"values": ["South", "East"], "default": "East"}}
