"""The owner's side of advice on indexes: carries out the orders that the application writes.

CREATE INDEX CONCURRENTLY stops no writer, but only the owner may run it, and in no function. So the
process that knows the owner's address, that of `crm serve`, reads orders and nothing else; their
statements are made and checked in the database. One of all processes does it: whoever holds a lock
that PostgreSQL keeps until the session's last statement has ended, even if its client is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Final

import asyncpg

from fieldstone.runtime.storage.index_states import CHANNEL, INDEXER, Doing, OrderState

LOGGER: Final = logging.getLogger("fieldstone.indexer")
_LOCK_KEY: Final = 72_003
_LOOK_EVERY_S: Final = 5.0
_WATCH_EVERY_S: Final = 0.5
_AGAIN_AFTER_S: Final = 5.0
_JOIN_S: Final = 10.0
_FAILS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)

_LOCK: Final = "SELECT pg_try_advisory_lock($1)"
_SEEN: Final = (
    "INSERT INTO maintenance (task, done_at) VALUES ($1, now())"
    " ON CONFLICT (task) DO UPDATE SET done_at = now()"
)
_OPEN_ORDERS: Final = (
    "SELECT tenant_id, object_id, name, columns, doing FROM index_order"
    " WHERE state IN ('waiting', 'working') ORDER BY at"
)
_IS_CANCELLED: Final = (
    "SELECT cancelled FROM index_order WHERE tenant_id = $1 AND object_id = $2 AND name = $3"
)
_NOTE: Final = (
    "UPDATE index_order SET state = $4, problem = $5"
    " WHERE tenant_id = $1 AND object_id = $2 AND name = $3"
)
_PROGRESS: Final = (
    "UPDATE index_order o SET done = p.blocks_done + p.tuples_done,"
    " total = p.blocks_total + p.tuples_total FROM pg_stat_progress_create_index p"
    " WHERE p.pid = $4 AND o.tenant_id = $1 AND o.object_id = $2 AND o.name = $3"
)
_SET_TENANT: Final = "SELECT set_config('app.tenant', $1::int::text, false)"
_IS_VALID: Final = (
    "SELECT indisvalid FROM pg_index"
    " WHERE indexrelid = to_regclass(format('record_x%s_%s', $1::int, $2::text))"
)
_MAKING: Final = "SELECT making_index($1, $2, $3)"
_DROPPING: Final = "SELECT dropping_index($1, $2)"


@dataclass(frozen=True, slots=True)
class _Ordered:
    """One order that has not ended."""

    tenant_id: int
    object_id: int
    name: str
    columns: list[str]
    doing: Doing

    @property
    def key(self) -> tuple[int, int, str]:
        """What its row is found by."""
        return self.tenant_id, self.object_id, self.name


@dataclass(slots=True)
class Indexer:
    """Carries orders out on a database. owner_url: its owner's address."""

    owner_url: str = field(repr=False)

    async def keep_up(self, stopping: asyncio.Event) -> None:
        """Carry out orders as they come, until stopping; what is begun then is ended another time.

        While another process holds the lock, this one waits for its turn.
        """
        while not stopping.is_set():
            try:
                await self._serve(stopping)
            except _FAILS as error:
                LOGGER.warning("no indexes are made: %s", error)
            await _wait(stopping, _AGAIN_AFTER_S)

    async def _serve(self, stopping: asyncio.Event) -> None:
        async with _connected(self.owner_url) as builder, _connected(self.owner_url) as watcher:
            if not await builder.fetchval(_LOCK, _LOCK_KEY):
                return
            poked = asyncio.Event()
            await watcher.add_listener(CHANNEL, lambda *_: poked.set())
            while not stopping.is_set():
                poked.clear()
                await self._work_off(builder, watcher, stopping)
                await _wait_for_either(poked, stopping, _LOOK_EVERY_S)

    async def _work_off(self, builder: Any, watcher: Any, stopping: asyncio.Event) -> None:
        await watcher.execute(_SEEN, INDEXER)
        for row in await watcher.fetch(_OPEN_ORDERS):
            if stopping.is_set():
                return
            doing = Doing(row["doing"])
            order = _Ordered(row["tenant_id"], row["object_id"], row["name"], row["columns"], doing)
            await _Carrying(builder, watcher, order, stopping).carry_out()


