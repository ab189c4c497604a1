"""Reading work begins under the newest catalog a process knows, and is done again under a newer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from fieldstone.errors import FieldstoneError
from fieldstone.ids import parse_id
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import read_json
from fieldstone.platform.app import Engine, open_engine
from fieldstone.platform.settings import Settings
from fieldstone.query_language.errors import BadQuery
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.records.showing import ListRequest, list_page, record_text
from fieldstone.runtime.records.write import UnknownRecord
from fieldstone.runtime.transactions import Transaction
from tests.support.query_world import World, a_world

COLOUR = Component("field", "Deal.colour__c", {"object": "Deal", "type": "text"})


@pytest.fixture
async def world(fresh_database_dsn: str) -> AsyncIterator[World]:
    """A world that a test may change."""
    async with a_world(fresh_database_dsn) as made:
        yield made


@pytest.fixture
async def other(world: World, fresh_database_dsn: str) -> AsyncIterator[Engine]:
    """The engine of another process on the same database."""
    engine = await open_engine(Settings(database_url=fresh_database_dsn))
    yield engine
    await engine.close()


async def shown(engine: Engine, world: World, record: str, *fields: str) -> dict[str, object]:
    async def show(tx: Transaction) -> str:
        obj = tx.catalog.get_object("Deal")
        return (await record_text(tx, obj, parse_id(record)[1], fields or None))[0]

    found = read_json(await engine.database.ask(world.tenant, world.viewer, show))
    assert isinstance(found, dict)
    return found


async def test_a_record_is_read_without_opening_a_transaction_first(world: World) -> None:
    [deal] = await world.create("Deal", {"name": "One"})
    await shown(world.engine, world, deal)
    told: list[bool] = []

    async def show(tx: Transaction) -> None:
        told.append(tx.is_open)
        await record_text(tx, tx.catalog.get_object("Deal"), parse_id(deal)[1], ("name",))
        told.append(tx.is_open)

    await world.engine.database.ask(world.tenant, world.viewer, show)

    assert told == [False, True]


async def test_a_field_that_another_process_has_just_made_is_shown(
    world: World, other: Engine
) -> None:
    [deal] = await world.create("Deal", {"name": "One"})
    assert "colour__c" not in await shown(other, world, deal)

    async with world.engine.database.change_metadata(world.tenant, world.viewer) as tx:
        await change_metadata(tx, Proposal(creates=(COLOUR,)))

    assert (await shown(other, world, deal))["colour__c"] is None
    assert await shown(other, world, deal, "colour__c") == {"id": deal, "colour__c": None}


async def test_an_error_under_an_old_catalog_is_none(world: World, other: Engine) -> None:
    [deal] = await world.create("Deal", {"name": "One"})
    await shown(other, world, deal)

    async with world.engine.database.change_metadata(world.tenant, world.viewer) as tx:
        await change_metadata(tx, Proposal(removals=(("field", "deal.next_step"),)))

    with pytest.raises(FieldstoneError) as caught:
        await shown(other, world, deal, "next_step")
    assert caught.value.problem.code == "query.unknown_field"


async def test_a_list_opens_its_transaction_by_itself(world: World, other: Engine) -> None:
    await world.create("Deal", {"name": "One"})

    async def names(tx: Transaction) -> list[str]:
        page = await list_page(tx, tx.catalog.get_object("Deal"), ListRequest(("name",)))
        return page.records

    first = await other.database.ask(world.tenant, world.viewer, names)

    assert await other.database.ask(world.tenant, world.viewer, names) == first
    assert "One" in first[-1]


async def test_the_record_of_another_tenant_is_unknown(world: World, other: Engine) -> None:
    [deal] = await world.create("Deal", {"name": "One"})
    stranger = await world.another_tenant("stranger")
    [theirs] = await stranger.create("Deal", {"name": "Two"})
    await shown(other, stranger, theirs)
    await shown(other, world, deal)

    with pytest.raises(UnknownRecord):
        await shown(other, stranger, deal)
    with pytest.raises(UnknownRecord):
        await shown(other, world, theirs)


async def test_one_record_is_not_counted(world: World) -> None:
    [deal] = await world.create("Deal", {"name": "One"})

    with pytest.raises(BadQuery):
        await shown(world.engine, world, deal, "COUNT(id)")
