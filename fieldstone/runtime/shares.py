"""Fair shares of a process's connections: nobody takes all, and whoever waits has a turn.

Of those who wait, the tenant that holds fewest connections is next, and of equals the one that has
waited longest. So a tenant whose queries are slow waits for its own, and others for one of them at
most.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fieldstone.errors import Unavailable
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.terms import Limit

LEFT_FREE: Final = 2
"""Connections that no tenant's work takes, by which requests are let in."""


class ShareBusy(Unavailable):
    """The tenant's requests hold all connections that it may have, for as long as one waits."""

    code = "service.share_busy"


class FairShares:
    """Places for work of tenants. size: how many in all; most: of one tenant, if nothing less.

    patience_s: how long one waits for a place.
    """

    def __init__(self, size: int, most: int, patience_s: float) -> None:
        self._free = max(1, size)
        self._most = max(1, min(most, size))
        self._patience_s = patience_s
        self._held: Counter[int] = Counter()
        self._waiting: OrderedDict[int, deque[asyncio.Future[None]]] = OrderedDict()
        self._allowed: dict[int, int] = {}

    @asynccontextmanager
    async def taken(self, tenant: Tenant) -> AsyncIterator[None]:
        """Hold a place for a block. Raises ShareBusy."""
        number, most = int(tenant.id), self._most_of(tenant)
        if self._free and self._held[number] < most and number not in self._waiting:
            self._take(number)
        else:
            await self._wait(number, most)
        try:
            yield
        finally:
            self._give_back(number)

    def held(self, tenant: Tenant) -> int:
        """Count the places that a tenant holds."""
        return self._held[int(tenant.id)]

    def _most_of(self, tenant: Tenant) -> int:
        own = tenant.terms.limit(Limit.CONNECTIONS)
        return self._most if own is None else max(1, min(own, self._most))

    def _take(self, number: int) -> None:
        self._free -= 1
        self._held[number] += 1

    def _give_back(self, number: int) -> None:
        self._free += 1
        self._held[number] -= 1
        if not self._held[number]:
            del self._held[number]
        self._hand_out()

    async def _wait(self, number: int, most: int) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(number, deque()).append(place)
        self._allowed[number] = most
        try:
            async with asyncio.timeout(self._patience_s):
                await place
        except TimeoutError as error:
            self._leave(number, place)
            raise ShareBusy(
                "Too many requests are at work just now.", hint="Try again in a moment."
            ) from error
        except BaseException:
            self._leave(number, place)
            raise

    def _leave(self, number: int, place: asyncio.Future[None]) -> None:
        """Wait no longer; whoever is cut while a place comes leaves it to the next one."""
        if place.done() and not place.cancelled():
            self._give_back(number)
        else:
            self._forget(number, place)

    def _hand_out(self) -> None:
        while self._free:
            number = self._next()
            if number is None:
                return
            waiting = self._waiting[number]
            place = waiting.popleft()
            if waiting:
                self._waiting.move_to_end(number)
            else:
                self._drop(number)
            if not place.done():
                self._take(number)
                place.set_result(None)

    def _next(self) -> int | None:
        """Give whose turn it is; the order of those who wait settles between equals."""
        able = [one for one in self._waiting if self._held[one] < self._allowed[one]]
        return min(able, key=lambda one: self._held[one], default=None)

    def _forget(self, number: int, place: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(number)
        if waiting is not None and place in waiting:
            waiting.remove(place)
            if not waiting:
                self._drop(number)

    def _drop(self, number: int) -> None:
        del self._waiting[number]
        del self._allowed[number]
