"""The pool of connections. They work as fieldstone_app, which owns nothing."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Final

import asyncpg

from fieldstone.errors import Unavailable

ROLE: Final = "fieldstone_app"
_STATEMENTS_KEPT: Final = 1000


class ConnectionsBusy(Unavailable):
    """All connections to the database were taken for as long as a request waits for one."""

    code = "service.busy"


class ConnectionPool:
    """Lends connections, and tells those who would wait too long for one. patience_s: how long."""

    def __init__(self, pool: Any, patience_s: float) -> None:
        self._pool = pool
        self._patience_s = patience_s

    def acquire(self) -> Lease:
        """Lend a connection for the length of a block. Entering raises ConnectionsBusy."""
        return Lease(self._pool, self._patience_s)

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        """Run a statement by itself and give its rows. Raises ConnectionsBusy."""
        async with self.acquire() as connection:
            rows: list[Any] = await connection.fetch(query, *arguments)
        return rows

    async def fetchrow(self, query: str, *arguments: Any) -> Any:
        """Run a statement by itself and give its first row. Raises ConnectionsBusy."""
        async with self.acquire() as connection:
            return await connection.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        """Run a statement by itself and give its first value. Raises ConnectionsBusy."""
        async with self.acquire() as connection:
            return await connection.fetchval(query, *arguments)

    def get_idle_size(self) -> int:
        """Count the open connections that nobody uses."""
        count: int = self._pool.get_idle_size()
        return count

    async def close(self) -> None:
        """Wait for the connections that are lent, and close all."""
        await self._pool.close()


class Lease:
    """A connection, lent for the length of a block.

    The time limit is our own: the pool's would make a task of every wait, also where a connection
    is at hand.
    """

    __slots__ = ("_connection", "_patience_s", "_pool")

    def __init__(self, pool: Any, patience_s: float) -> None:
        self._pool = pool
        self._patience_s = patience_s
        self._connection: Any = None

    async def __aenter__(self) -> Any:
        try:
            async with asyncio.timeout(self._patience_s):
                self._connection = await self._pool.acquire()
        except TimeoutError as error:
            raise ConnectionsBusy(
                "Too many requests are at work just now.", hint="Try again in a moment."
            ) from error
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._pool.release(self._connection)


async def open_pool(
    dsn: str,
    *,
    size: int = 10,
    patience_s: float = 5.0,
    statement_timeout_s: float = 30.0,
    name: str = "fieldstone",
) -> ConnectionPool:
    """Open a pool on a migrated database.

    dsn: a libpq URL. patience_s: how long to wait for a connection when all are lent.
    statement_timeout_s: PostgreSQL cancels what takes longer.
    """
    pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        statement_cache_size=_STATEMENTS_KEPT,
        max_inactive_connection_lifetime=300,
        reset=_keep,
        server_settings={
            "role": ROLE,
            "application_name": name,
            "statement_timeout": str(int(statement_timeout_s * 1000)),
            "jit": "off",
            "timezone": "UTC",
        },
    )
    return ConnectionPool(pool, patience_s)


async def _keep(connection: Any) -> None:
    """Leave a returned connection as it is: each transaction sets what it needs when it opens."""
