"""Forms whose fields have conditions, without scripts: the server decides when it is asked."""

from __future__ import annotations

import re

import pytest

from tests.support.app import Api
from tests.support.pages import Browser

BID = {
    "name": "Bid",
    "fields": [
        {"name": "name", "type": "text"},
        {"name": "state", "type": "picklist", "options": ["Open", "Won", "Lost"]},
        {
            "name": "reason",
            "type": "picklist",
            "options": ["Price", "Other"],
            "required": True,
            "visible_if": "ISPICKVAL(state, 'Lost')",
        },
        {"name": "more", "type": "text", "visible_if": "ISPICKVAL(reason, 'Other')"},
        {"name": "old", "type": "text", "visible_if": "NOT(ISBLANK(old))"},
        {"name": "amount", "type": "currency", "required_if": "ISPICKVAL(state, 'Won')"},
    ],
}


@pytest.fixture
async def bids(browser: Browser, api: Api) -> Browser:
    """A browser on an application with an object whose fields have conditions."""
    await api.post("/api/objects", BID)
    return browser


def hidden(page: str) -> set[str]:
    """Give the names of the fields that a form hides."""
    return set(re.findall(r'id="f-(\w+)-field" hidden', page))


async def test_a_form_hides_what_a_condition_hides(bids: Browser) -> None:
    empty = await bids.open("/admin/Bid__c/new")
    filled = await bids.open("/admin/Bid__c/new?state=Lost&reason=Other")

    assert hidden(empty) == {"reason", "more", "old"}
    assert hidden(filled) == {"old"}
    assert re.search(r"Reason<span class=\"fs-star\"", filled)
    assert not re.search(r"Amount<span class=\"fs-star\"", filled)


async def test_what_is_required_under_a_condition_is_asked_for_again(bids: Browser) -> None:
    lost = await bids.send("/admin/Bid__c/new", {"name": "A", "state": "Lost"})
    won = await bids.send("/admin/Bid__c/new", {"name": "A", "state": "Won"})

    assert lost.status_code == won.status_code == 422
    assert "Reason is required." in lost.text
    assert hidden(lost.text) == {"more", "old"}
    assert "Amount is required." in won.text


async def test_what_was_typed_into_a_hidden_field_is_not_saved(bids: Browser, api: Api) -> None:
    values = {"name": "A", "state": "Open", "reason": "Other", "more": "x", "amount": "5"}

    made = await bids.send("/admin/Bid__c/new", values)

    record = await api.get(made.headers["location"].replace("/admin/", "/api/records/"))
    assert (record.get("reason"), record.get("more"), record["amount"]) == (None, None, 5)


async def test_a_hidden_field_keeps_its_value_on_saving(bids: Browser, api: Api) -> None:
    values = {"state": "Lost", "reason": "Other", "more": "x", "old": "y"}
    record = await api.post("/api/records/Bid", values)
    address = f"/admin/Bid__c/{record['id']}"

    sent = {"state": "Open", "reason": "Price", "more": "z", "old": ""}
    await bids.send(f"{address}/edit", sent)
    shown = await bids.open(address)

    after = await api.get(f"/api/records/Bid/{record['id']}")
    # More is seen by what Reason keeps; Old was shown, since it held something.
    assert (after["reason"], after["more"], after.get("old")) == ("Other", "z", None)
    assert "Other" not in shown.split('<section class="fs-column" aria-labelledby="history">')[0]


async def test_a_typed_value_that_a_rule_refuses_still_shows_what_hangs_on_it(
    bids: Browser, api: Api
) -> None:
    rule = {
        "name": "Bid__c.no_lost",
        "object": "Bid__c",
        "field": "state",
        "condition": "ISPICKVAL(state, 'Lost')",
        "message": "Not now.",
    }
    await api.post("/api/metadata/components/validation_rule", rule)

    answer = await bids.send("/admin/Bid__c/new", {"state": "Lost", "reason": "Price"})

    assert "Not now." in answer.text
    assert hidden(answer.text) == {"more", "old"}
