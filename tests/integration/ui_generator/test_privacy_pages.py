"""The pages of personal data: policies, holds and people, from the form to what came of it."""

from __future__ import annotations

import re
from typing import Any

from tests.support.app import Api
from tests.support.imports import Desk

PAGE = "/admin/privacy"
POLICY = {"label": "Old leads", "of": "records", "object": "Lead", "days": "730"}


async def sent(
    api: Api, path: str, form: dict[str, Any], status: int = 303, *, page: str = PAGE
) -> Any:
    """Send a form as its page would; the answer."""
    html = (await api.http.get(page)).text
    hidden = dict(re.findall(r'name="(_csrf|plan)" value="([^"]+)"', html))
    answer = await api.http.post(path, data={**hidden, **form})
    assert answer.status_code == status, answer.text[:2000]
    return answer


async def test_policy_is_shown_before_it_is_saved_and_taken_away_again(api: Api) -> None:
    told = await sent(api, f"{PAGE}/retention", {**POLICY, "preview": "yes"}, 200)
    assert (await api.get("/api/privacy/retention"))["policies"] == []
    await sent(api, f"{PAGE}/retention", POLICY)
    shown = (await api.http.get(PAGE)).text
    await sent(api, f"{PAGE}/retention/Old_leads/delete", {})

    assert "0 would go now." in told.text
    assert "Old leads" in shown
    assert (await api.get("/api/privacy/retention"))["policies"] == []


async def test_what_is_wrong_with_a_policy_is_told_and_nothing_lost(api: Api) -> None:
    answer = await sent(api, f"{PAGE}/retention", {**POLICY, "days": "soon"}, 422)

    assert "Nothing was saved yet." in answer.text
    assert 'value="Old leads"' in answer.text


async def test_hold_is_placed_and_ended(api: Api) -> None:
    one = await api.post("/contacts", {"last_name": "Smith"})
    await sent(api, f"{PAGE}/holds", {"name": "Case", "records": one["id"]})
    [hold] = (await api.get("/api/privacy/holds"))["holds"]
    await sent(api, f"{PAGE}/holds/{hold['id']}/end", {})

    [ended] = (await api.get("/api/privacy/holds"))["holds"]
    assert (hold["records"], ended["ended_at"] is None) == (1, False)


async def test_person_is_found_looked_through_and_erased_with_proof(desk: Desk) -> None:
    api = desk.api
    one = await api.post("/contacts", {"first_name": "Ada", "last_name": "Lovelace"})
    found = await sent(api, f"{PAGE}/people", {"person": one["id"]})
    address = found.headers["location"]
    shown = (await api.http.get(address)).text
    unseen = await sent(api, address, {"kind": "erase"}, 422, page=address)
    asked = await sent(api, address, {"kind": "erase", "sure": "yes"}, page=address)
    [request] = (await api.get("/api/privacy/requests"))["requests"]
    await desk.run(request["job"])

    proof = (await api.http.get(asked.headers["location"])).text
    assert "Ada Lovelace" in shown
    assert "Look through what was found first." in unseen.text
    assert "nothing is left" in proof
    await api.get(f"/contacts/{one['id']}", status=404)


async def test_id_that_is_none_is_told(api: Api) -> None:
    answer = await sent(api, f"{PAGE}/people", {"person": "Ada"}, 422)

    assert "is not the id of a record" in answer.text
