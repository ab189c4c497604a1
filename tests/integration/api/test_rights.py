"""What a viewer may not read is nowhere in what the viewer gets: no answer depends on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette

from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.rights import Action, Rights
from fieldstone.runtime.transactions import Viewer
from tests.support.app import Api, client_of, owner_connection
from tests.support.rights import having

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
    viewer = Viewer(admin.user_id, "Limited", having(rights))

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
        await connection.execute("SET session_replication_role = replica")
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


@asynccontextmanager
async def asking_as(app: Starlette, viewer: Viewer) -> AsyncIterator[Api]:
    """Give a client that is this viewer, whatever the application would take it for."""
    engine: Any = app.state.engine
    tenant = await engine.directory.get("default")

    async def ask(scope: Any, receive: Any, send: Any) -> None:
        found = dict(engine.administrators._found)
        engine.administrators._found[tenant.id] = viewer
        try:
            await app(scope, receive, send)
        finally:
            engine.administrators._found.update(found)

    async with client_of(ask) as client:
        yield client


async def catalog_of(app: Starlette) -> Catalog:
    engine: Any = app.state.engine
    tenant = await engine.directory.get("default")
    async with engine.database.read(tenant, await engine.administrators.get(tenant)) as tx:
        catalog: Catalog = tx.catalog
        return catalog


async def somebody(app: Starlette, **denied: Any) -> Viewer:
    """Give a viewer who is no administrator, with what they may not do, by names."""
    catalog = await catalog_of(app)
    objects = frozenset(catalog.get_object(one).id for one in denied.get("objects", ()))
    pairs = (one.split(".") for one in denied.get("fields", ()))
    fields = frozenset(catalog.get_object(obj).get_field(own).id for obj, own in pairs)
    kept = frozenset(catalog.get_object(one).id for one in denied.get("undeletable", ()))
    rights = Rights(
        f"{denied}",
        unreadable_objects=objects,
        unreadable_fields=fields,
        undeletable_objects=kept,
    )
    return Viewer(RecordId(denied.get("user", 99)), "Somebody", having(rights))


SECRET = {"name": "badge", "type": "text", "unique": True}


async def test_keys_that_are_hidden_are_neither_hinted_at_nor_taken(
    app: Starlette, api: Api
) -> None:
    await api.get(DEALS)
    await api.post("/api/objects/Company/fields", SECRET)
    upsert = "/api/records/Company/upsert?key="
    async with asking_as(app, await somebody(app, fields=("Company.badge",))) as limited:
        [no_key] = await limited.refused("POST", f"{upsert}name", [], status=422)
        hidden = await limited.refused("POST", f"{upsert}badge", [], status=404)
        unknown = await limited.refused("POST", f"{upsert}bagde", [], status=404)

    assert "badge" not in no_key["hint"]
    assert "external_id" in no_key["hint"]
    told = [{**one, "message": one["message"].replace("bagde", "badge")} for one in unknown]
    assert [{**one, "at": one["at"].replace("bagde", "badge")} for one in told] == hidden


async def test_a_hidden_value_in_the_way_is_told_without_its_name_or_holder(
    app: Starlette, api: Api
) -> None:
    await api.get(DEALS)
    source = {"form": "join", "fields": ["name"]}
    field = {**SECRET, "derive": source, "read_only": True}
    await api.post("/api/objects/Company/fields", field)
    need = {"name": "clearance", "type": "text", "required": True}
    made = await api.post("/companies", {"name": "Acme"})
    await api.post("/api/objects/Contact/fields", need)
    denied = ("Company.badge", "Contact.clearance")
    async with asking_as(app, await somebody(app, fields=denied)) as limited:
        one = await limited.refused("POST", "/companies", {"name": "Acme"}, status=422)
        many = await limited.ask("POST", "/api/records/Company", [{"name": "Acme"}])
        lacking = await limited.refused("POST", "/contacts", {"name": "Al"}, status=422)

    assert [problem["code"] for problem in (*one, *lacking)] == ["value.hidden"] * 2
    assert many["results"][0]["errors"] == one
    text = str((one, many, lacking))
    assert made["id"] not in text
    assert all(word not in text.lower() for word in ("badge", "clearance"))


async def test_a_hidden_value_that_controls_a_choice_is_not_told(app: Starlette, api: Api) -> None:
    await api.get(DEALS)
    risk = {"name": "risk", "type": "picklist", "options": ["Peril", "Calm"]}
    offer = {
        "name": "offer",
        "type": "picklist",
        "options": ["Credit", "Cash"],
        "controlled_by": "risk",
        "valid_for": {"Credit": ["Calm"]},
    }
    for field in (risk, offer):
        await api.post("/api/objects/Company/fields", field)
    made = await api.post("/companies", {"name": "Acme", "risk": "Peril"})
    path, said = f"/companies/{made['id']}", {"offer": "Credit"}
    [open_one] = await api.refused("PATCH", path, said, status=422)
    async with asking_as(app, await somebody(app, fields=("Company.risk",))) as limited:
        [problem] = await limited.refused("PATCH", path, said, status=422)

    assert "while Risk is Peril" in open_one["message"]
    assert problem["message"] == "Offer cannot be Credit in this record."


async def test_restoring_does_not_tell_a_hidden_value_that_is_taken(
    app: Starlette, api: Api
) -> None:
    await api.get(DEALS)
    await api.post("/api/objects/Company/fields", SECRET)
    made = await api.post("/companies", {"name": "Acme", "badge": "b-7"})
    await api.delete(f"/companies/{made['id']}")
    await api.post("/companies", {"name": "Other", "badge": "b-7"})
    async with asking_as(app, await somebody(app, fields=("Company.badge",))) as limited:
        path = f"/api/records/Company/{made['id']}/restore"
        problems = await limited.refused("POST", path, status=422)

    assert [problem["code"] for problem in problems] == ["value.hidden"]
    assert "b-7" not in str(problems)


async def test_a_part_brings_its_whole_back_only_for_who_may_restore_that(
    app: Starlette, api: Api
) -> None:
    deal = await api.post(DEALS, {"name": "Big"})
    line = await api.post("/api/records/DealLine", {"deal": deal["id"], "quantity": 1})
    await api.delete(f"{DEALS}/{deal['id']}")
    path = f"/api/records/DealLine/{line['id']}/restore"
    async with asking_as(app, await somebody(app, undeletable=("Deal",))) as limited:
        await limited.refused("POST", path, status=403)
    async with asking_as(app, await somebody(app, objects=("Deal",))) as limited:
        [hidden] = await limited.refused("POST", path, status=403)

    assert "Deals" not in str(hidden)
    await api.get(f"{DEALS}/{deal['id']}", status=404)


async def test_records_of_a_hidden_object_are_not_there_to_be_pointed_at(
    app: Starlette, api: Api
) -> None:
    company = await api.post("/companies", {"name": "Acme"})
    gone = f"company_{int(company['id'].split('_')[1], 16) + 1:x}"
    async with asking_as(app, await somebody(app, objects=("Company",))) as limited:
        problems = [
            (await limited.refused("POST", "/contacts", {"name": "A", "company": one}, status=422))
            for one in (company["id"], gone)
        ]
        shown = await limited.get("/api/objects/Contact")
        unknown = await limited.refused("GET", "/api/objects/Compani", status=404)

    [there], [missing] = problems
    assert there["message"].replace(company["id"], gone) == missing["message"]
    assert "Company" not in {one["object"] for one in shown["relations"]}
    assert "Company" not in str(unknown)


async def test_file_is_for_its_owner_administrators_and_readers_of_its_record(
    app: Starlette, api: Api
) -> None:
    await api.get(DEALS)
    await api.post("/api/objects/Deal/fields", {"name": "contract", "type": "file"})
    owner = await somebody(app, user=7)
    async with asking_as(app, owner) as client:
        sent = await client.http.post("/api/files", files={"file": ("a.txt", b"secret")})
        file = sent.json()
        path = f"/api/files/{file['id']}"
        own = (await client.send("GET", path)).status_code
        async with asking_as(app, await somebody(app)) as other:
            before = (await other.send("GET", path)).status_code
            stolen = await other.refused(
                "POST", DEALS, {"name": "Mine", "contract": file}, status=422
            )
        deal = await client.post(DEALS, {"name": "A deal", "contract": file})
    async with asking_as(app, await somebody(app)) as reader:
        held = (await reader.send("GET", path)).content
    async with asking_as(app, await somebody(app, fields=("Deal.contract",))) as blind:
        hidden = (await blind.send("GET", path)).status_code
    async with asking_as(app, await somebody(app, objects=("Deal",))) as blind:
        unseen = (await blind.send("GET", path)).status_code
    by_admin = (await api.send("GET", path)).content
    after = []
    for change in ({"contract": None}, {"contract": file}):
        await api.patch(f"{DEALS}/{deal['id']}", change)
        async with asking_as(app, await somebody(app)) as reader:
            after.append((await reader.send("GET", path)).status_code)
    await api.delete(f"{DEALS}/{deal['id']}")
    async with asking_as(app, await somebody(app)) as reader:
        after.append((await reader.send("GET", path)).status_code)

    assert (own, before, held, by_admin) == (200, 404, b"secret", b"secret")
    assert [problem["at"] for problem in stolen] == ["/contract"]
    assert (hidden, unseen, after) == (404, 404, [404, 200, 404])


async def test_jobs_and_files_of_imports_are_for_whoever_began_them(
    app: Starlette, api: Api
) -> None:
    await api.get(DEALS)
    async with asking_as(app, await somebody(app, user=7)) as owner:
        form = {"object": "Company", "mapping": '{"Name": "name", "E-mail": "email"}'}
        text = b"Name,E-mail\nAcme,none\n"
        sent = await owner.http.post("/import", data=form, files={"file": ("a.csv", text)})
        job = sent.json()["job"]
        paths = (job["url"], f"/api/imports/{job['id']}", sent.json()["rejected_file"])
        own = [(await owner.send("GET", path)).status_code for path in paths]
    async with asking_as(app, await somebody(app)) as other:
        others = [(await other.send("GET", path)).status_code for path in paths]
        others.append((await other.send("POST", f"{job['url']}/cancel")).status_code)
        listed = (await other.get("/api/jobs"))["jobs"]
    admins = [(await api.send("GET", path)).status_code for path in paths]

    assert (own, admins, others, listed) == ([200] * 3, [200] * 3, [404] * 4, [])


async def test_rule_attaches_records_that_the_viewer_may_not_read_and_tells_nothing_of_them(
    app: Starlette, api: Api
) -> None:
    contact = await api.post("/contacts", {"name": "Al", "email": "al@acme.example"})
    async with asking_as(app, await somebody(app, objects=("Contact",))) as limited:
        made = await limited.post("/companies", {"name": "Acme", "domain": "acme.example"})
        found = await limited.get(f"/companies/{made['id']}")

    assert (await api.get(f"/contacts/{contact['id']}"))["company"]["id"] == made["id"]
    assert contact["id"] not in str((made, found))


TELLING: list[dict[str, Any]] = [
    {"name": "twice", "type": "currency", "formula": "value * 2"},
    {"name": "hint", "type": "text", "visible_if": "value > 5", "required_if": "value > 9"},
    {"name": "half", "type": "currency", "default_formula": "value / 2"},
    {"name": "bill", "type": "lookup", "references": "Invoice", "child_name": "billed"},
    {"name": "about", "type": "polymorphic", "references": ["Invoice", "Company"]},
    {"name": "rung", "type": "picklist", "options": ["A", "B"], "controlled_by": "stage"},
]


async def test_definition_names_nothing_that_is_hidden(api: Api, limited: Api) -> None:
    for field in TELLING:
        await api.post("/api/objects/Deal/fields", field)

    whole = {one["name"]: one for one in (await api.get("/api/objects/Deal"))["fields"]}
    told = {one["name"]: one for one in (await limited.get("/api/objects/Deal"))["fields"]}

    assert [whole["twice"]["formula"], whole["bill"]["references"]] == ["value * 2", "Invoice"]
    assert {key for key in told["hint"] if key.endswith("_if")} == set()
    assert "formula" not in told["twice"]
    assert "default_formula" not in told["half"]
    assert "references" not in told["bill"]
    assert told["about"]["references"] == ["Company"]
    assert told["about"]["described"].endswith(" \u2192 Company")
    assert told["rung"]["controlled_by"] == "stage"
    assert "Invoice" not in str(told)


async def test_sample_data_is_unpacked_only_for_who_may_import(app: Starlette, api: Api) -> None:
    await api.get(DEALS)
    rights = Rights("no imports", denied_actions=frozenset({Action.IMPORT}))
    viewer = Viewer(RecordId(99), "Somebody", having(rights))
    async with asking_as(app, viewer) as limited:
        answer = await limited.http.post(
            "/api/salesforce-packages/sample-data", files={"file": ("a.zip", b"no zip")}
        )

    assert answer.status_code == 403, answer.text
