"""Purge: what was deleted long ago is gone from every table, and nothing else is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fieldstone.errors import Several
from fieldstone.ids import RecordId, TenantId, format_id
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.definitions import field_component
from fieldstone.metadata.values import Json
from fieldstone.runtime.files import LocalFiles, UnknownFile, add_file
from fieldstone.runtime.jobs import Job, JobState
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.records.delete import restore
from fieldstone.runtime.records.write import UnknownRecord
from fieldstone.runtime.storage import purge_records
from fieldstone.runtime.storage.errors import WrongCount
from fieldstone.runtime.storage.moving import Place
from fieldstone.runtime.storage.purge import request_purge
from fieldstone.runtime.storage.recycle_bin import empty_bin, load_bin
from tests.support.dying_database import Killed, dying_database
from tests.support.storage_world import StorageWorld

SECRET = "zanzibar"
SHARED = """INSERT INTO record_share
  (tenant_id, record_id, principal, object_id, level, along, reason, at, actor_id)
  VALUES ($1, $2, 1, $3, 1, '{}', $4, now(), 1)"""
PAPER: dict[str, Json] = {
    "name": "Paper",
    "name_field": "title",
    "fields": [
        {"name": "title", "type": "text", "required": True, "unique": True},
        {"name": "secret", "type": "text", "searchable": True},
        {"name": "secret_long", "type": "long_text"},
        {"name": "number", "type": "auto_number", "format": "P-{0000}"},
        {"name": "scan", "type": "file"},
        {"name": "about", "type": "lookup", "references": "Paper__c", "child_name": "notes"},
    ],
}


@pytest.fixture
async def papers(world: StorageWorld, tmp_path: Path) -> StorageWorld:
    """A tenant with an object of which something secret may be written."""
    world.files = tmp_path
    await world.define(PAPER)
    return world


async def secret_paper(world: StorageWorld, **more: Json) -> RecordId:
    values = {"title": "Secret", "secret": SECRET, "secret_long": f"{SECRET} at length", **more}
    (made,) = await world.create("Paper__c", [values])
    return made


async def purge(world: StorageWorld, *, components: bool = True) -> Job:
    async with world.database.write(world.tenant, world.viewer) as tx:
        number = await request_purge(tx, tx.now, components=components)
    return await world.run(number)


async def remove(world: StorageWorld, *keys: tuple[str, str]) -> None:
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        await change_metadata(tx, Proposal(removals=keys))


async def found_in(world: StorageWorld, *needles: str, but: tuple[str, ...] = ()) -> set[str]:
    """Give the tables that hold one of these texts anywhere."""
    tables = await world.rows(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    found = set()
    for table in {row["relname"] for row in tables} - set(but):
        for needle in needles:
            asked = f"SELECT EXISTS (SELECT FROM \"{table}\" t WHERE t::text ILIKE '%{needle}%')"
            if await world.value(asked):
                found.add(table)
    return found


async def test_a_purged_record_is_in_no_table_but_the_log_of_who_did_what(
    papers: StorageWorld,
) -> None:
    paper = await papers.definition("Paper__c")
    secret = await secret_paper(papers)
    await papers.change("Paper__c", secret, {"secret": f"{SECRET} again"})
    await papers.rows(SHARED, papers.tenant.id, secret, int(paper.id), SECRET)
    await papers.delete("Paper__c", secret)

    job = await purge(papers)

    assert job.result == {"records": 1, "components": 0, "files": 0}
    assert await found_in(papers, SECRET) == set()
    log = {name for name in await found_in(papers, str(secret)) if name.startswith("change")}
    assert log
    assert await found_in(papers, str(secret), papers.text_id(paper, secret)) == log
    told = await papers.rows(
        "SELECT operation, before, after FROM change WHERE record_id = $1 ORDER BY seq", secret
    )
    assert [row["operation"] for row in told] == ["create", "update", "delete", "purge"]
    assert {row["before"] for row in told} | {row["after"] for row in told} == {None}


async def test_what_is_not_old_enough_stays(papers: StorageWorld) -> None:
    secret = await secret_paper(papers)
    async with papers.database.write(papers.tenant, papers.viewer) as tx:
        number = await request_purge(tx, tx.now, components=True)
    await papers.delete("Paper__c", secret)

    await papers.run(number)

    async with papers.database.write(papers.tenant, papers.viewer) as tx:
        assert await restore(tx, tx.catalog.get_object("Paper__c"), secret) == 1


async def test_a_purged_record_cannot_be_restored(papers: StorageWorld) -> None:
    secret = await secret_paper(papers)
    await papers.delete("Paper__c", secret)
    await purge(papers)

    with pytest.raises(UnknownRecord):
        async with papers.database.write(papers.tenant, papers.viewer) as tx:
            await restore(tx, tx.catalog.get_object("Paper__c"), secret)


async def test_records_of_promoted_objects_are_purged_too(papers: StorageWorld) -> None:
    paper = await papers.definition("Paper__c")
    made = await papers.create("Paper__c", [{"title": f"{n}"} for n in range(30)])
    await papers.move(Place.OWN, "Paper__c")
    for number in made[:20]:
        await papers.delete("Paper__c", number)

    await purge(papers)

    assert await papers.heaps_of(paper) == {f"record_x{paper.id}": 10}


async def test_records_that_are_being_moved_are_left_for_later(papers: StorageWorld) -> None:
    paper = await papers.definition("Paper__c")
    secret = await secret_paper(papers)
    await papers.delete("Paper__c", secret)
    move = await papers.request(Place.OWN, "Paper__c")

    first = await purge(papers)
    await papers.run(move)
    await papers.run_all()
    second = await purge(papers)

    assert first.result is not None
    assert first.result["records"] == 0
    assert second.result is not None
    assert second.result["records"] == 1
    assert await papers.heaps_of(paper) == {}


async def test_a_file_goes_with_the_last_record_that_held_it(papers: StorageWorld) -> None:
    store = LocalFiles(papers.files)
    kept, lost = await a_file(papers, store, 1), await a_file(papers, store, 2)
    first = await secret_paper(papers, scan=kept)
    await papers.create("Paper__c", [{"title": "Other", "scan": kept}])
    (third,) = await papers.create("Paper__c", [{"title": "Third", "scan": lost}])
    await papers.delete("Paper__c", first)
    await papers.delete("Paper__c", third)

    await purge(papers)

    assert [row["id"] for row in await papers.rows("SELECT id FROM file")] == [1]
    assert (await store.local_path(papers.tenant.id, 1)).exists()
    with pytest.raises(UnknownFile):
        await store.local_path(papers.tenant.id, 2)


async def test_every_reference_to_a_purged_record_is_emptied_however_many_there_are(
    papers: StorageWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge_records, "HOLDERS_AT_ONCE", 2)
    paper = await papers.definition("Paper__c")
    target = await secret_paper(papers)
    about: Json = papers.text_id(paper, target)
    notes = await papers.create("Paper__c", [{"title": f"{n}", "about": about} for n in range(5)])
    for number in (*notes, target):
        await papers.delete("Paper__c", number)
    await papers.rows("UPDATE bin SET at = 'infinity' WHERE root_id = ANY($1)", notes)

    await purge(papers)

    assert await papers.rows("SELECT FROM record WHERE id = $1", target) == []
    pointing = "SELECT count(*) FROM record WHERE id = ANY($1) AND data::text LIKE $2"
    assert await papers.value(pointing, notes, f"%{about}%") == 0
    assert await papers.value("SELECT count(*) FROM record WHERE id = ANY($1)", notes) == 5


async def a_file(world: StorageWorld, store: LocalFiles, number: int) -> dict[str, Json]:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"bytes"

    kept = await store.keep(TenantId(world.tenant.id), number, chunks(), 100)
    async with world.database.write(world.tenant, world.viewer) as tx:
        made = await add_file(tx, number, "scan.pdf", "application/pdf", kept)
    return dict(made.show())


async def test_a_purged_field_is_gone_from_records_and_their_history(
    papers: StorageWorld,
) -> None:
    paper = await papers.definition("Paper__c")
    secret = await secret_paper(papers)
    await papers.change("Paper__c", secret, {"secret": f"{SECRET} again"})
    field, long = paper.get_field("secret"), paper.get_field("secret_long")
    await remove(papers, ("field", "paper__c.secret"), ("field", "paper__c.secret_long"))
    slot = field.slot

    job = await purge(papers)

    assert job.result is not None
    assert job.result["components"] == 2
    assert await found_in(papers, SECRET) == set()
    row = (
        await papers.rows(f"SELECT data, data_long, {slot} FROM {paper.heap} WHERE id = $1", secret)
    )[0]
    assert f'"{field.key}"' not in row["data"]
    assert row["data_long"] is None
    assert row[slot] is None
    assert await papers.rows("SELECT FROM component WHERE id = ANY($1)", [field.id, long.id]) == []
    assert (await papers.ask("SELECT title FROM Paper__c"))[0]["title"] == "Secret"


async def test_a_field_in_the_bin_is_purged_from_its_object_after_a_rename(
    papers: StorageWorld,
) -> None:
    await secret_paper(papers)
    await remove(papers, ("field", "paper__c.secret"), ("field", "paper__c.secret_long"))
    async with papers.database.change_metadata(papers.tenant, papers.viewer) as tx:
        renames = ((("object", "paper__c"), "Sheet__c"),)
        await change_metadata(tx, Proposal(renames=renames))

    await purge(papers)

    assert await found_in(papers, SECRET) == set()
    assert (await papers.ask("SELECT title FROM Sheet__c"))[0]["title"] == "Secret"


async def test_the_key_of_a_purged_field_is_never_given_again(papers: StorageWorld) -> None:
    paper = await papers.definition("Paper__c")
    await remove(papers, ("field", "paper__c.about"))
    await purge(papers)

    async with papers.database.change_metadata(papers.tenant, papers.viewer) as tx:
        made = field_component("Paper__c", {"name": "newer", "type": "text"})
        applied = await change_metadata(tx, Proposal(creates=(made,)))

    newer = applied.catalog.get_object("Paper__c").get_field("newer")
    assert newer.key > paper.get_field("about").key


async def test_a_purged_object_leaves_nothing_but_the_log_of_metadata(
    papers: StorageWorld,
) -> None:
    paper = await papers.definition("Paper__c")
    first = await secret_paper(papers)
    await papers.create("Paper__c", [{"title": "Note", "about": format_id(paper.prefix, first)}])
    await papers.delete("Paper__c", first)
    await remove(papers, ("object", "paper__c"))

    await purge(papers)

    assert await found_in(papers, SECRET, but=("component_change",)) == set()
    assert await papers.heaps_of(paper) == {}
    fields = [field.id for field in paper.own_fields]
    for table, column in (
        ("component", "id"),
        ("link", "field_id"),
        ("record_unique", "field_id"),
        ("counter", "field_id"),
        ("bin", "field_id"),
    ):
        left = f"SELECT count(*) FROM {table} WHERE {column} = ANY($1)"
        assert await papers.value(left, [*fields, paper.id]) == 0, table
    for table in ("record_search", "bin", "record", "query_use"):
        left = f"SELECT count(*) FROM {table} WHERE object_id = $1"
        assert await papers.value(left, paper.id) == 0, table
    values = (
        "SELECT count(*) FROM change WHERE object_id = $1 AND coalesce(before, after) <> 'null'"
    )
    assert await papers.value(values, paper.id) == 0


async def test_a_promoted_object_is_purged_with_its_heap(papers: StorageWorld) -> None:
    paper = await papers.definition("Paper__c")
    await secret_paper(papers)
    await papers.move(Place.OWN, "Paper__c")
    await remove(papers, ("object", "paper__c"))

    await purge(papers)

    assert await papers.value("SELECT to_regclass($1)", f"record_x{paper.id}") is None
    assert await papers.value("SELECT count(*) FROM component WHERE id = $1", paper.id) == 0


async def test_an_object_of_the_same_name_is_not_touched(papers: StorageWorld) -> None:
    await remove(papers, ("object", "paper__c"))
    newer = await papers.define(PAPER)
    await secret_paper(papers)

    await purge(papers)

    assert await papers.heaps_of(newer) == {newer.heap: 1}
    assert len((await papers.definition("Paper__c")).own_fields) == len(newer.own_fields)


async def test_a_purge_killed_at_any_step_goes_on(papers: StorageWorld) -> None:
    for steps in (2, 5, 9, 14, 20, 27, 35, 44, 54):
        secret = await secret_paper(papers)
        await papers.delete("Paper__c", secret)
        await remove(papers, ("object", "paper__c"))
        async with papers.database.write(papers.tenant, papers.viewer) as tx:
            number = await request_purge(tx, tx.now, components=True)
        with suppress(Killed):
            await papers.run(number, dying_database(papers.engine.pool, steps))
        if await papers.value("SELECT state FROM job WHERE id = $1", number) != "done":
            assert (await papers.run(number)).state is JobState.DONE
        assert await found_in(papers, SECRET, but=("component_change",)) == set()
        await papers.define(PAPER)


async def test_a_half_purged_object_cannot_be_restored(papers: StorageWorld) -> None:
    await secret_paper(papers)
    await remove(papers, ("object", "paper__c"))
    begun = (
        """UPDATE component SET storage = storage || '{"purging": true}' WHERE name = 'Paper__c'"""
    )
    await papers.rows(begun)

    with pytest.raises(Several):
        async with papers.database.change_metadata(papers.tenant, papers.viewer) as tx:
            await change_metadata(tx, Proposal(restores=(("object", "paper__c"),)))


async def test_the_bin_tells_what_was_deleted(papers: StorageWorld) -> None:
    first = await secret_paper(papers)
    (second,) = await papers.create("Paper__c", [{"title": "Second"}])
    await papers.delete("Paper__c", first)
    await papers.delete("Paper__c", second)

    shown = await the_bin(papers)

    assert [(one.name, one.id) for one in shown] == [("Second", second), ("Secret", first)]
    assert len(await the_bin(papers, most=1)) == 1


async def the_bin(world: StorageWorld, most: int = 50) -> list[Any]:
    async with world.database.read(world.tenant, world.viewer) as tx:
        return await load_bin(tx, (tx.now, 2**62), most)


async def test_emptying_the_bin_takes_the_right_number(papers: StorageWorld) -> None:
    secret = await secret_paper(papers)
    await papers.delete("Paper__c", secret)
    async with papers.database.write(papers.tenant, papers.viewer) as tx:
        with pytest.raises(WrongCount):
            await empty_bin(tx, 2)
        number = await empty_bin(tx, 1)

    await papers.run(number)

    assert await the_bin(papers) == []
    assert await found_in(papers, SECRET) == set()
