"""The page of the recycle bin: what was deleted is found there and comes back."""

from __future__ import annotations

import html
import re

import pytest
from starlette.applications import Starlette

from tests.integration.api.test_settings_and_metadata import RECORDS, REGION, apply
from tests.integration.platform.test_identity import a_browser, claimed, joined
from tests.support.app import Api
from tests.support.pages import Browser

EMPTY = "The recycle bin holds nothing that you see."


async def test_a_deleted_record_is_found_in_the_bin_and_restored(
    browser: Browser, api: Api
) -> None:
    empty = await browser.open("/admin/bin")
    company = await api.post("/companies", {"name": "Acme <Rail>"})
    await api.post("/deals", {"name": "Kept", "company": company["id"]})
    await api.send("DELETE", f"/api/records/Company/{company['id']}")

    shown = await browser.open("/admin/bin")
    address = f"/admin/Company/{company['id']}"
    back = await browser.send(f"{address}/restore", {}, form="/admin/bin")

    assert EMPTY in empty
    assert 'aria-label="Restore Acme &lt;Rail&gt;"' in shown
    assert "Kept" not in shown
    assert back.headers["location"] == address
    assert (await api.get(f"/api/records/Company/{company['id']}"))["name"] == "Acme <Rail>"
    assert EMPTY in await browser.open("/admin/bin")


async def test_what_was_declared_is_not_offered_to_be_restored(browser: Browser, api: Api) -> None:
    await apply(api, REGION, *RECORDS)
    north = "/api/metadata/components/metadata_record/Region__mdt.North"
    await api.delete(north, status=204)

    shown = await browser.open("/admin/bin")

    assert EMPTY not in shown
    assert "/restore" not in shown


async def test_the_bin_is_reached_from_every_page(browser: Browser) -> None:
    assert 'href="/admin/bin"' in await browser.open("/admin/Deal")


async def test_pages_of_the_bin_follow_each_other(browser: Browser, api: Api) -> None:
    for number in range(51):
        made = await api.post("/deals", {"name": f"Deal {number:02}"})
        await api.send("DELETE", f"/api/records/Deal/{made['id']}")

    first = await browser.open("/admin/bin")
    link = re.search(r'href="(/admin/bin\?before=[^"]+)"', first)
    assert link is not None
    second = await browser.open(html.unescape(link[1]))

    seen = [re.findall(r'aria-label="Restore Deal (\d\d)"', page) for page in (first, second)]
    assert seen == [[f"{number:02}" for number in range(50, 0, -1)], ["00"]]


@pytest.mark.parametrize("place", ["x", "1-2-3", "-1--1", "ff" * 40])
async def test_a_place_that_is_none_shows_the_newest(browser: Browser, place: str) -> None:
    assert EMPTY in await browser.open(f"/admin/bin?before={place}")


async def test_what_somebody_may_not_see_is_not_in_their_bin(app: Starlette, api: Api) -> None:
    await claimed(api)
    await api.patch("/api/objects/Deal", {"sharing": "private"})
    deal = await api.post("/deals", {"name": "Roof"})
    await api.send("DELETE", f"/api/records/Deal/{deal['id']}")

    async with a_browser(app) as ben:
        await joined(app, api, ben)
        theirs = await Browser(ben.http).open("/admin/bin")
    ours = await Browser(api.http).open("/admin/bin")

    assert "Roof" not in theirs
    assert EMPTY in theirs
    assert "Restore Roof" in ours
