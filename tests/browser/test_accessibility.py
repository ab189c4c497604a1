"""axe finds nothing on any kind of page, light and dark, wide and narrow."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "home": "/admin",
    "list": "/admin/Deal?sort=-value&f=stage:is:Proposal",
    "empty": "/admin/Lead",
    "narrowed": "/admin/Deal?f=name:is:Nobody",
    "failed": "/admin/Deal?where=valu > 3",
    "form": "/admin/Company/new",
    "missing": "/admin/Nope",
    "search": "/admin/search?q=renewal",
    "objects": "/admin/objects",
    "personal data": "/admin/privacy",
    "object": "/admin/objects/Deal",
    "new object": "/admin/objects/new",
    "new formula": "/admin/objects/Deal/formula/new",
    "new roll-up": "/admin/objects/Company/roll_up/new",
    "new rule": "/admin/objects/Deal/rule/new",
    "conditions": "/admin/objects/Deal/field/stage",
    "people": "/admin/people",
    "permissions": "/admin/permissions",
    "roles": "/admin/roles",
    "teams": "/admin/teams",
    "sharing": "/admin/sharing",
    "new sharing rule": "/admin/sharing/rules/new",
    "identity providers": "/admin/identity-providers",
    "connected apps": "/admin/connected-apps",
    "new service user": "/admin/service-users",
    "welcome": "/welcome/fsi_unknown",
    "record": "first record",
}
WIDER = "document.documentElement.scrollWidth > innerWidth"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(chromium: Browser, site: str, axe: str, width: int, theme: Any) -> None:
    context = chromium.new_context(
        base_url=site, viewport={"width": width, "height": 900}, color_scheme=theme
    )
    page = context.new_page()
    found: dict[str, Any] = {}
    for name, path in PAGES.items():
        if path == "first record":
            page.goto("/admin/Deal?sort=name")
            page.locator("tbody th a").first.click()
        else:
            page.goto(path)
        expect(page.locator(".htmx-request")).to_have_count(0)
        # The policy of our pages lets no script of a test in; the debugger is asked instead.
        context.new_cdp_session(page).send("Runtime.evaluate", {"expression": axe})
        result = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        problems = [(one["id"], one["nodes"][0]["html"]) for one in result["violations"]]
        if problems:
            found[name] = problems
    context.close()

    assert found == {}


@pytest.mark.parametrize("width", [1024, 320])
def test_no_page_scrolls_sideways(chromium: Browser, site: str, width: int) -> None:
    context = chromium.new_context(base_url=site, viewport={"width": width, "height": 900})
    page = context.new_page()
    wide = []
    for name, path in PAGES.items():
        if path != "first record":
            page.goto(path)
            wide += [name] if page.evaluate(WIDER) else []
    context.close()

    assert wide == []
