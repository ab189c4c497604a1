"""The page that gives a field another type: what is offered, told, counted and done."""

from __future__ import annotations

import re
from typing import Any

from tests.support.app import Api

ADDRESS = "/admin/objects/Deal/type/size__c"


async def page_of(api: Api, path: str, **sent: str) -> str:
    """Give the text of a page, or of what it answers to a form."""
    answer = await (api.http.post(path, data=sent) if sent else api.http.get(path))
    assert answer.status_code == 200, answer.text[:2000]
    return str(answer.text)


def inputs(page: str) -> dict[str, Any]:
    """Give the hidden inputs of a form."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


async def test_type_is_changed_once_what_is_lost_was_counted(api: Api) -> None:
    await api.post("/api/objects/Deal/fields", {"name": "size__c", "type": "text"})
    values = ["12", "about ten", "plenty", None]
    made: list[dict[str, Any]] = [{"name": "Roof", "size__c": one} for one in values]
    await api.post("/api/records/Deal", made, status=200)

    chosen = inputs(await page_of(api, ADDRESS))
    told = await page_of(api, f"{ADDRESS}/check", type="number", **chosen)
    said = {**chosen, "type": "number", "of": "number", "places": "0", "say:about ten": "10"}
    again = await page_of(api, f"{ADDRESS}/check", **said)
    sent = {**said, **inputs(again), "do": "apply"}
    refused = await api.http.post(ADDRESS, data={**sent, "lost": "2"})
    done = await api.http.post(ADDRESS, data={**sent, "lost": "1"})

    assert 'name="confirm:field:Deal.size__c" value="2"' in told
    assert "2 would lose it." in told
    assert "1 would lose it." in again
    assert (refused.status_code, "Type 1 to say" in refused.text) == (422, True)
    assert (done.status_code, done.headers["location"]) == (303, "/admin/objects/Deal")
    rows = await api.post("/api/query", {"q": "SELECT size__c FROM Deal"}, status=200)
    numbers = [row["size__c"] for row in rows["records"]]
    assert sorted(one for one in numbers if one is not None) == [10, 12]


async def test_page_offers_what_values_can_become_and_fills_in_choices(api: Api) -> None:
    deal = {"name": "Roof", "next_step": "Call"}
    await api.post("/api/records/Deal", [deal, deal], status=200)

    name = await page_of(api, "/admin/objects/Deal/type/name")
    value = await page_of(api, "/admin/objects/Deal/type/value")
    step = await page_of(api, "/admin/objects/Deal/type/next_step?type=picklist")

    offered = [set(re.findall(r'name="type" value="(\w+)"', one)) for one in (name, value)]
    assert "picklist" in offered[0]
    assert not {"number", "long_text", "json"} & offered[0]
    assert {"number", "percent", "checkbox", "text"} <= offered[1]
    assert not {"lookup", "date", "auto_number"} & offered[1]
    assert re.search(r"<textarea[^>]*>\s*Call</textarea>", step)
    assert "Nothing of them is lost." in step


async def test_what_a_field_would_lose_is_told_and_a_mask_is_never_lost(api: Api) -> None:
    fields = {"size__c": {"default": "small"}, "secret__c": {"mask": "last_four"}}
    for name, more in fields.items():
        await api.post("/api/objects/Deal/fields", {"name": name, "type": "text", **more})
    hidden = "/admin/objects/Deal/type/secret__c"

    told = await page_of(api, f"{ADDRESS}?type=number")
    plain = await page_of(api, f"{ADDRESS}?type=long_text")
    refused = await page_of(api, f"{hidden}?type=number")
    kept = await page_of(api, f"{hidden}?type=long_text")

    assert "<del>small</del>" in told
    assert "Also changed" not in plain
    assert "cannot be masked" in refused
    assert 'value="apply"' not in refused
    assert 'value="apply"' in kept
