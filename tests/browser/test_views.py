"""What is looked at becomes a view, and a few fields become a record, by few actions."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_a_filtered_list_is_saved_as_a_view_by_keys_and_changed(page: Page) -> None:
    page.goto("/admin/Deal?f=stage:is:Closed Won&sort=-value")

    page.keyboard.press("v")
    page.get_by_text("Save what you see as a view").press("Enter")
    page.get_by_placeholder("Name of the view").fill("Won by value")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/Deal?view=view_*")

    expect(page.locator(".fs-views > summary")).to_have_text("Won by value")
    expect(page.locator(".fs-chips li")).to_have_text("Stage is Closed Won")
    expect(page.get_by_role("link", name="Reset")).to_have_count(0)
    page.get_by_label("Drop the filter of Stage").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".fs-toast p")).to_have_text("Saved the view Won by value")
    expect(page.locator(".fs-chips li")).to_have_count(0)
    expect(page.locator("tbody tr").first).to_contain_text("Renewal 149")


def test_an_app_narrows_the_navigation_and_an_action_makes_a_record(page: Page) -> None:
    page.goto("/admin")

    page.locator(".fs-apps summary").click()
    page.get_by_role("button", name="Selling").click()
    expect(page.locator(".fs-nav-scroll .fs-nav-link")).to_have_text(["Home", "Companies", "Deals"])
    page.get_by_label("Create a record").click()
    page.get_by_role("link", name="Note a deal").click()
    page.locator("[name=name]").fill("Noted in passing")
    page.keyboard.press("Control+Enter")

    expect(page.locator("h1")).to_have_text("Noted in passing")
    page.get_by_label("More actions").click()
    link = page.get_by_role("link", name="Look it up")
    expect(link).to_have_attribute("href", "https://search.example/?q=Noted%20in%20passing")