@dataclass(slots=True)
class _Carrying:
    """One order at work. builder runs the statement, watcher looks how far it is."""

    builder: Any
    watcher: Any
    order: _Ordered
    stopping: asyncio.Event

    async def carry_out(self) -> None:
        """Do what is ordered, and note how it ended."""
        await self._note(OrderState.WORKING)
        await self.builder.fetchval(_SET_TENANT, self.order.tenant_id)
        try:
            ended = await (self._make() if self.order.doing is Doing.MAKE else self._drop())
        except asyncpg.PostgresError as error:
            await self._clear_away()
            first_line = str(error).partition("\n")[0]
            await self._note(OrderState.FAILED, first_line)
            return
        if ended is not None:
            await self._note(ended)

    async def _make(self) -> OrderState | None:
        """Make the index, anew if an earlier attempt was broken off; None if there is no time."""
        order = self.order
        valid = await self.builder.fetchval(_IS_VALID, order.object_id, order.name)
        if valid:
            return OrderState.DONE
        if valid is False:
            await self._drop()
        if await self._is_cancelled():
            return OrderState.CANCELLED
        statement = await self.builder.fetchval(_MAKING, order.object_id, order.name, order.columns)
        building = asyncio.create_task(self.builder.execute(statement))
        if await self._watch(building):
            await building
            return OrderState.DONE
        building.cancel()
        with suppress(asyncio.CancelledError, asyncpg.PostgresError):
            await building
        if self.stopping.is_set():
            return None
        await self._clear_away()
        return OrderState.CANCELLED

    async def _watch(self, building: asyncio.Task[Any]) -> bool:
        """Note how far the index is until it is there; no if it is not wanted any more."""
        pid = self.builder.get_server_pid()
        while not building.done():
            await asyncio.wait([building], timeout=_WATCH_EVERY_S)
            await self.watcher.execute(_PROGRESS, *self.order.key, pid)
            await self.watcher.execute(_SEEN, INDEXER)
            if not building.done() and (self.stopping.is_set() or await self._is_cancelled()):
                return False
        return True

    async def _drop(self) -> OrderState:
        order = self.order
        statement = await self.builder.fetchval(_DROPPING, order.object_id, order.name)
        await self.builder.execute(statement)
        return OrderState.DONE

    async def _clear_away(self) -> None:
        """Drop what a broken attempt left, as far as that is possible."""
        with suppress(asyncpg.PostgresError):
            await self._drop()

    async def _is_cancelled(self) -> bool:
        found = await self.watcher.fetchval(_IS_CANCELLED, *self.order.key)
        return found is not False  # an order that is gone is not wanted either

    async def _note(self, state: OrderState, problem: str | None = None) -> None:
        await self.watcher.execute(_NOTE, *self.order.key, state.value, problem)


@contextmanager
def indexing(owner_url: str) -> Iterator[None]:
    """Carry out orders on a database in a thread of this process, for the length of a block."""
    loop, stopping = asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        try:
            loop.run_until_complete(Indexer(owner_url).keep_up(stopping))
        finally:
            loop.close()

    thread = Thread(target=run, daemon=True, name="indexer")
    thread.start()
    try:
        yield
    finally:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(stopping.set)
        thread.join(_JOIN_S)


@asynccontextmanager
async def _connected(owner_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(
        owner_url,
        server_settings={"statement_timeout": "0", "application_name": "fieldstone indexer"},
    )
    try:
        yield connection
    finally:
        await connection.close(timeout=_JOIN_S)


async def _wait(event: asyncio.Event, limit_s: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), limit_s)


async def _wait_for_either(one: asyncio.Event, other: asyncio.Event, limit_s: float) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in (one, other)]
    await asyncio.wait(waiting, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
