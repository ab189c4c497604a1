"""Gives objects heaps of their own, as the background job leaves them, without its patience."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.rows import World
from fieldstone.metadata.slots import ALL_SLOTS


async def promote(world: World, owner_connection: Any, *names: str) -> World:
    """Move the records of some objects to heaps of their own and give the world afterwards."""
    async with owner_connection.transaction():
        await owner_connection.execute(
            "SELECT set_config('app.tenant', $1, true)", str(world.tenant.id)
        )
        for name in names:
            await _move(world, owner_connection, name)
        await owner_connection.execute(
            "UPDATE catalog_version SET version = version + 1 WHERE tenant_id = $1",
            world.tenant.id,
        )
    await owner_connection.execute("VACUUM ANALYZE")
    async with world.engine.database.read(world.tenant, world.viewer) as tx:
        return replace(world, catalog=tx.catalog)


async def _move(world: World, connection: Any, name: str) -> None:
    obj = world.catalog.get_object(name)
    heap = await connection.fetchval("SELECT create_own_heap($1)", obj.id)
    await connection.execute(
        f"INSERT INTO {heap} SELECT * FROM {obj.heap} WHERE tenant_id = $1 AND object_id = $2"
        " ORDER BY id",
        world.tenant.id,
        obj.id,
    )
    await connection.execute(
        f"DELETE FROM {obj.heap} WHERE tenant_id = $1 AND object_id = $2", world.tenant.id, obj.id
    )
    for slot in ALL_SLOTS:
        await connection.execute("SELECT index_own_heap($1, $2)", obj.id, slot)
    await connection.execute(
        "UPDATE component SET storage = storage || jsonb_build_object('heap', $2::text)"
        " WHERE tenant_id = $3 AND id = $1",
        obj.id,
        heap,
        world.tenant.id,
    )
