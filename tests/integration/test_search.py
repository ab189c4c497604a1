"""Search finds what the viewer may read, best first, typing mistakes included."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from fieldstone.ids import FieldId
from fieldstone.metadata.rights import Rights
from fieldstone.runtime.search import search_everything
from fieldstone.runtime.transactions import Transaction, Viewer
from tests.support.imports import Desk
from tests.support.rights import having


async def furnish(desk: Desk) -> None:
    """Make a few records."""
    await desk.api.post("/companies", {"name": "Acme Corp", "domain": "acme.example"})
    await desk.api.post("/companies", {"name": "Zeta Works"})
    alice = {"first_name": "Alice", "last_name": "Smith", "email": "alice@acme.example"}
    await desk.api.post("/contacts", alice)
    await desk.api.post("/contacts", {"name": "Bob Jones", "phone": "+13125550100"})
    await desk.api.post("/contacts", {"name": "Malice Cooper"})


async def found(desk: Desk, q: str, **more: Any) -> list[str]:
    """Give the names that a search finds, in order."""
    answer = await desk.api.get("/search", params={"q": q, **more})
    return [one["name"] for one in answer["results"]]


async def test_a_hit_tells_its_type_name_and_company(desk: Desk):
    await furnish(desk)
    answer = await desk.api.get("/search?q=alice+acme")
    first = answer["results"][0]
    assert (
        first.items() >= {"type": "contact", "name": "Alice Smith", "company": "Acme Corp"}.items()
    )
    assert first["id"].startswith("contact_")


async def test_a_name_that_begins_with_the_word_comes_before_one_that_holds_it(desk: Desk):
    await furnish(desk)
    assert await found(desk, "alice") == ["Alice Smith", "Malice Cooper"]


async def test_the_exact_name_is_found_among_a_thousand_that_begin_alike(desk: Desk):
    for first in (0, 700):
        names = [{"name": f"Zebrahaus Holding {n}"} for n in range(first, first + 700)]
        await desk.api.post("/api/records/Company", {"records": names}, status=200)
    await desk.api.post("/companies", {"name": "Zebrahaus"})
    await desk.api.post("/contacts", {"name": "Zebrahaus Jones"})
    assert (await found(desk, "zebrahaus"))[0] == "Zebrahaus"
    assert await found(desk, "zebrahaus", object="Contact") == ["Zebrahaus Jones"]
    assert (await found(desk, "zebrahaus holding 1399"))[0] == "Zebrahaus Holding 1399"


@pytest.mark.parametrize(
    ("name", "more"), [("search_records", ", 100"), ("search_records_loosely", "")]
)
async def test_candidates_are_given_for_the_tenant_that_is_set_alone(
    desk: Desk, name: str, more: str
):
    await furnish(desk)
    engine = desk.worker.engine
    tenant = await engine.tenants.ensure_default()
    viewer = await engine.administrators.get(tenant)
    async with engine.database.read(tenant, viewer) as tx:
        everything = [int(obj.id) for obj in tx.catalog.objects]
        call = f"SELECT txt FROM {name}($1, $2, $3, 10{more})"
        assert await tx.connection.fetch(call, tenant.id, everything, ["alice"])
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.connection.fetch(call, tenant.id + 1, everything, ["alice"])
        await tx.connection.execute("SELECT set_config('app.tenant', '', false)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.connection.fetch(call, tenant.id, everything, ["alice"])


async def test_search_tells_whether_all_that_matches_was_put_in_order(desk: Desk):
    names = [{"name": f"Mill {n}"} for n in range(20)]
    await desk.api.post("/api/records/Company", {"records": names}, status=200)
    engine = desk.worker.engine
    tenant = await engine.tenants.ensure_default()
    async with engine.database.read(tenant, Viewer(None, "somebody")) as tx:
        told = [
            (await search_everything(tx, "mill", most_ranked=ranked)).complete
            for ranked in (19, 20, 21)
        ]

    shown = await desk.api.get("/search?q=mill")

    assert told == [False, True, True]
    assert shown["meta"] == {"complete": True, "ranked_at_most": 100_000}


async def test_words_are_found_in_any_order_and_case(desk: Desk):
    await furnish(desk)
    for q in ("smith alice", "ALICE", "alice@acme.example", "lice smi", "alice corp"):
        assert (await found(desk, q))[0] == "Alice Smith", q


@pytest.mark.parametrize("q", ["alcie", "alise smith", "acme crop", "joens"])
async def test_typing_mistakes_are_forgiven(desk: Desk, q: str):
    await furnish(desk)
    wanted = {"alcie": "Alice Smith", "alise smith": "Alice Smith", "acme crop": "Acme Corp"}
    assert (await found(desk, q))[0] == wanted.get(q, "Bob Jones")


async def test_phone_numbers_are_found_as_they_are_written(desk: Desk):
    await furnish(desk)
    for q in ("3125550100", "(312) 555-0100"):
        assert await found(desk, q) == ["Bob Jones"], q


async def test_nothing_is_found_by_what_nobody_has(desk: Desk):
    await furnish(desk)
    assert await found(desk, "xylophone") == []
    assert await found(desk, "alice xylophone") == []


async def test_a_deleted_record_is_not_found(desk: Desk):
    made = await desk.api.post("/companies", {"name": "Gone Ltd"})
    await desk.api.delete(f"/companies/{made['id']}")
    assert await found(desk, "gone") == []


async def test_a_search_can_be_narrowed_to_an_object(desk: Desk):
    await furnish(desk)
    assert await found(desk, "acme", object="companies") == ["Acme Corp"]
    [problem] = await desk.api.refused("GET", "/search?q=acme&object=nope", status=404)
    assert problem["code"] == "metadata.unknown_object"


async def test_custom_objects_are_found_too(desk: Desk):
    fields = [{"name": "name", "type": "text"}, {"name": "code", "type": "text"}]
    await desk.api.post("/api/objects", {"name": "Project", "fields": fields})
    await desk.api.post("/api/records/Project__c", {"name": "Apollo", "code": "X-99"})
    answer = await desk.api.get("/search?q=x-99")
    assert [(one["type"], one["object"]) for one in answer["results"]] == [
        ("project", "Project__c")
    ]


async def test_results_are_paged(desk: Desk):
    for number in range(5):
        await desk.api.post("/companies", {"name": f"Mill {number}"})
    first = await desk.api.get("/search?q=mill&limit=2")
    second = await desk.api.get(f"/search?q=mill&limit=2&offset={first['next']}")
    last = await desk.api.get(f"/search?q=mill&limit=2&offset={second['next']}")
    names = [one["name"] for page in (first, second, last) for one in page["results"]]
    assert names == [f"Mill {number}" for number in range(5)]
    assert last["next"] is None


@pytest.mark.parametrize("q", ["", "   ", "\0", "a\0b", "x" * 201, "\ud800"])
async def test_a_search_for_nothing_or_too_much_is_refused(desk: Desk, q: str):
    encoded = q.encode(errors="surrogatepass")
    address = b"/search?q=" + b"".join(b"%%%02x" % byte for byte in encoded)
    answer = await desk.api.send("GET", address.decode())
    # Half of a pair never comes through: servers read it as a replacement character.
    assert answer.status_code == (200 if q == "\ud800" else 422)


@pytest.mark.parametrize("q", ["%", "_", "\\", "'", "%%_", "a%b", '"', "; DROP TABLE job"])
async def test_signs_of_patterns_are_plain_characters(desk: Desk, q: str):
    await furnish(desk)
    assert await found(desk, q) == []


async def test_another_tenant_finds_nothing(desk: Desk):
    await furnish(desk)
    assert (await desk.other.get("/search?q=alice"))["results"] == []
    assert (await desk.other.get("/search?q=alcie"))["results"] == []


async def searched(desk: Desk, text: str, **denied: Any) -> list[str]:
    """Search as a viewer who may not read some fields or objects."""
    engine = desk.worker.engine
    tenant = await engine.tenants.ensure_default()
    rights = Rights(digest=f"test {denied}", **denied)
    async with engine.database.read(tenant, Viewer(None, "somebody", having(rights))) as tx:
        return [hit.name for hit in (await search_everything(tx, text)).hits]


async def field_of(desk: Desk, obj: str, name: str) -> FieldId:
    """Give the id of a field."""
    engine = desk.worker.engine
    tenant = await engine.tenants.ensure_default()
    async with engine.database.read(tenant, Viewer(None, "somebody")) as tx:
        return tx.catalog.get_object(obj).get_field(name).id


async def test_hidden_values_find_nothing_and_are_not_shown(desk: Desk):
    await furnish(desk)
    email = await field_of(desk, "Contact", "email")
    assert await searched(desk, "alice@acme.example") == ["Alice Smith"]
    blind = {"unreadable_fields": frozenset([email])}
    assert "Alice Smith" not in await searched(desk, "alice@acme.example", **blind)
    assert (await searched(desk, "alice", **blind))[0] == "Alice Smith"


async def test_objects_that_are_hidden_find_nothing_even_beside_others(desk: Desk):
    await furnish(desk)
    engine = desk.worker.engine
    tenant = await engine.tenants.ensure_default()
    async with engine.database.read(tenant, Viewer(None, "somebody")) as tx:
        company = tx.catalog.get_object("Company").id
    hidden = frozenset([company])
    assert await searched(desk, "acme corp", unreadable_objects=hidden) == []
    rights = Rights(digest="no companies", unreadable_objects=hidden)
    async with engine.database.read(tenant, Viewer(None, "somebody", having(rights))) as tx:
        [hit] = (await search_everything(tx, "alice smith")).hits
    assert hit.others == {}


async def test_a_search_takes_few_statements_however_many_hits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    for number in range(30):
        await desk.api.post(
            "/contacts", {"name": f"Mill {number}", "email": f"m{number}@m.example"}
        )
    statements = 0
    fetch = Transaction.fetch

    async def counted(self: Transaction, sql: str, arguments: list[Any]) -> list[Any]:
        nonlocal statements
        statements += 1
        return await fetch(self, sql, arguments)

    monkeypatch.setattr(Transaction, "fetch", counted)
    assert len(await searched(desk, "mill")) == 20
    assert statements <= 4
