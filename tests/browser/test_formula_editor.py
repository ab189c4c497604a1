"""The editor of formulas on the set-up pages."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

ORDER = {
    "name": "WorkOrder",
    "fields": [
        {"name": "name", "type": "text"},
        {"name": "rate", "type": "currency"},
        {"name": "hours", "type": "number"},
    ],
}
SET_UP = "/admin/objects/WorkOrder__c"


@pytest.fixture(scope="module", autouse=True)
def orders(site: str) -> Iterator[None]:
    """An object with one record."""
    with httpx.Client(base_url=site, timeout=60) as http:
        assert http.post("/api/objects", json=ORDER).is_success
        record = {"name": "Roof", "rate": 50, "hours": 3}
        assert http.post("/api/records/WorkOrder", json=record).is_success
        yield
        assert http.delete("/api/objects/WorkOrder").is_success


def test_a_formula_field_is_made_by_keys_alone(page: Page) -> None:
    page.goto(f"{SET_UP}/formula/new")
    checked = page.locator("#checked")

    page.keyboard.type("Total")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("rate * ours")
    expect(checked).to_contain_text("Work order has no field ours. Did you mean hours?")
    expect(checked.locator("mark")).to_have_text("ours")
    checked.get_by_role("button", name="Go there").press("Enter")
    page.keyboard.type("hou")
    page.keyboard.press("Control+Space")
    expect(page.locator("#palette")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#formula")).to_have_value("rate * hours")
    expect(page.locator("#formula")).to_be_focused()
    expect(checked).to_contain_text("Formula gives a currency. For Roof: 150")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".fs-toast")).to_contain_text("Made Total")
    page.goto("/admin/WorkOrder__c?columns=name,total")
    expect(page.locator("tbody")).to_contain_text("$150.00")


def test_a_function_goes_around_what_is_marked(page: Page) -> None:
    page.goto(f"{SET_UP}/formula/new")
    page.fill("#formula", "rate / 3")

    page.locator("#formula").press("Control+a")
    page.fill("#palette", "round(")
    page.locator("#palette").press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type(", 1")

    expect(page.locator("#formula")).to_have_value("ROUND(rate / 3, 1)")
    expect(page.locator("#checked")).to_contain_text("16.7")


def test_a_rule_is_made_on_the_page(page: Page) -> None:
    page.goto(SET_UP)

    page.get_by_role("link", name="New rule").click()
    page.fill("#name", "Paid work")
    page.fill("#condition", "rate < 10")
    page.fill("#message", "A rate is 10 at least.")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#rules")).to_be_visible()
    expect(page.get_by_role("link", name="paid_work")).to_be_visible()
    page.goto("/admin/WorkOrder__c/new")
    page.fill("#f-rate", "5")
    page.keyboard.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("A rate is 10 at least.")
