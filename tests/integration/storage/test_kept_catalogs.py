"""The catalog that a change of metadata leaves in its process is the one that others build."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fieldstone.clock import SystemClock
from fieldstone.ids import IdMinter
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.definitions import show_object
from fieldstone.metadata.values import Json
from fieldstone.runtime.catalogs import CatalogStore
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.transactions import Database
from tests.support.storage_world import StorageWorld


async def shown(world: StorageWorld) -> tuple[int, list[dict[str, Json]]]:
    """Give version and objects of the newest catalog."""
    async with world.database.read(world.tenant, world.viewer) as tx:
        catalog = tx.catalog
        return catalog.version, [
            show_object(obj, catalog, {}, tx.rights) for obj in catalog.objects
        ]


async def test_what_was_changed_is_seen_as_another_process_sees_it(world: StorageWorld) -> None:
    await world.define()
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        await change_metadata(tx, Proposal(removals=(("field", "thing__c.day"),)))
    clock = SystemClock()
    elsewhere = Database(world.engine.pool, CatalogStore(), clock, IdMinter(clock, 1019))

    other = replace(world, engine=replace(world.engine, database=elsewhere))

    assert await shown(world) == await shown(other)


class TakenBack(Exception):
    """A change that is not wanted any more."""


async def change_mind(world: StorageWorld) -> None:
    """Remove an object, and think better of it. Raises TakenBack."""
    async with world.database.change_metadata(world.tenant, world.viewer) as tx:
        await change_metadata(tx, Proposal(removals=(("object", "thing__c"),)))
        raise TakenBack


async def test_what_was_not_committed_is_not_kept(world: StorageWorld) -> None:
    await world.define()
    version, _ = await shown(world)

    with pytest.raises(TakenBack):
        await change_mind(world)

    assert (await shown(world))[0] == version
    assert (await world.definition()).name == "Thing__c"
