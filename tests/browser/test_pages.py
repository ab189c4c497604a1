"""What a person sees and does on pages, in a real browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, Route, expect


def test_the_next_rows_come_before_the_end_of_the_list_is_reached(page: Page) -> None:
    page.goto("/admin/Deal?sort=name")
    space = page.locator(".fs-table-space")

    for _ in range(3):
        space.evaluate("one => one.scrollTo(0, one.scrollHeight)")
        page.wait_for_timeout(300)

    expect(page.locator("tbody tr")).to_have_count(151)


def test_a_filter_on_a_reference_is_added_by_keys_alone(page: Page) -> None:
    page.goto("/admin/Deal")

    page.keyboard.press("f")
    page.locator("select[name=field]").select_option("company")
    page.locator("#filter-q").press_sequentially("blue")
    page.keyboard.press("Enter")
    expect(page.locator(".fs-filter-value .fs-chip")).to_have_text("Bluebird Logistics")
    page.get_by_role("button", name="Add filter").press("Enter")

    expect(page.locator(".fs-chips li")).to_have_text(re.compile("Company is Bluebird Logistics"))
    expect(page.locator("tbody th a").first).to_be_visible()


def test_rows_are_walked_and_opened_by_keys(page: Page) -> None:
    page.goto("/admin/Deal?sort=name")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_have_text("Renewal 001")


def test_a_record_is_created_with_a_company_and_all_problems_at_once(page: Page) -> None:
    page.goto("/admin/Deal")

    page.keyboard.press("c")
    page.wait_for_url("**/new")
    page.locator("[name=value]").fill("12x")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#f-name-error")).to_be_visible()
    expect(page.locator("#f-value-error")).to_be_visible()
    expect(page.locator("[name=name]")).to_be_focused()
    page.locator("[name=name]").fill("From the browser")
    page.locator("[name=value]").fill("1.250,75")
    page.locator("#f-company").press_sequentially("blue")
    page.keyboard.press("Enter")
    expect(page.locator("#f-company-field .fs-chip")).to_have_text("Bluebird Logistics")
    page.keyboard.press("Control+Enter")

    expect(page.locator("h1")).to_have_text("From the browser")
    expect(page.locator(".fs-toast")).to_contain_text("Created From the browser")
    expect(page.locator(".fs-facts")).to_contain_text("$1,250.75")
    expect(page.locator(".fs-facts")).to_contain_text("Bluebird Logistics")
    expect(page.locator(".fs-timeline")).to_contain_text("created this")


def test_enter_waits_for_the_answer_to_what_was_typed(page: Page) -> None:
    page.request.post("/api/records/Company", data={"name": "The newest one"})
    page.clock.install()  # stands still, so that what is typed is not asked for yet
    page.goto("/admin/Deal/new")
    company = page.locator("#f-company")

    def hurry(route: Route) -> None:
        """Type and press Enter while the answer to the focus, the newest, is on its way."""
        answer = route.fetch()
        company.evaluate(
            """input => {
              input.value = "blue";
              input.dispatchEvent(new Event("input", { bubbles: true }));
              input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
            }"""
        )
        route.fulfill(response=answer)

    page.route("**/_lookup*", hurry, times=1)
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    with page.expect_response("**/_lookup*"):
        company.focus()
    page.clock.run_for(60)
    expect(page.locator("#f-company-list [role=option]").first).to_be_visible()
    page.clock.resume()

    expect(page.locator("#f-company-field .fs-chip")).to_have_text("Bluebird Logistics")


def test_a_deleted_record_comes_back_by_undo(page: Page) -> None:
    page.goto("/admin/Deal?sort=-name")
    page.locator("tbody th a").nth(1).click()
    name = page.locator("h1").inner_text()

    page.keyboard.press("Delete")
    expect(page.locator(".fs-toast")).to_contain_text(f"Deleted {name}")
    page.keyboard.press("z")

    expect(page.locator("h1")).to_have_text(name)
    expect(page.locator(".fs-toast")).to_contain_text(f"Restored {name}")


def test_a_chosen_company_can_be_taken_away(page: Page) -> None:
    page.goto("/admin/Deal?sort=name&f=name:is:Renewal 005")
    page.locator("tbody th a").first.click()
    page.wait_for_url("**/admin/Deal/deal_*")  # loaded, so that the keys work
    page.keyboard.press("e")
    page.wait_for_url("**/edit")

    page.get_by_role("button", name="Remove Bluebird Logistics").click()
    page.get_by_role("button", name="Save").click()

    expect(page.locator(".fs-toast")).to_contain_text("Saved Renewal 005")
    expect(page.locator(".fs-facts")).not_to_contain_text("Bluebird")


def test_the_theme_changes_at_once_and_is_remembered(page: Page) -> None:
    page.goto("/admin")
    before = page.locator("body").evaluate("one => getComputedStyle(one).backgroundColor")

    with page.expect_response("**/_theme"):
        page.get_by_role("button", name="Dark").click()
    at_once = page.locator("body").evaluate("one => getComputedStyle(one).backgroundColor")
    page.reload()

    assert (before, at_once) == ("rgb(247, 247, 248)", "rgb(17, 18, 22)")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_keys_of_a_page_are_listed(page: Page) -> None:
    page.goto("/admin/Deal")

    page.keyboard.press("?")

    expect(page.locator("#fs-keys")).to_contain_text("New Deal")


def test_an_object_shows_its_fields_while_they_are_written(page: Page) -> None:
    page.goto("/admin/objects/new")

    page.locator("#label").fill("Site visit")
    page.locator("#fields").fill("Due date\nCompany\nStatus: New, Done")

    expect(page.locator("#sketch")).to_contain_text("Lookup → Company")
    expect(page.locator("#sketch")).to_contain_text("Creates one object and 4 fields")


def test_a_phone_lists_records_in_two_lines_and_opens_the_navigation(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/admin/Deal?sort=name")

    heights = page.locator("tbody tr").first.bounding_box()
    page.get_by_role("button", name="More").click()

    assert heights
    assert 60 <= heights["height"] <= 72
    expect(page.locator(".fs-nav")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
