"""What a viewer may not read is nowhere in what the viewer gets: no answer depends on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette

from fieldstone.metadata.rights import Rights
from fieldstone.runtime.transactions import Viewer
from tests.support.app import Api, client_of, owner_connection

DEALS = "/api/records/Deal"
ASKED = (
    DEALS,
    f"{DEALS}?count=1&order_by=name DESC",
    "/deals",
    "/deals/1",
    "/api/objects",
    "/api/objects/Deal",
    "/api/openapi.json",
    "/api/docs/Deal",
    "/search?q=secret",
    "/api/query?q=SELECT FIELDS(ALL) FROM Deal",
)
ASKED_ABOUT_IT = (
    f"{DEALS}?where=value > 100",
    f"{DEALS}?order_by=value",
    f"{DEALS}?fields=value",
    f"{DEALS}?fields=amount",
    "/api/query?q=SELECT SUM(value) FROM Deal",
    "/api/query?q=SELECT value, COUNT(id) FROM Deal GROUP BY value",
    "/api/query?q=SELECT name FROM Deal GROUP BY name HAVING MAX(value) > 1",
    "/api/query?q=SELECT name FROM Contact WHERE id IN (SELECT contact FROM Deal WHERE value > 1)",
)


@pytest.fixture
async def limited(app: Starlette, api: Api) -> AsyncIterator[Api]:
    """A client that may not read what deals are worth, nor invoices at all."""
    await api.get(DEALS)
    engine: Any = app.state.engine
    tenant = await engine.directory.get("default")
    admin = await engine.administrators.get(tenant)
    async with engine.database.read(tenant, admin) as tx:
        deal, invoice = tx.catalog.get_object("Deal"), tx.catalog.get_object("Invoice")
    rights = Rights(
        digest="limited",
        unreadable_fields=frozenset({deal.get_field("value").id}),
        unreadable_objects=frozenset({invoice.id}),
    )
    viewer = Viewer(admin.user_id, "Limited", rights)

    async def ask_as_limited(scope: Any, receive: Any, send: Any) -> None:
        found = dict(engine.administrators._found)
        engine.administrators._found[tenant.id] = viewer
        try:
            await app(scope, receive, send)
        finally:
            engine.administrators._found.update(found)

    async with client_of(ask_as_limited) as client:
        yield client


async def test_hidden_value_is_in_no_answer(api: Api, limited: Api) -> None:
    made = await api.post(DEALS, {"name": "A secret deal", "value": 424242})

    for path in (*ASKED, f"{DEALS}/{made['id']}", f"{DEALS}/{made['id']}/history"):
        answer = await limited.send("GET", path)
        assert answer.status_code == 200, (path, answer.text)
        assert "424242" not in answer.text, path


async def test_hidden_field_and_unknown_field_get_the_same_answer(limited: Api) -> None:
    for path in ASKED_ABOUT_IT:
        hidden = await limited.send("GET", path)
        unknown = await limited.send(
            "GET", path.replace("value", "velua").replace("amount", "atnuom")
        )
        assert hidden.status_code == unknown.status_code == 422, (path, hidden.text)
        told = hidden.text.replace("value", "velua").replace("amount", "atnuom")
        assert without_id(told, hidden) == without_id(unknown.text, unknown), path


def without_id(text: str, answer: Any) -> str:
    return text.replace(answer.headers["x-request-id"], "")


async def test_no_answer_depends_on_a_hidden_value(api: Api, limited: Api, app_dsn: str) -> None:
    made = await api.post(DEALS, {"name": "A secret deal", "value": 424242})
    asked = (*ASKED, *ASKED_ABOUT_IT, f"{DEALS}/{made['id']}", f"{DEALS}/{made['id']}/history")
    before = [await limited.send("GET", path) for path in asked]
    async with owner_connection(app_dsn) as connection:
        await connection.execute(
            "UPDATE record SET data = replace(data::text, '424242', '7')::jsonb"
        )
        await connection.execute("UPDATE record SET n1 = 7 WHERE n1 = 424242")
        await connection.execute(
            "UPDATE change SET after = replace(after::text, '424242', '7')::jsonb"
        )

    after = [await limited.send("GET", path) for path in asked]

    assert (await api.get(f"{DEALS}/{made['id']}"))["value"] == 7
    assert [without_id(a.text, a) for a in after] == [without_id(b.text, b) for b in before]


async def test_hidden_field_cannot_be_written(api: Api, limited: Api) -> None:
    made = await api.post(DEALS, {"name": "A deal", "value": 5})

    [problem] = await limited.refused("PATCH", f"{DEALS}/{made['id']}", {"value": 6}, status=422)

    assert problem["code"] == "metadata.unknown_field"
    assert "value" not in (await limited.patch(f"{DEALS}/{made['id']}", {"name": "Renamed"}))
    assert (await api.get(f"{DEALS}/{made['id']}"))["value"] == 5


async def test_stale_write_does_not_show_a_hidden_value(api: Api, limited: Api) -> None:
    made = await api.post(DEALS, {"name": "A deal", "value": 424242})

    answer = await limited.send("PATCH", f"{DEALS}/{made['id']}", {"name": "Renamed", "version": 7})

    assert answer.status_code == 409
    assert "424242" not in answer.text


async def test_hidden_object_is_as_if_it_were_not_there(limited: Api) -> None:
    await limited.refused("GET", "/api/objects/Invoice", status=404)
    await limited.refused("GET", "/api/records/Invoice", status=404)
    await limited.refused("GET", "/invoices", status=404)
    await limited.refused("POST", "/api/records/Invoice", {"name": "x"}, status=404)
    await limited.refused("GET", "/api/docs/Invoice", status=404)
    listed = await limited.get("/api/objects")
    assert "Invoice" not in {obj["id"] for obj in listed["objects"]}
    document = await limited.get("/api/openapi.json")
    assert "Invoice" not in document["components"]["schemas"]
    assert "/invoices" not in document["paths"]
    asked = {"object": "Invoice", "fields": ["id"]}
    await limited.refused("POST", "/api/query", asked, status=422)


async def test_who_may_not_set_up_changes_no_definition(limited: Api) -> None:
    await limited.refused("POST", "/api/objects", {"name": "Project"}, status=403)
    await limited.refused("PATCH", "/api/objects/Deal", {"label": "x"}, status=403)
    await limited.refused("DELETE", "/api/objects/Deal/fields/stage", status=403)
    await limited.refused("GET", "/api/platform/tenants", status=403)
