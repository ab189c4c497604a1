"""Answers read to their end: every row of one snapshot, a portion in memory at a time.

Whoever reads slowly holds a connection and a snapshot of the database meanwhile. So there are only
so many streams at a time, fewer still for one tenant, and each ends after a while.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol

import asyncpg

from fieldstone.errors import Unavailable
from fieldstone.metadata.rights import Action
from fieldstone.metadata.values import write_json
from fieldstone.query_language.compile import CAP, OFFSET, Wanted
from fieldstone.query_language.errors import BadQuery
from fieldstone.query_language.plan import Plan
from fieldstone.runtime.actions import check_action
from fieldstone.runtime.encryption.opening import opened
from fieldstone.runtime.observing import note_asked, note_program
from fieldstone.runtime.queries import (
    MOST_PER_PAGE,
    Question,
    Settled,
    answer,
    count_rows,
    settle,
    step_above,
)
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Fetch, Transaction, Viewer

PORTION_BYTES: Final = 512 * 1024
"""About as much of an answer as is in memory at a time."""

FIRST_PORTION: Final = 200
_MOST_IN_PORTION: Final = 2_000
_EVERYTHING: Final = 2**62
_GONE: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    # The driver's word where the connection went in the moment in which it was asked again.
    asyncpg.InternalClientError,
    OSError,
)


class StreamsBusy(Unavailable):
    """As many answers are streamed as may be at a time."""

    code = "stream.busy"


class StreamTooLong(Unavailable):
    """An answer took longer to be read to its end than one may."""

    code = "stream.too_long"


class StreamBroken(Unavailable):
    """The database went away while an answer was read."""

    code = "stream.broken"


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What streams may take. most: how many at a time in a process, half of them for one tenant.

    portion_s: how long the database may work on one portion; the first may have to sort all rows.
    whole_s: how long a stream may take from its first row to its last.
    """

    most: int = 4
    portion_s: float = 120.0
    whole_s: float = 1800.0


