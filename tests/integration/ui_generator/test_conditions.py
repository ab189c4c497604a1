"""Forms whose fields have conditions, without scripts: the server decides when it is asked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.applications import Starlette

from fieldstone.metadata.rights import Rights
from fieldstone.runtime.transactions import Viewer
from tests.support.app import Api
from tests.support.pages import TOKEN, Browser, browser_of
from tests.support.rights import having

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


async def test_a_form_does_not_tell_values_that_the_viewer_may_not_read(
    app: Starlette, api: Api
) -> None:
    await api.post("/api/objects", BID)
    await api.post("/api/objects/Bid/fields", {"name": "secret", "type": "text"})
    worth = {"name": "worth", "type": "text", "visible_if": "BEGINS(secret, 'hidden')"}
    await api.post("/api/objects/Bid/fields", worth)
    made = await api.post("/api/records/Bid", {"name": "A", "secret": "hidden value"})
    engine: Any = app.state.engine
    tenant = await engine.directory.get("default")
    admin = await engine.administrators.get(tenant)
    async with engine.database.read(tenant, admin) as tx:
        secret = tx.catalog.get_object("Bid").get_field("secret").id
    rights = Rights("limited", unreadable_fields=frozenset({secret}))
    engine.administrators._found[tenant.id] = Viewer(admin.user_id, "Limited", having(rights))

    async with browser_of(app) as limited:
        form = await limited.open(f"/admin/Bid__c/{made['id']}/edit")

    assert "worth" in form
    assert "hidden value" not in form
    assert "secret" not in form


async def test_another_tenant_cannot_ask_about_a_form(browser: Browser, api: Api) -> None:
    await api.post("/api/objects", BID)
    made = await api.post("/api/records/Bid", {"name": "A"})
    path = f"/admin/Bid__c/{made['id']}/conditions"
    token = TOKEN.search(await browser.open("/admin/Bid__c/new"))
    assert token is not None
    sent = {"_csrf": token[1], "state": "Lost"}

    own = await browser.http.post(path, data=sent)
    forged = await browser.http.post(path, data={**sent, "_csrf": "x"})
    browser.http.headers["X-Tenant"] = "other"
    other = await browser.http.post(path, data=sent)

    assert own.json()["fields"]["reason"] == {"visible": True, "required": True}
    assert (forged.status_code, other.status_code) == (403, 404)
