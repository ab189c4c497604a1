"""Quick actions, web links and apps: offered to whom they are for, and safe."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.support.app import Api, client_of
from tests.support.pages import browser_of

PASSWORD = "correct horse battery"
COMPONENTS = "/api/metadata/components"
SALES: dict[str, Any] = {
    "name": "Sales",
    "label": "Sales",
    "objects": {"Company": ["read"], "Deal": ["create", "read"]},
    "fields": {"Company.name": "read", "Deal.name": "edit", "Deal.company": "edit"},
    "actions": ["api"],
}
NEW_DEAL: dict[str, Any] = {
    "name": "Company.New_Deal",
    "object": "Company",
    "label": "New deal",
    "target": "Deal",
    "reference": "company",
    "fields": ["name", "value"],
    "defaults": {"name": "name & ' again'", "value": "employees * 2", "stage": "'Proposal'"},
    "message": "There it is.",
}
WIN: dict[str, Any] = {
    "name": "Deal.Win",
    "object": "Deal",
    "label": "Win",
    "action": "update",
    "fields": ["value"],
    "defaults": {"stage": "'Closed Won'", "close_date": "TODAY()"},
}
MAP = "https://maps.example/?q={!name}&at={!Company.billing_address.city}"


@pytest.fixture
async def company(api: Api) -> str:
    """A company with two actions and three links around it."""
    address = {"city": "Köln & Umland"}
    values = {"name": "A/B?c=1#d", "employees": 20, "billing_address": address}
    made = await api.post("/companies", values)
    for action in (NEW_DEAL, WIN):
        await api.post(f"{COMPONENTS}/quick_action", action)
    links = {"Map": MAP, "Site": "{!website}", "Size": "https://a.example/{!employees}"}
    for name, url in links.items():
        link = {"name": f"Company.{name}", "object": "Company", "label": name, "url": url}
        await api.post(f"{COMPONENTS}/web_link", link)
    return str(made["id"])


@pytest.fixture
async def ben(app: Starlette, api: Api, company: str) -> AsyncIterator[Api]:
    """A member who reads the names of companies and makes deals."""
    await api.post("/api/claim", {"email": "ada@acme.example", "password": PASSWORD})
    await api.post(f"{COMPONENTS}/permission_set", SALES)
    told = await api.post("/api/people", {"email": "ben@acme.example", "name": "Ben"})
    path = f"/api/people/{told['id']}/permission-sets"
    await api.ask("DELETE", f"{path}/Standard_User", status=204)
    await api.ask("PUT", f"{path}/Sales")
    async with client_of(app) as ben:
        said = {"token": told["invitation"], "password": PASSWORD}
        await ben.post("/api/welcome", said, status=200)
        yield ben


async def test_values_in_links_say_nothing_but_themselves(api: Api, company: str) -> None:
    path = f"/api/records/Company/{company}"
    before = await api.get(f"{path}/links")
    await api.patch(path, {"website": "https://acme.example/a?b=c"})
    after = await api.get(f"{path}/links")

    urls = {one["name"]: one["url"] for one in after["links"]}
    assert urls == {
        "Map": "https://maps.example/?q=A%2FB%3Fc%3D1%23d&at=K%C3%B6ln%20%26%20Umland",
        "Site": "https://acme.example/a?b=c",
        "Size": "https://a.example/20",
    }
    assert {one["name"] for one in before["links"]} == {"Map", "Size"}
    script = {"name": "Company.X", "object": "Company", "label": "X", "url": "javascript:x"}
    await api.refused("POST", f"{COMPONENTS}/web_link", script, status=422)


async def test_action_makes_and_changes_records_over_its_defaults(
    api: Api, other: Api, company: str
) -> None:
    offered = await api.get(f"/api/records/Company/{company}/actions")
    made = await api.post(f"/api/records/Company/{company}/actions/New_Deal", {"value": 7})
    deal = await api.get(f"/deals/{made['id']}")
    won = f"/api/records/Deal/{made['id']}/actions/Win"
    await api.post(won, {}, status=200)
    after = await api.get(f"/deals/{made['id']}")

    assert [one["defaults"]["value"] for one in offered["actions"]] == [40]
    assert made["message"] == "There it is."
    assert (deal["name"], deal["value"], deal["stage"]) == ("A/B?c=1#d again", 7, "Proposal")
    assert deal["company"]["id"] == company
    assert (after["stage"], after["value"]) == ("Closed Won", 7)
    await other.post(f"/api/records/Company/{company}/actions/New_Deal", {}, status=404)
    await other.get(f"/api/records/Company/{company}/links", status=404)


async def test_member_is_offered_what_they_may_read_and_do(
    api: Api, ben: Api, company: str
) -> None:
    links = await ben.get(f"/api/records/Company/{company}/links")
    offered = await ben.get(f"/api/records/Company/{company}/actions")
    made = await ben.post(f"/api/records/Company/{company}/actions/New_Deal", {})

    assert links["links"] == []
    [action] = offered["actions"]
    assert (action["fields"], action["defaults"].keys()) == (["name"], {"name", "company"})
    deal = await api.get(f"/deals/{made['id']}")
    assert (deal["value"], deal["stage"]) == (None, "Lead")
    await ben.post(f"/api/records/Deal/{made['id']}/actions/Win", {}, status=404)


async def test_action_follows_its_object_and_is_done_on_a_page(
    app: Starlette, api: Api, company: str
) -> None:
    change = {"rename": [{"kind": "object", "name": "Company", "to": "Firm"}]}
    plan = await api.post("/api/metadata/plan", change, status=200)
    await api.post("/api/metadata/apply", {**change, "digest": plan["digest"]}, status=200)
    async with browser_of(app) as browser:
        page = await browser.open(f"/admin/Firm/{company}")
        form = f"/admin/Firm/{company}/_do/New_Deal"
        opened = await browser.open(form)
        refused = await browser.send(form, {"name": "", "value": "much"})
        done = await browser.send(form, {"name": "Typed", "value": "12"})

    assert 'href="https://maps.example/?q=A%2FB%3Fc%3D1%23d&amp;at=K' in page
    assert f'href="{form}"' in page
    assert 'value="A/B?c=1#d again"' in opened
    assert refused.status_code == 422
    assert done.headers["location"] == f"/admin/Firm/{company}"
    deals = (await api.get("/deals"))["data"]
    assert [(one["name"], one["value"]) for one in deals] == [("Typed", 12)]


async def test_record_shows_the_actions_that_its_layout_chooses(
    app: Starlette, api: Api, company: str
) -> None:
    everywhere = {"name": "Call", "label": "Call", "target": "Deal", "fields": ["name"]}
    await api.post(f"{COMPONENTS}/quick_action", everywhere)
    await api.post(f"{COMPONENTS}/quick_action", {**NEW_DEAL, "name": "Company.Hidden"})
    chosen = {"object": "Company", "label": "Main", "actions": ["Call", "Company.New_Deal"]}
    await api.post(f"{COMPONENTS}/layout", {"name": "Company.Main", **chosen})
    async with browser_of(app) as browser:
        page = await browser.open(f"/admin/Company/{company}")

    # The first two are buttons, in the layout's order; one of everywhere has its own address.
    buttons = re.findall(r'<a class="btn fs-phone-hide" href="([^"]+)"', page)
    assert buttons == ["/admin/_do/Call", f"/admin/Company/{company}/_do/New_Deal"]
    assert "_do/Hidden" not in page


async def test_navigation_is_that_of_the_app(app: Starlette, api: Api, ben: Api) -> None:
    tab = {"name": "Docs", "label": "Docs", "url": "https://docs.example/"}
    await api.post(f"{COMPONENTS}/tab", tab)
    everyone = {"name": "Selling", "label": "Selling", "tabs": ["Ticket", "Deal", "Docs"]}
    few = {"name": "Few", "label": "Few", "permission_sets": ["Read_Only"]}
    for one in ({**everyone, "is_default": True}, few):
        await api.post(f"{COMPONENTS}/app", one)

    seen = (await ben.get("/api/apps"))["apps"]
    page = await ben.http.get("/admin")
    chosen = await ben.http.get("/admin", headers={"cookie": _with_app(ben, "all-objects")})

    assert [(one["name"], [tab["name"] for tab in one["tabs"]]) for one in seen] == [
        ("Selling", ["Deal", "Docs"])
    ]
    assert [one["name"] for one in (await api.get("/api/apps"))["apps"]] == ["Few", "Selling"]
    links = [part.split('"')[0] for part in page.text.split('class="fs-nav-link" href="')[1:]]
    assert links == ["/admin", "/admin/Deal", "https://docs.example/", "/admin/bin"]
    assert 'class="fs-nav-link" href="/admin/Company"' in chosen.text


def _with_app(ben: Api, name: str) -> str:
    kept = "; ".join(f"{one.name}={one.value}" for one in ben.http.cookies.jar)
    return f"{kept}; fs_app={name}"


async def test_parts_of_hidden_values_are_hidden_from_expressions(ben: Api, company: str) -> None:
    for written in ("LEN(billing_address.city)", "billing_address.city"):
        await ben.refused("POST", "/api/query", {"q": f"SELECT {written} FROM Company"}, status=422)
