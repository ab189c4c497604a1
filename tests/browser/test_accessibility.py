"""axe finds nothing on any kind of page, light and dark, wide and narrow."""

from __future__ import annotations

from typing import Any

import httpx
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
    "view": "/admin/Deal?view=Proposals&sort=-value",
    "apps": "/admin/apps",
    "new app": "/admin/apps/app/new",
    "new action": "/admin/apps/quick_action/new?object=Deal",
    "action": "/admin/_do/New_Deal",
    "personal data": "/admin/privacy",
    "packages": "/admin/packages",
    "package": "/admin/packages/crm",
    "plan of a package": "/admin/packages/_plan?install=crm",
    "building a package": "/admin/packages/_build?of=crm",
    "keys of packages": "/admin/packages/_keys",
    "object": "/admin/objects/Deal",
    "new object": "/admin/objects/new",
    "new layout": "/admin/objects/Contact/layouts/new",
    "new field set": "/admin/objects/Contact/field-sets/new",
    "new formula": "/admin/objects/Deal/formula/new",
    "new roll-up": "/admin/objects/Company/roll_up/new",
    "new rule": "/admin/objects/Deal/rule/new",
    "conditions": "/admin/objects/Deal/field/stage",
    "where used": "/admin/components/field/Deal.value",
    "type of a field": "/admin/objects/Deal/type/next_step?type=picklist",
    "form of an object": "/admin/objects/Deal/edit",
    "new record type": "/admin/objects/Deal/record_types/new",
    "new business process": "/admin/objects/Deal/processes/new",
    "languages": "/admin/translations",
    "language": "/admin/translations/de",
    "translation": "/admin/translations/de/Ticket",
    "people": "/admin/people",
    "permissions": "/admin/permissions",
    "roles": "/admin/roles",
    "settings": "/admin/settings",
    "teams": "/admin/teams",
    "territories": "/admin/territories",
    "new territory rule": "/admin/territory-rules/_new",
    "locked records": "/admin/locks",
    "recycle bin": "/admin/bin",
    "encryption": "/admin/encryption",
    "sharing": "/admin/sharing",
    "new sharing rule": "/admin/sharing/rules/new",
    "identity providers": "/admin/identity-providers",
    "connected apps": "/admin/connected-apps",
    "salesforce packages": "/admin/salesforce",
    "branches": "/admin/branches",
    "branch": "/admin/branches/trial",
    "branch brought up to date": "/admin/branches/trial?into=branch",
    "new service user": "/admin/service-users",
    "welcome": "/welcome/fsi_unknown",
    "record": "first record",
}
WIDER = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module", autouse=True)
def branch(site: str) -> None:
    """A branch with a change of its own, and one here of the same."""
    with httpx.Client(base_url=site, timeout=60) as http:
        assert http.post("/api/branches", json={"name": "trial", "samples": 0}).is_success
        for tenant, label in (("default--trial", "Bill"), ("default", "Account due")):
            # An object that no other test of the same server speaks of.
            answer = http.patch(
                "/api/objects/Invoice", json={"label": label}, headers={"X-Tenant": tenant}
            )
            assert answer.is_success, answer.text


# Each width and each theme once: colours do not depend on widths.
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
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
