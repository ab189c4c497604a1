"""A passkey of a virtual device, an app's codes and one's account, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Served, fill
from tests.support.authenticator_codes import code_of
from tests.support.servers import PostgresServer, made_database

ADA = ("ada@acme.example", "four unrelated words")
BEN = ("ben@acme.example", "words that are unrelated")
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDER = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture
def house(postgres_server: PostgresServer, app_template: str) -> Iterator[str]:
    """The address, by name, of a server of this test alone, whose tenant it claims."""
    with made_database(postgres_server, app_template) as dsn:
        served = Served(dsn)
        served.start()
        try:
            fill(served.url)
            yield served.url.replace("127.0.0.1", "localhost")
        finally:
            served.stop()


def a_page(chromium: Browser, house: str, **more: Any) -> tuple[BrowserContext, Page]:
    """A browser of its own, with a device that makes passkeys."""
    context = chromium.new_context(base_url=house, **more)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return context, page


def claim(page: Page) -> None:
    """Let Ada be the first who signs in."""
    page.goto("/admin/people")
    page.get_by_label("E-mail").fill(ADA[0])
    page.get_by_label("Password").fill(ADA[1])
    page.get_by_role("button", name="Let people sign in").click()
    expect(page.get_by_role("heading", name="Invite somebody")).to_be_visible()


def sign_in(page: Page, email: str, password: str) -> None:
    """Fill the form at the door."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_passkey_is_made_and_signs_in_beside_the_password_and_alone(
    chromium: Browser, house: str
) -> None:
    context, page = a_page(chromium, house)
    claim(page)
    page.get_by_role("link", name="Your account").click()
    page.get_by_label("Name of a new passkey").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.get_by_role("list", name="Recovery codes").get_by_role("listitem")).to_have_count(
        10
    )
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 of 10 left")).to_be_visible()

    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(page, *ADA)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{house}/admin")

    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{house}/admin")
    context.close()


def test_organization_wants_a_second_factor_and_an_app_is_set_up_at_the_door(
    chromium: Browser, house: str
) -> None:
    context, page = a_page(chromium, house)
    claim(page)
    page.goto("/admin/organization")
    page.get_by_label("Second factor needed").select_option("everybody")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")

    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(page, *ADA)
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    key = page.get_by_role("textbox", name="Key").input_value().replace(" ", "")
    field = page.get_by_label("Code that the app shows now")
    field.fill("000000")
    page.get_by_role("button", name="Confirm and sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not right")
    assert page.get_by_role("textbox", name="Key").input_value().replace(" ", "") == key
    # The step before still counts, so that the one of now is left for the next sign-in.
    field.fill(code_of(key, -1))
    page.get_by_role("button", name="Confirm and sign in").click()
    page.get_by_role("link", name="I have kept them").click()
    expect(page).to_have_url(f"{house}/admin")

    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(page, *ADA)
    page.get_by_label("Code").fill(code_of(key))
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(f"{house}/admin")
    context.close()


def test_administrator_acts_as_a_member_who_allows_it(chromium: Browser, house: str) -> None:
    context, page = a_page(chromium, house)
    claim(page)
    page.get_by_label("Name").fill("Ben")
    page.get_by_label("E-mail").fill(BEN[0])
    page.get_by_role("button", name="Invite", exact=True).click()
    address = page.get_by_label("Address of the invitation").input_value()
    others, his = a_page(chromium, house)
    his.goto(address)
    his.get_by_label("Password").fill(BEN[1])
    his.get_by_role("button", name="Set password and sign in").click()
    his.get_by_role("link", name="Your account").click()
    his.get_by_role("button", name="Allow", exact=True).click()
    expect(his.get_by_text("Allowed until")).to_be_visible()

    page.goto("/admin/people")
    page.get_by_role("row", name=BEN[0]).get_by_role("button", name="Act as").click()
    expect(page.get_by_text(f"{ADA[0]} acts as {BEN[0]}")).to_be_visible()
    expect(page.get_by_role("link", name="Set up")).to_have_count(0)
    page.goto("/admin/Deal")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("link", name="Set up")).to_be_visible()
    his.reload()
    expect(his.get_by_text("An administrator began to act as you")).to_be_visible()
    others.close()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_the_account_are_for_everybody(
    chromium: Browser, house: str, axe: str, theme: Any
) -> None:
    context, page = a_page(chromium, house, color_scheme=theme)
    claim(page)
    page.goto("/admin/account/authenticator")
    found: dict[str, Any] = {}
    wide = []
    for width in (1440, 320):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("", "/authenticator", "/proof"):
            page.goto(f"/admin/account{path}")
            wide += [path] if page.evaluate(WIDER) else []
            found |= problems_on(context, page, axe)
    page.goto("/admin/account/authenticator")
    key = page.get_by_role("textbox", name="Key").input_value().replace(" ", "")
    page.get_by_label("Code that the app shows now").fill(code_of(key))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    found |= problems_on(context, page, axe)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Sign out", exact=True).click()
    found |= problems_on(context, page, axe)
    sign_in(page, *ADA)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    found |= problems_on(context, page, axe)
    context.close()

    assert found == {}
    assert wide == []


def problems_on(context: BrowserContext, page: Page, axe: str) -> dict[str, Any]:
    """Give what axe finds on a page."""
    context.new_cdp_session(page).send("Runtime.evaluate", {"expression": axe})
    result = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    problems = [(one["id"], one["nodes"][0]["html"]) for one in result["violations"]]
    return {page.url: problems} if problems else {}
