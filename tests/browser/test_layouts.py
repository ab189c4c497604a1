"""A layout made by keys alone, and by dragging alone, and the form that follows it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

VISIT = {
    "name": "Visit",
    "fields": [{"name": name, "type": "text"} for name in ("name", "place", "reason", "result")],
}


@pytest.fixture
def visits(site: str) -> Iterator[None]:
    """An object without a layout, for one test."""
    with httpx.Client(base_url=site, timeout=60) as http:
        assert http.post("/api/objects", json=VISIT).is_success
        yield
        assert http.delete("/api/objects/Visit").is_success


@pytest.mark.usefixtures("visits")
def test_layout_is_made_by_keys(page: Page) -> None:
    page.goto("/admin/objects/Visit__c/layouts/new")
    place, reason = page.locator("#placed-place"), page.locator("#placed-reason")
    expect(page.locator("form[data-drags]")).to_be_visible()

    place.focus()
    page.keyboard.press("r")
    expect(place).to_contain_text("Required")
    page.keyboard.press("Alt+ArrowLeft")
    expect(page.locator("ul[aria-label='Column 1'] #placed-place").first).to_be_visible()
    expect(place).to_be_focused()
    reason.focus()
    page.keyboard.press("Delete")
    expect(page.locator("#add-reason")).to_be_visible()
    page.get_by_label("Label*").fill("Short")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#layouts")).to_be_visible()

    page.goto("/admin/Visit__c/new")
    page.get_by_label("Result").fill("Good")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#f-place-error")).to_contain_text("Place is required.")
    expect(page.locator("[name=reason]")).to_have_count(0)
    page.get_by_label("Place").fill("Berlin")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".fs-section-of-record").first).to_contain_text("Berlin")


def drag(page: Page, what: Locator, onto: Locator) -> None:
    """Drag something to the lower half of something else."""
    here, there = what.bounding_box(), onto.bounding_box()
    assert here is not None
    assert there is not None
    page.mouse.move(here["x"] + 20, here["y"] + 10)
    page.mouse.down()
    for rest in (4, 2, 0):
        page.mouse.move(there["x"] + 20, there["y"] + there["height"] - 4 - rest, steps=5)
        page.wait_for_timeout(60)
    page.mouse.up()


@pytest.mark.usefixtures("visits")
def test_layout_is_made_by_dragging(page: Page) -> None:
    page.goto("/admin/objects/Visit__c/layouts/new")
    left = page.locator("[data-layout-column='0-0']")
    reason = page.locator("#placed-reason")
    expect(page.locator("form[data-drags]")).to_be_visible()

    drag(page, reason, page.locator("#placed-name"))
    expect(left.locator("#placed-reason[aria-pressed=true]")).to_be_visible()
    drag(page, page.locator("#placed-place"), page.locator("[data-layout-spare]"))
    expect(page.locator("#add-place")).to_be_visible()
    drag(page, page.locator("#add-place"), reason)
    expect(left.locator("#placed-place[aria-pressed=true]")).to_be_visible()
    page.get_by_label("Label*").fill("Dragged")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("link", name="Dragged")).to_be_visible()
