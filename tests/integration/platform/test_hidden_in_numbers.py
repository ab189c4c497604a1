"""What cannot be seen neither counts nor stands in the way of what can."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette

from fieldstone.ids import RecordId, parse_id
from fieldstone.intelligence.matching.matcher import EqualMatching
from fieldstone.metadata.record_access import Grants, RecordAccess
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.sharing import Level
from fieldstone.runtime.finding import find
from fieldstone.runtime.imports import stored
from fieldstone.runtime.imports.stored import StoredRecords
from fieldstone.runtime.search import search_everything
from fieldstone.runtime.transactions import Transaction, Viewer
from tests.integration.platform.test_identity import a_browser, claimed, joined
from tests.integration.platform.test_sharing import Office
from tests.support.app import Api
from tests.support.rights import having

HIDDEN = 1_100
THING = {
    "name": "Thing",
    "sharing": "private",
    "fields": [
        {"name": "name", "type": "text"},
        {"name": "firm", "type": "lookup", "references": "Company", "on_delete": "cascade"},
    ],
}


@pytest.fixture
async def office(app: Starlette, api: Api) -> AsyncIterator[Office]:
    """A tenant whose companies are private: one is Ada's, none is Ben's yet."""
    await claimed(api)
    await api.patch("/api/objects/Company", {"sharing": "private"})
    made = await api.post("/companies", {"name": "Secret Corp", "domain": "secret.example"})
    async with a_browser(app) as ben:
        told = await joined(app, api, ben)
        yield Office(api, ben, told["id"], made["id"])


async def crowd(office: Office, count: int = HIDDEN) -> None:
    """Make companies of Ada's, and one of Ben's that comes last of them."""
    names = [{"name": f"Zebra {n}"} for n in range(count)]
    await office.ada.post("/api/records/Company", {"records": names}, status=200)
    await office.ben.post("/companies", {"name": "Zebra that is the very last and Ben's"})


async def as_ben(app: Starlette, office: Office, ask: Any) -> Any:
    """Ask as somebody who sees of companies what they own."""
    engine: Any = app.state.engine
    tenant = await engine.tenants.ensure_default()
    async with engine.database.read(tenant, Viewer(None, "Test")) as tx:
        company = tx.catalog.get_object("Company").id
    access = RecordAccess({(company, Level.READ): Grants(), (company, Level.EDIT): Grants()})
    standing = having(Rights("own companies", record_access=access))
    viewer = Viewer(RecordId(parse_id(office.ben_id)[1]), "Ben", standing)
    async with engine.database.read(tenant, viewer) as tx:
        return await ask(tx)


async def test_search_finds_what_is_seen_behind_a_thousand_that_are_not(office: Office) -> None:
    await crowd(office)

    answer = await office.ben.get("/search?q=zebra")

    assert [one["name"] for one in answer["results"]] == ["Zebra that is the very last and Ben's"]
    assert answer["meta"]["complete"] is True


async def test_searches_tell_of_what_is_seen_alone_whether_they_are_complete(
    app: Starlette, office: Office
) -> None:
    await crowd(office, 8)

    async def ask(tx: Transaction) -> tuple[bool, bool, int]:
        searched = await search_everything(tx, "zebra", most_ranked=3)
        found = await find(tx, "FIND {zebra} RETURNING Company(name)", most_looked_at=3)
        return searched.complete, found.complete, len(found.records)

    assert await as_ben(app, office, ask) == (True, True, 1)


async def test_import_reads_no_more_of_a_large_object_because_it_is_hidden(
    app: Starlette, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await crowd(office, 8)
    monkeypatch.setattr(stored, "MOST_KEPT", 3)
    monkeypatch.setattr(stored, "_PAGE", 2)

    async def ask(tx: Transaction) -> bool:
        company = tx.catalog.get_object("Company")
        known = StoredRecords(EqualMatching(company, [company.title]))
        await known.load_all(tx, company)
        return known.complete

    assert await as_ben(app, office, ask) is False


async def test_records_are_attached_to_what_their_maker_cannot_see(office: Office) -> None:
    ada_id = (await office.ada.get("/api/session"))["viewer"]["id"]
    contact = await office.ada.post("/contacts", {"last_name": "Fox", "email": "f@fox.example"})

    said = {"name": "Fox", "domain": "fox.example", "owner": ada_id}
    made = await office.ben.post("/companies", said)

    back = await office.ada.get(f"/contacts/{contact['id']}")
    assert back["company"]["id"] == made["id"]


async def test_deleting_and_restoring_count_what_is_seen(office: Office) -> None:
    await office.ada.post("/api/objects", THING)
    firm = await office.ben.post("/companies", {"name": "Ours"})
    for name in ("A", "B"):
        await office.ada.post("/api/records/Thing__c", {"name": name, "firm": firm["id"]})
    await office.ben.post("/api/records/Thing__c", {"name": "C", "firm": firm["id"]})

    gone = await office.ben.delete(f"/companies/{firm['id']}")
    told = [(await who.get("/api/bin"))["deletions"][0] for who in (office.ben, office.ada)]
    path = f"/api/records/Company/{firm['id']}/restore"
    back = await office.ben.post(path, None, status=200)

    assert gone["deleted_along"] == 1
    assert [one["along"] for one in told] == [1, 3]
    assert back["restored"] == 2
