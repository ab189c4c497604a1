"""The pages of permission sets: what is ticked is what the set allows."""

from __future__ import annotations

import re
from typing import Any

from tests.support.app import Api

SET = "/admin/permissions/Sales_Team"


async def sent(api: Api, path: str, form: dict[str, Any], status: int = 303) -> str:
    """Send a form as its page would; the text of the answer."""
    page = await api.http.get("/admin/permissions")
    token = re.search(r'name="_csrf" value="([^"]+)"', page.text)
    assert token is not None
    answer = await api.http.post(path, data={"_csrf": token[1], **form})
    assert answer.status_code == status, answer.text[:2000]
    return str(answer.text)


async def body_of(api: Api) -> Any:
    return await api.get("/api/metadata/components/permission_set/Sales_Team")


def followed(page: str) -> dict[str, Any]:
    """Give the inputs by which rows follow all objects, as the page has them."""
    names = re.findall(r'name="(follows:[^"]+)"', page)
    shown = re.findall(r'name="(was:[^"]+)" value="([^"]*)"', page)
    return {**dict.fromkeys(names, "on"), **dict(shown)}


async def test_a_set_is_made_ticked_and_told_before_it_is_saved(api: Api) -> None:
    await sent(api, "/admin/permissions", {"label": "Sales team"})
    page = (await api.http.get(SET)).text
    form = {**followed(page), "label": "Sales", "all_fields": "read", "o:*": ["read"]}
    del form["follows:Deal"]
    form |= {"o:Deal": ["read", "edit"], "o:Contact": ["read"], "actions": ["export"]}
    told = await sent(api, SET, {**form, "do": "preview"}, 200)
    before = await body_of(api)
    await sent(api, SET, form)
    after = await body_of(api)

    assert "Nobody would gain or lose anything." in told
    assert before.get("all_objects") is None
    assert (after["label"], after["all_objects"], after["actions"]) == (
        "Sales",
        ["read"],
        ["export"],
    )
    # A row that was touched says its own, although it was left to follow.
    assert after["objects"] == {"Deal": ["read", "edit"], "Contact": ["read"]}


async def test_fields_are_chosen_object_by_object(api: Api) -> None:
    await sent(api, "/admin/permissions", {"label": "Sales team"})
    await sent(api, f"{SET}/fields/Deal", {"f:value": "read", "f:name": "follows"})
    await sent(api, f"{SET}/fields/Company", {"f:name": "edit"})

    assert (await body_of(api))["fields"] == {"Deal.value": "read", "Company.name": "edit"}


async def test_a_set_is_given_and_taken_back_and_explained(api: Api) -> None:
    await sent(api, "/admin/permissions", {"label": "Sales team"})
    said = {"email": "ada@acme.example", "password": "correct horse battery"}
    await api.post("/api/claim", said)
    await sent(api, f"{SET}/people", {"user": "ada@acme.example"})
    listed = (await api.http.get(SET)).text
    person = re.search(r"/admin/permissions/people/(user_[0-9a-f]+)", listed)
    assert person is not None
    path = f"/admin/permissions/people/{person[1]}"
    why = (await api.http.get(f"{path}?why=Deal.value")).text
    unknown = await api.http.get(f"{path}?why=Deal.velua")
    await sent(api, path, {"set": "Sales_Team", "do": "revoke"})
    nobody = await sent(api, f"{SET}/people", {"user": "no@acme.example"}, 422)

    assert "Administrators may do everything." in why
    assert unknown.status_code == 422
    assert "Nobody has this set yet." in (await api.http.get(SET)).text
    assert "There is no such person" in nobody


async def test_a_set_that_cannot_be_is_refused_with_what_is_wrong(api: Api) -> None:
    empty = await sent(api, "/admin/permissions", {"label": "!"}, 422)
    await sent(api, "/admin/permissions", {"label": "Sales team"})
    twice = await sent(api, "/admin/permissions", {"label": "Sales team"}, 422)
    await sent(api, f"{SET}/delete", {})

    assert "Nothing was saved yet." in empty
    assert "already" in twice
    assert (await api.http.get(SET)).status_code == 404
