"""The pages of the history of the set-up: what differs, and undoing it as the page told."""

from __future__ import annotations

import re
from typing import Any

from tests.support.app import Api

FIELD = {"name": "note__c", "type": "text"}


async def with_note(api: Api) -> str:
    """Give deals a note, one of which has one: the address of that change."""
    await api.post("/api/objects/Deal/fields", FIELD)
    await api.post("/api/records/Deal", {"name": "Roof", "note__c": "red"})
    newest = (await api.get("/api/metadata/changes?limit=1"))["changes"][0]
    return f"/admin/changes/{newest['version']}"


async def shown(api: Api, path: str) -> str:
    """Give the text of a page."""
    answer = await api.http.get(path)
    assert answer.status_code == 200, answer.text[:2000]
    return str(answer.text)


def inputs(page: str, address: str = "/admin/changes/") -> dict[str, Any]:
    """Give the hidden inputs of the form of a page."""
    form = page[page.index(f'action="{address}') :]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))


async def test_list_tells_what_was_changed(api: Api) -> None:
    address = await with_note(api)

    page = await shown(api, "/admin/changes")

    assert f'href="{address}"' in page
    assert "Deal.note__c" in page


async def test_undoing_needs_what_the_page_told(api: Api) -> None:
    address = await with_note(api)
    page = await shown(api, address)
    form = inputs(page)

    without = {key: value for key, value in form.items() if not key.startswith("confirm")}
    refused = await api.http.post(address, data=without)
    done = await api.http.post(address, data=form)
    after = await shown(api, address)

    assert "The values that 1 Deal has in Note would go." in page
    assert form["confirm:field:Deal.note__c"] == "1"
    assert refused.status_code == 422
    assert "would be lost" in refused.text
    assert (done.status_code, done.headers["location"]) == (303, "/admin/changes")
    assert "nothing left to undo" in after
    await api.refused("GET", "/api/metadata/components/field/Deal.note__c", status=404)


async def test_page_tells_why_a_change_cannot_be_undone(api: Api) -> None:
    address = await with_note(api)
    await api.patch("/api/objects/Deal/fields/note__c", {"label": "Remark"})

    page = await shown(api, address)

    assert "It cannot be undone as it is." in page
    assert "Field Deal.note__c was changed again since." in page


async def test_change_that_there_is_not_is_not_found(api: Api) -> None:
    for number in ("999999", "x", "9" * 30):
        assert (await api.http.get(f"/admin/changes/{number}")).status_code == 404


async def test_a_part_tells_who_names_it_and_is_deleted_as_told(api: Api) -> None:
    await with_note(api)
    view = {"name": "Deal.Noted", "object": "Deal", "label": "Noted", "columns": ["note__c"]}
    await api.post("/api/metadata/components/list_view", view)
    address = "/admin/components/field/Deal.note__c"
    page = await shown(api, address)
    form = inputs(page, address)

    refused = await api.http.post(address, data={**form, "confirm:field:Deal.note__c": "0"})
    done = await api.http.post(address, data=form)
    left = await api.get("/api/metadata/components/list_view/Deal.Noted")

    assert 'href="/admin/Deal?view=Noted"' in page
    assert "The values that 1 Deal has in Note would go." in page
    assert refused.status_code == 422
    assert (done.status_code, done.headers["location"]) == (303, "/admin/objects/Deal")
    assert not left.get("columns")
    assert (await api.http.get(address)).status_code == 404
