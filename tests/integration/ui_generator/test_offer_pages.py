"""Apps, tabs, links and actions are made, changed and deleted by forms."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.app import Api
from tests.support.pages import Browser

COMPONENTS = "/api/metadata/components"
ACTION = {
    "label": "Win it",
    "action": "update",
    "fields": "value\nclose_date",
    "defaults": "stage = 'Closed Won'\nvalue = IF(value = 0, 1, value)",
}


@pytest.mark.parametrize(
    ("kind", "of", "typed", "name", "body"),
    [
        (
            *("app", "", {"label": "Field work", "tabs": "Event\n Task ", "is_default": "on"}),
            *("Field_Work", {"tabs": ["Event", "Task"], "is_default": True}),
        ),
        (
            *("tab", "", {"label": "Help", "url": "https://help.example/", "icon": "help-circle"}),
            *("Help", {"url": "https://help.example/", "icon": "help-circle"}),
        ),
        (
            *("web_link", "?object=Deal", {"label": "Find it", "url": "https://x.example/{!name}"}),
            *("Deal.Find_It", {"object": "Deal", "url": "https://x.example/{!name}"}),
        ),
        (
            *("quick_action", "?object=Deal", ACTION, "Deal.Win_It"),
            {
                "fields": ["value", "close_date"],
                "defaults": {"stage": "'Closed Won'", "value": "IF(value = 0, 1, value)"},
            },
        ),
    ],
)
async def test_a_form_makes_changes_and_deletes_it(
    *,
    browser: Browser,
    api: Api,
    kind: str,
    of: str,
    typed: dict[str, str],
    name: str,
    body: dict[str, Any],
) -> None:
    made = await browser.send(f"/admin/apps/{kind}/new{of}", {**typed, "do": "save"})
    component = await api.get(f"{COMPONENTS}/{kind}/{name}")
    form = f"/admin/apps/{kind}/{name}"
    page = await browser.open(form)
    [seen] = re.findall(r'name="seen" value="([^"]+)"', page)
    await browser.send(form, {**typed, "label": "Other", "seen": seen, "do": "save"})
    stale = await browser.send(form, {**typed, "label": "Third", "seen": seen, "do": "save"})
    changed = await api.get(f"{COMPONENTS}/{kind}/{name}")
    await browser.send(form, {**typed, "do": "delete"})

    assert made.status_code == 303
    assert component.items() >= body.items()
    assert typed["label"] in page
    assert stale.status_code == 422
    assert "Somebody else changed this" in stale.text
    assert changed == {**component, "label": "Other"}
    await api.get(f"{COMPONENTS}/{kind}/{name}", status=404)


async def test_what_is_wrong_is_told_and_what_was_typed_stays(browser: Browser) -> None:
    form = "/admin/apps/quick_action/new?object=Deal"

    wrong = await browser.send(form, {**ACTION, "fields": "valu", "do": "save"})
    unread = await browser.send(form, {**ACTION, "defaults": "stage", "do": "save"})

    for answer in (wrong, unread):
        assert answer.status_code == 422
        assert "Win it" in answer.text
    assert "valu" in wrong.text
    assert "does not say what a field begins with" in unread.text


async def test_what_an_object_is_called_is_changed_by_a_form(browser: Browser, api: Api) -> None:
    form = "/admin/objects/Ticket/edit"
    [seen] = re.findall(r'name="seen" value="([^"]+)"', await browser.open(form))

    saved = await browser.send(form, {"label": "Case", "plural_label": "Cases", "seen": seen})
    stale = await browser.send(form, {"label": "Other", "in_navigation": "on", "seen": seen})
    component = await api.get(f"{COMPONENTS}/object/Ticket")

    assert (saved.status_code, stale.status_code) == (303, 422)
    assert (component["label"], component["plural_label"]) == ("Case", "Cases")
    assert component["in_navigation"] is False
    assert "Somebody else changed this object." in stale.text


async def test_values_of_a_picklist_are_written_one_a_line(browser: Browser, api: Api) -> None:
    form = "/admin/objects/Deal/field/lost_reason"
    before = (await api.get(f"{COMPONENTS}/field/Deal.lost_reason"))["options"]
    typed = {"label": "Urgency", "help": "How soon.", "options": "Now = At once"}

    saved = await browser.send(form, typed)
    after = await api.get(f"{COMPONENTS}/field/Deal.lost_reason")

    assert saved.status_code == 303, saved.text
    assert (after["label"], after["help"]) == ("Urgency", "How soon.")
    assert after["options"][0] == {"value": "Now", "label": "At once"}
    assert [one["active"] for one in after["options"][1:]] == [False] * len(before)
