"""Lists and records as they were, on pages: told by a banner, with a way back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from tests.support.app import Api
from tests.support.pages import Browser


@pytest.fixture
async def renamed(browser: Browser, api: Api) -> tuple[Browser, str, str]:
    """A browser, a company of another name with a deal, and an instant before both changed."""
    made = await api.post("/companies", {"name": "Oldname"})
    deal = await api.post("/deals", {"name": "Roofdeal", "company": made["id"]})
    await asyncio.sleep(0.05)
    between = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    await asyncio.sleep(0.05)
    await api.patch(f"/companies/{made['id']}", {"name": "Newname"})
    await api.send("DELETE", f"/deals/{deal['id']}")
    return browser, made["id"], between


async def test_a_list_looks_back(renamed: tuple[Browser, str, str]) -> None:
    browser, company, then = renamed

    page = await browser.open(f"/admin/Company?as_of={then}&columns=name")

    assert "Oldname" in page
    assert "Newname" not in page
    assert "This is how it was then." in page
    assert f"/admin/Company/{company}?as_of=" in page
    assert 'href="/admin/Company?columns=">Back to now' in page


async def test_a_record_looks_back_and_cannot_be_written(
    renamed: tuple[Browser, str, str],
) -> None:
    browser, company, then = renamed

    page = await browser.open(f"/admin/Company/{company}?as_of={then}")
    related = await browser.open(f"/admin/Company/{company}/related?as_of={then}")

    assert "Oldname" in page
    assert f"/admin/Company/{company}/edit" not in page
    assert f'href="/admin/Company/{company}">Back to now' in page
    assert "Roofdeal" in related
    assert "/new?" not in related


async def test_pages_of_now_offer_the_past_and_tell_nothing_of_it(
    renamed: tuple[Browser, str, str],
) -> None:
    browser, company, _ = renamed

    for address in ("/admin/Company", f"/admin/Company/{company}"):
        page = await browser.open(address)
        assert 'name="as_of"' in page
        assert "how it was then" not in page
        assert "Newname" in page


@pytest.mark.parametrize(
    ("written", "told"),
    [("soon", "soon"), ("2999-01-01", "still to come"), ("2020-01-01", "began")],
)
async def test_other_instants(renamed: tuple[Browser, str, str], written: str, told: str) -> None:
    browser, _, _ = renamed

    status = 200 if written.startswith("2020") else 422
    page = await browser.open(f"/admin/Company?as_of={written}", status=status)

    assert told in page
    assert "Newname" not in page
