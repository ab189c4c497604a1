"""Pages of records as layouts say: what stands on them, and what forms let one do."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.support.app import Api
from tests.support.pages import Browser

LAYOUT: dict[str, Any] = {
    "kind": "layout",
    "name": "Company.Main",
    "object": "Company",
    "label": "Main",
    "highlights": "Head",
    "sections": [
        {
            "label": "Basics",
            "columns": [
                [{"field": "name"}, {"field": "website", "behaviour": "required"}],
                [{}, {"field": "phone", "behaviour": "readonly"}],
            ],
        },
        {"label": "Only seen", "columns": [[{"field": "owner"}]], "on_edit": False},
        {
            "label": "Texts",
            "columns": [[{"field": "description"}]],
            "collapsed": True,
            "on_detail": False,
        },
    ],
    "related_lists": [
        {"relation": "Deal.company", "columns": ["company.phone", "value"], "sort": "value"}
    ],
}
HEAD = {
    "kind": "compact_layout",
    "name": "Company.Head",
    "object": "Company",
    "label": "Head",
    "fields": ["name", "phone"],
}


async def declare(api: Api, *components: dict[str, Any]) -> None:
    """Declare components as one change set."""
    said = {"components": list(components)}
    planned = await api.post("/api/metadata/plan", said, status=200)
    await api.post("/api/metadata/apply", {**said, "digest": planned["digest"]}, status=200)


@pytest.fixture
async def laid_out(api: Api) -> Api:
    """The application with a layout for companies."""
    await declare(api, LAYOUT, HEAD)
    return api


async def a_company(api: Api, **values: Any) -> str:
    """Make a company and give its id."""
    said = {"name": "Roof & Sons", "phone": "+14155550100", "industry": "Technology", **values}
    return str((await api.post("/api/records/Company", said))["id"])


def between(page: str, start: str, end: str) -> str:
    """Give what stands between two pieces of a page."""
    return page[page.index(start) :].partition(end)[0]


async def test_page_of_a_record_shows_what_the_layout_says(laid_out: Api, browser: Browser) -> None:
    record = await a_company(laid_out)
    for value in (30, 10, 20):
        await laid_out.post(
            "/api/records/Deal", {"name": f"D{value}", "value": value, "company": record}
        )

    page = await browser.open(f"/admin/Company/{record}")
    related = await browser.open(f"/admin/Company/{record}/related")

    details = between(page, 'id="details"', "</section>")
    head = between(page, 'class="fs-facts"', "</dl>")
    assert re.findall(r"<h3>([^<]+)</h3>", details) == ["Basics", "Only seen"]
    assert "Technology" not in page
    assert "415" in head
    assert re.findall(r"<dt>([^<]+)</dt>", head) == ["Phone"]
    assert re.findall(r"<strong>(D\d+)</strong>", related) == ["D10", "D20", "D30"]
    assert "415" in related
    assert "/admin/Contact/new?company" not in related


async def test_form_takes_what_the_layout_lets_it(laid_out: Api, browser: Browser) -> None:
    record = await a_company(laid_out, website="https://roof.example")
    path = f"/admin/Company/{record}/edit"

    page = await browser.open(path)
    refused = await browser.send(path, {"name": "Roof", "website": ""})
    taken = await browser.send(
        path,
        {
            "name": "Roof",
            "website": "https://b.example",
            "phone": "+14155550199",
            "industry": "Media",
        },
    )
    kept = await laid_out.get(f"/api/records/Company/{record}")

    assert 'name="phone"' not in page
    assert 'name="owner"' not in page
    assert "<summary>Texts</summary>" in page
    assert refused.status_code == 422
    assert "Website is required." in refused.text
    assert taken.status_code == 303, taken.text
    assert (kept["name"], kept["website"]) == ("Roof", "https://b.example")
    assert (kept["phone"], kept["industry"]) == ("+14155550100", "Technology")


async def test_new_form_asks_for_what_a_record_cannot_do_without(
    laid_out: Api, browser: Browser
) -> None:
    bare = {**LAYOUT, "sections": [{"columns": [[{"field": "website"}]]}]}
    await declare(laid_out, bare)

    page = await browser.open("/admin/Company/new?industry=Technology")
    made = await browser.send(
        "/admin/Company/new?industry=Technology", {"name": "Roof", "industry": "Technology"}
    )
    kept = await laid_out.get(f"/api/records/Company/{made.headers['location'].split('/')[-1]}")

    assert all(f'name="{one}"' in page for one in ("name", "website", "industry"))
    assert 'name="phone"' not in page
    assert kept["industry"] == "Technology"


async def test_api_tells_the_layout_and_no_other_tenant_has_it(laid_out: Api, other: Api) -> None:
    mine = await laid_out.get("/api/objects/Company/layout")
    theirs = await other.get("/api/objects/Company/layout")

    assert (mine["name"], mine["highlights"]) == ("Main", ["phone"])
    assert mine["sections"][0]["columns"][1][0] is None
    assert mine["related_lists"][0]["columns"] == ["company.phone", "value"]
    assert (theirs["name"], theirs["highlights"]) == (None, None)
    assert "industry" in str(theirs["sections"])


async def test_layout_goes_without_a_field_that_is_removed(laid_out: Api) -> None:
    await laid_out.delete("/api/objects/Company/fields/phone", status=204)

    told = await laid_out.get("/api/objects/Company/layout")

    assert "phone" not in str(told)
    assert (told["name"], told["highlights"]) == ("Main", [])


async def test_layout_of_the_record_type_is_shown(laid_out: Api, browser: Browser) -> None:
    kind = {
        "kind": "record_type",
        "name": "Company.Partner",
        "object": "Company",
        "label": "Partner",
    }
    special: dict[str, Any] = {
        **LAYOUT,
        "name": "Company.Partners",
        "label": "Partners",
        "related_lists": [],
        "sections": [{"label": "Of partners", "columns": [[{"field": "fax"}]]}],
        "record_types": ["Partner"],
    }
    await declare(laid_out, kind, {**kind, "name": "Company.Other", "label": "Other"})
    await declare(laid_out, special)
    partner = await a_company(laid_out, record_type="Partner")
    another = await a_company(laid_out, record_type="Other")

    pages = [await browser.open(f"/admin/Company/{one}") for one in (partner, another)]
    related = [await browser.open(f"/admin/Company/{one}/related") for one in (partner, another)]
    form = await browser.open("/admin/Company/new?record_type=Partner")
    told = await laid_out.get("/api/objects/Company/layout?record_type=partner")

    assert ["Of partners" in page for page in pages] == [True, False]
    assert ["/admin/Deal/new?company" in page for page in related] == [False, True]
    assert 'name="fax"' in form
    assert told["name"] == "Partners"


async def test_layout_is_made_from_what_is_shown_and_changed_by_keys(
    api: Api, browser: Browser
) -> None:
    path = "/admin/objects/Company/layouts/new"
    page = await browser.open(path)
    draft = page.partition('name="draft" value="')[2].partition('"')[0]
    sent = {"label": "Main layout", "draft": html.unescape(draft), "chosen": ""}

    action = {"name": "Company.Note", "object": "Company", "label": "Note", "action": "update"}
    await api.post("/api/metadata/components/quick_action", {**action, "fields": ["phone"]})

    asked = await browser.send(path, {**sent, "do": "behave:required@item-0-0-1"})
    ticked = await browser.send(path, {**sent, "actions": "Company.Note", "do": "keep"})
    nameless = await browser.send(path, {**sent, "label": "", "do": "save"})
    saved = await browser.send(path, {**sent, "do": "save"})
    moved = await browser.send(
        "/admin/objects/Company/layouts/Main_Layout", {**sent, "seen": "older", "do": "save"}
    )
    shown = await browser.open("/admin/objects/Company")
    gone = await browser.send(
        "/admin/objects/Company/layouts/Main_Layout", {**sent, "do": "delete"}
    )

    assert asked.status_code == 200
    assert asked.text.count("Required</small>") == 1
    assert re.search(r'value="Company.Note" checked', ticked.text)
    assert "&#34;actions&#34;:[&#34;Company.Note&#34;]" in ticked.text
    assert nameless.status_code == 422
    assert "needs a label" in nameless.text
    assert saved.headers["location"] == "/admin/objects/Company#layouts"
    assert "/admin/objects/Company/layouts/Main_Layout" in shown
    assert "Somebody else changed this layout." in html.unescape(moved.text)
    assert gone.status_code == 303
    assert (await api.get("/api/objects/Company/layout"))["name"] is None