class StreamPlaces:
    """Counts the streams of a process. One per application, built by platform/app.py."""

    def __init__(self, limits: StreamLimits) -> None:
        self.limits = limits
        self._taken: Counter[int] = Counter()

    @contextmanager
    def taken(self, tenant: Tenant) -> Iterator[None]:
        """Hold a place for a block. Raises StreamsBusy."""
        most = self.limits.most
        of_tenant = max(1, most // 2)
        if self._taken.total() >= most or self._taken[tenant.id] >= of_tenant:
            raise StreamsBusy(
                "Too many answers are being streamed or exported just now.",
                hint="Try again in a moment, or export in the background: POST /api/exports.",
            )
        self._taken[tenant.id] += 1
        try:
            yield
        finally:
            self._taken[tenant.id] -= 1
            self._taken += Counter()  # forgets those who have none


class Watcher(Protocol):
    """Is told how far an answer is; what it raises ends the reading."""

    async def begins(self, total: int) -> None:
        """Take how many rows there will be."""
        ...

    async def saw(self, count: int) -> None:
        """Take how many more rows were read and written."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads, and within which limits. watcher: who is told of it; the rows are counted then.

    at_rest: whether the answer is kept, with encrypted values hidden.
    """

    database: Database
    tenant: Tenant
    viewer: Viewer
    limits: StreamLimits
    watcher: Watcher | None = None
    at_rest: bool = False


@dataclass(frozen=True, slots=True)
class OpenRows:
    """An answer that is being read.

    only_column: the name of the only column of answers that are a count or a plan.
    """

    settled: Settled
    portions: AsyncIterator[list[str]]
    only_column: str | None = None

    @property
    def plan(self) -> Plan:
        """What was asked."""
        return self.settled.ready.plan


@asynccontextmanager
async def opened_rows(reading: Reading, question: Question) -> AsyncIterator[OpenRows]:
    """Open an answer for a block: portions of rows as JSON texts, all of one instant.

    Raises InvalidInput, QueryTimeout; while portions are read, StreamTooLong.
    """
    if question.cursor is not None:
        raise BadQuery(
            "A stream has no pages, and so no cursor.", at="/cursor", hint="Leave it out."
        )
    async with reading.database.snapshot(
        reading.tenant, reading.viewer, statement_timeout_s=reading.limits.portion_s
    ) as tx:
        check_action(tx, Action.EXPORT)
        settled = await settle(tx, question)
        if question.explains:
            page = await answer(tx, question)
            yield OpenRows(settled, _one_portion(page.records), "plan")
        elif settled.ready.plan.counts_rows:
            total = await count_rows(
                tx, settled.ready, settled.values, settled.limit, settled.offset
            )
            yield OpenRows(settled, _one_portion([write_json({"total": total})]), "total")
        else:
            narrowed = _narrowed(settled, question.page_size)
            if reading.watcher is not None:
                counted = (narrowed.values, narrowed.limit, narrowed.offset)
                await reading.watcher.begins(await count_rows(tx, narrowed.ready, *counted))
            ends_at = time.monotonic() + reading.limits.whole_s
            note_asked(tx, settled.ready.uses)
            note_program(tx, settled.ready)
            async with _cursor(tx, narrowed) as fetch:
                rows = partial(opened, tx, at_rest=reading.at_rest)
                yield OpenRows(settled, _portions(fetch, ends_at, reading.watcher, rows))


async def _one_portion(records: list[str]) -> AsyncIterator[list[str]]:
    yield records


def _narrowed(settled: Settled, most: int | None) -> Settled:
    """Give the question with no more rows than its page would have, where that is said."""
    if most is None or (settled.limit is not None and settled.limit <= most):
        return settled
    return replace(settled, limit=most)


@asynccontextmanager
async def _cursor(tx: Transaction, settled: Settled) -> AsyncIterator[Fetch]:
    """Open the statement of all rows; of few ones that of a page, which reads by an index."""
    limit, offset = settled.limit, settled.offset
    values: dict[str, Any] = {**settled.values, CAP: limit, OFFSET: offset}
    if limit is None or limit > MOST_PER_PAGE:
        whole = partial(settled.ready.all_rows, cut=limit is not None or offset > 0)
        statement = await settled.ready.made(whole)
        values[CAP] = _EVERYTHING if limit is None else limit
        async with tx.cursor(statement.sql, statement.arguments(values)) as fetch:
            yield fetch
        return
    page = partial(settled.ready.page, Wanted(step_above(limit), skips=offset > 0))
    statement = await settled.ready.made(page)
    rows = await tx.fetch(statement.sql, statement.arguments(values))
    kept = iter([rows[:limit]])

    async def fetch_once(size: int) -> list[Any]:
        return next(kept, [])

    yield fetch_once


async def _portions(
    fetch: Fetch,
    ends_at: float,
    watcher: Watcher | None,
    opens: Callable[[list[str]], list[str]],
) -> AsyncIterator[list[str]]:
    """Give rows in portions of about the same length in bytes, whatever that of a row is."""
    size = FIRST_PORTION
    while rows := await _fetched(fetch, size):
        records = opens([row["row"] for row in rows])
        yield records
        if watcher is not None:
            await watcher.saw(len(records))
        if time.monotonic() > ends_at:
            raise StreamTooLong(
                "The answer took too long to be read to its end.",
                hint="Read faster, ask for less, or export in the background.",
            )
        per_row = sum(map(len, records)) // len(records) + 1
        size = max(1, min(_MOST_IN_PORTION, PORTION_BYTES // per_row))


async def _fetched(fetch: Fetch, size: int) -> list[Any]:
    try:
        return await fetch(size)
    except _GONE as error:
        raise StreamBroken(
            "The database broke the answer off.", hint="Ask again in a moment."
        ) from error
