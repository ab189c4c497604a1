"""From an open tenant to one that people sign in to, in a browser of each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

TENANT = {"X-Tenant": "other"}  # the tests beside keep theirs open
ADA = ("ada@acme.example", "four unrelated words")
BEN = ("ben@acme.example", "words that are unrelated")


@pytest.fixture
def another(chromium: Browser, site: str) -> Iterator[Page]:
    """A page of somebody else's browser."""
    context = chromium.new_context(base_url=site, extra_http_headers=TENANT)
    yield context.new_page()
    context.close()


def test_tenant_is_claimed_and_others_come_in_by_invitation(
    chromium: Browser, site: str, another: Page
) -> None:
    context = chromium.new_context(base_url=site, extra_http_headers=TENANT)
    page = context.new_page()
    page.goto("/admin/objects")
    page.get_by_role("link", name="People").click()
    page.get_by_label("E-mail").fill(ADA[0])
    page.get_by_label("Password").fill(ADA[1])
    page.get_by_role("button", name="Let people sign in").click()
    page.get_by_label("Name").fill("Ben")
    page.get_by_label("E-mail").fill(BEN[0])
    page.get_by_role("button", name="Invite", exact=True).click()
    address = page.get_by_label("Address of the invitation").input_value()

    another.goto("/admin")
    expect(another.get_by_role("heading", name="Sign in")).to_be_visible()
    another.goto(address)
    another.get_by_label("Password").fill(BEN[1])
    another.get_by_role("button", name="Set password and sign in").click()
    expect(another).to_have_url(f"{site}/admin")
    expect(another.get_by_role("link", name="Set up")).to_have_count(0)

    another.get_by_role("button", name="Sign out").click()
    another.goto("/admin/Deal?sort=name")
    another.get_by_label("E-mail").fill(BEN[0])
    another.get_by_label("Password").fill("not the right one")
    another.get_by_role("button", name="Sign in").click()
    expect(another.get_by_role("alert")).to_contain_text("another password")
    another.get_by_label("Password").fill(BEN[1])
    another.get_by_role("button", name="Sign in").click()
    expect(another).to_have_url(f"{site}/admin/Deal?sort=name")

    page.goto("/admin/people")
    page.get_by_role("row", name=BEN[0]).get_by_role("button", name="Deactivate").click()
    another.reload()
    expect(another.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()
