"""Calls of the API into the ledger of usage: counted in memory, written down now and then."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import asyncpg
from redis.exceptions import RedisError
from sqlalchemy import ARRAY, BigInteger, Date, Integer, func, select

from fieldstone.clock import Clock
from fieldstone.errors import FieldstoneError
from fieldstone.platform.rates.bucket import Caller, LocalRates
from fieldstone.platform.rates.shared import SharedRates
from fieldstone.runtime.statements import parameter, prepare

LOGGER: Final = logging.getLogger("fieldstone.metering")
EVERY_S: Final = 10.0
_FAILS: Final = (FieldstoneError, asyncpg.PostgresError, RedisError, OSError)
_NOTE: Final = prepare(
    select(
        func.note_calls(
            parameter("tenants", ARRAY(Integer)),
            parameter("day", Date()),
            parameter("counts", ARRAY(BigInteger)),
        )
    )
)


@dataclass(frozen=True, slots=True)
class CallLedger:
    """Writes the counts of a process, and those that all share, to the ledger."""

    pool: Any
    clock: Clock
    local: LocalRates
    shared: SharedRates | None = None

    async def flush(self) -> None:
        """Write down what was counted and is not in the ledger yet."""
        counted = self.local.counted()
        try:
            for day in {caller.day for caller in counted}:
                of_day = {one.tenant: n for one, n in counted.items() if one.day == day}
                await self._write(day, of_day)
                counted = Counter({one: n for one, n in counted.items() if one.day != day})
        except _FAILS:
            self.local.count_again(counted)
            raise
        if self.shared is not None:
            today = self.clock.now().date()
            for day in (today, today - timedelta(days=1)):
                counts = await self.shared.uncounted(day)
                if counts:
                    await self._write(day, counts)
                await self.shared.note_written(day, counts)

    @asynccontextmanager
    async def flushing(self, every_s: float = EVERY_S) -> AsyncIterator[None]:
        """Flush now and then for the length of a block, and at its end."""
        task = asyncio.create_task(self._keep_flushing(every_s))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self._try_flush()
            if self.shared is not None:
                await self.shared.close()

    async def _keep_flushing(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await self._try_flush()

    async def _try_flush(self) -> None:
        try:
            await self.flush()
        except _FAILS as error:
            LOGGER.warning("calls are not written down yet: %s", error)

    async def _write(self, day: date, counts: Mapping[int, int]) -> None:
        tenants = sorted(counts)
        values = {"tenants": tenants, "day": day, "counts": [counts[one] for one in tenants]}
        await self.pool.fetchval(_NOTE.sql, *_NOTE.arguments(values))


def caller_of(tenant: int, clock: Clock) -> Caller:
    """Give whose call is counted now."""
    return Caller(tenant, clock.now().date())
