"""A door to the database that dies at a chosen statement, as a process does that is killed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fieldstone.clock import SystemClock
from fieldstone.ids import IdMinter
from fieldstone.runtime.catalogs import CatalogStore
from fieldstone.runtime.transactions import Database


class Killed(BaseException):
    """The process is gone: nothing that it would have done on its way out is done."""


class DyingPool:
    """Counts statements and commits of its connections; from number last on nothing works."""

    def __init__(self, pool: Any, last: int) -> None:
        self._pool = pool
        self.left = last

    def step(self) -> None:
        """Count one step. Raises Killed from the last one on."""
        self.left -= 1
        if self.left <= 0:
            raise Killed

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[DyingConnection]:
        """Lend a connection."""
        async with self._pool.acquire() as connection:
            yield DyingConnection(connection, self)


class DyingConnection:
    """A connection whose statements and commits are counted."""

    def __init__(self, connection: Any, pool: DyingPool) -> None:
        self._connection = connection
        self._pool = pool

    async def fetch(self, *arguments: Any, **more: Any) -> Any:
        self._pool.step()
        return await self._connection.fetch(*arguments, **more)

    async def fetchval(self, *arguments: Any, **more: Any) -> Any:
        self._pool.step()
        return await self._connection.fetchval(*arguments, **more)

    async def execute(self, *arguments: Any, **more: Any) -> Any:
        self._pool.step()
        return await self._connection.execute(*arguments, **more)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Run a transaction; the process may also die when it is committed."""
        async with self._connection.transaction():
            yield
        self._pool.step()


def dying_database(pool: Any, last: int, dying: type[DyingPool] = DyingPool) -> Database:
    """Give a door that works until the step of this number."""
    clock = SystemClock()
    return Database(dying(pool, last), CatalogStore(), clock, IdMinter(clock, 1023))
