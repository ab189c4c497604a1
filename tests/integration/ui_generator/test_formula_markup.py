"""Links and pictures that formulas make, as pages show them: what a record holds stays a text."""

from __future__ import annotations

import pytest

from tests.support.app import Api
from tests.support.pages import Browser

SHOP = {
    "name": "Shop",
    "fields": [
        {"name": "name", "type": "text"},
        {"name": "site", "type": "text"},
        {
            "name": "link",
            "type": "text",
            "formula": "name & ': ' & HYPERLINK(site, 'Visit ' & name, '_blank')",
        },
        {"name": "flag", "type": "text", "formula": "IMAGE('/flags/' & name & '.png', name, 30)"},
        {"name": "plain", "type": "text", "formula": "'<b>' & name & '</b>'"},
    ],
}


@pytest.fixture
async def shops(browser: Browser, api: Api) -> Browser:
    """A browser on an application with an object that has such formulas."""
    await api.post("/api/objects", SHOP)
    return browser


async def test_links_and_pictures_are_shown_on_lists_and_records(shops: Browser, api: Api) -> None:
    made = await api.post("/api/records/Shop", {"name": "A & B", "site": "https://a.example/?b=1"})

    record = await shops.open(f"/admin/Shop__c/{made['id']}")
    listed = await shops.open("/admin/Shop__c?columns=name,link,flag,plain")

    for page in (record, listed):
        assert '<a href="https://a.example/?b=1" target="_blank" rel="noopener noreferrer">' in page
        assert "A &amp; B: <a" in page
        assert '<img src="/flags/A' in page
        assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in page
        assert "<b>A" not in page


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        " java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///x",
    ],
)
async def test_an_address_that_is_no_address_of_the_web_is_no_link(
    shops: Browser, api: Api, address: str
) -> None:
    made = await api.post("/api/records/Shop", {"name": "A", "site": address})

    record = await shops.open(f"/admin/Shop__c/{made['id']}")

    assert "Visit A" in record
    assert 'href="java' not in record
    assert 'href="data:' not in record
    assert 'href="vbscript' not in record
    assert 'href="file' not in record


async def test_what_a_record_holds_is_no_tag(shops: Browser, api: Api) -> None:
    name = "<a href='https://evil.example'>x</a><img src=x onerror=alert(1)>"
    made = await api.post("/api/records/Shop", {"name": name, "site": "mailto:a@b.example"})

    record = await shops.open(f"/admin/Shop__c/{made['id']}")

    assert 'href="mailto:a@b.example"' in record
    assert "<img src=x" not in record
    assert 'href="https://evil.example"' not in record


async def test_queries_ask_for_html(shops: Browser, api: Api) -> None:
    await api.post("/api/records/Shop", {"name": "1 < 2", "site": "/x"})

    asked = {"q": "SELECT toHtml(link), toHtml(name) FROM Shop"}
    (found,) = (await api.post("/api/query", asked, status=200))["records"]
    wrong = await api.post("/api/query", {"q": "SELECT toHtml(created_at) FROM Shop"}, status=422)

    assert found["name"] == "1 &lt; 2"
    assert found["link"] == '1 &lt; 2: <a href="/x" target="_blank">Visit 1 &lt; 2</a>'
    assert wrong["errors"][0]["message"].startswith("toHtml takes a text")
