"""The administrator of each tenant: the first record of its object User."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from sqlalchemy import select

from fieldstone.ids import RecordId
from fieldstone.metadata.tables import heap
from fieldstone.runtime.records.heap_statements import of_object
from fieldstone.runtime.statements import prepare
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Viewer

NAME: Final = "Administrator"
_KEPT: Final = 10_000


class Administrators:
    """Finds them, and remembers the last ten thousand."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: OrderedDict[int, Viewer] = OrderedDict()

    async def get(self, tenant: Tenant) -> Viewer:
        """Give the viewer that acts as the administrator of a tenant."""
        known = self._found.get(tenant.id)
        if known is not None:
            return known
        viewer = await self._load(tenant)
        if viewer.user_id is not None:  # a tenant that is being made has its user in a moment
            self._found[tenant.id] = viewer
            if len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return viewer

    async def _load(self, tenant: Tenant) -> Viewer:
        nobody = Viewer(None, NAME)
        async with self._database.read(tenant, nobody) as tx:
            user = tx.catalog.find_object("User")
            if user is None:
                return nobody
            table = heap(user.heap)
            first = prepare(
                select(table.c.id)
                .where(of_object(table, tenant.id, user.id))
                .order_by(table.c.id)
                .limit(1)
            )
            number = await tx.value(first)
        user_id = RecordId(number) if number is not None else None
        return Viewer(user_id, NAME)
