"""Sealing the logs: one process at a time, behind those who write, some seconds later.

All entries draw their places from one sequence, and whoever drew an early place may commit late. So
a place is noted first, and sealed up to once every transaction that was under way then has ended:
after that nothing can turn up before it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

import asyncpg
from sqlalchemy import BigInteger, Boolean, Integer, Text, column, func, insert, select

from fieldstone.errors import FieldstoneError
from fieldstone.metadata.audit_tables import AUDIT_SEAL
from fieldstone.metadata.tables import TENANT
from fieldstone.runtime.audit.seals import NOTHING, Seal, SealKey
from fieldstone.runtime.audit.witness import Witness
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.tenants import tenant_from, tenant_rows
from fieldstone.runtime.transactions import Database, Transaction, Viewer

LOGGER: Final = logging.getLogger("fieldstone.audit")
EVERY_S: Final = 5.0
MOST_IN_SEAL: Final = 2_000
_LOCK: Final = 72_010
"""Another one than those of migrations, logins and indexes (platform/database)."""

_BREATH_S: Final = 0.2
"""Between noting a place and looking who is under way: who draws a place is known by then."""

_NOBODY: Final = Viewer(None, "Fieldstone")
_S: Final = AUDIT_SEAL.c
_TENANT: Final = parameter("tenant", Integer())
_COLUMNS: Final = ("number", "at", "from_seq", "to_seq", "seqs", "leaves", "hash", "key_id")
_TRY: Final = prepare(select(func.pg_try_advisory_xact_lock(parameter("key", BigInteger()))))
_WAITING: Final = prepare(
    select(column("tenant_id", Integer()), column("last", BigInteger())).select_from(
        func.audit_waiting().table_valued("tenant_id", "last")
    )
)
_PLACE: Final = prepare(select(func.audit_place()))
_HORIZON: Final = prepare(select(func.audit_horizon()))
_SETTLED: Final = prepare(select(func.audit_settled(parameter("horizon", BigInteger()))))
_DONE: Final = prepare(select(func.audit_sealed(_TENANT, parameter("last", BigInteger()))))
_ONE_TENANT: Final = prepare(tenant_rows(TENANT.c.id == _TENANT))
LAST_SEAL: Final = prepare(
    select(*AUDIT_SEAL.c).where(_S.tenant_id == _TENANT).order_by(_S.number.desc()).limit(1)
)
_HASH_OF: Final = prepare(
    select(_S.hash).where(_S.tenant_id == _TENANT, _S.number == parameter("number", BigInteger()))
)
LEAVES: Final = prepare(
    select(
        column("seq", BigInteger()),
        column("log", Text()),
        column("leaf"),
        column("intact", Boolean()),
        column("erased", Boolean()),
    ).select_from(
        func.log_leaves(
            _TENANT,
            parameter("behind", BigInteger()),
            parameter("upto", BigInteger()),
            parameter("most", Integer()),
        ).table_valued("seq", "log", "leaf", "intact", "erased")
    )
)
_ADD: Final = prepare(
    insert(AUDIT_SEAL).values(
        tenant_id=_TENANT,
        **{name: parameter(name, _S[name].type) for name in (*_COLUMNS, "signature")},
    )
)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place up to which will be sealed, once all that began before a transaction has ended.

    waiting: by tenant, the last note that something was written, which the sealing answers.
    """

    place: int
    horizon: int
    waiting: Mapping[int, int]


@dataclass(slots=True)
class LogSealer:
    """Seals the logs of all tenants. pool: connections as the application's role."""

    pool: Any
    database: Database
    key: SealKey
    witness: Witness
    _mark: _Mark | None = field(default=None, init=False)

    async def keep_up(self, stopping: asyncio.Event, every_s: float = EVERY_S) -> None:
        """Seal every few seconds until stopping."""
        while not stopping.is_set():
            try:
                await self.seal_settled()
            except (FieldstoneError, asyncpg.PostgresError, OSError):
                LOGGER.exception("the logs were not sealed; it is tried again")
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), every_s)

    async def seal_settled(self) -> int:
        """Seal what is settled; for how many tenants. None at all where another process does it."""
        async with self.pool.acquire() as connection, connection.transaction():
            if not await _value(connection, _TRY, key=_LOCK):
                self._mark = None
                return 0
            mark = self._mark or await self._noted(connection)
            if mark is None:
                return 0
            if not await _value(connection, _SETTLED, horizon=mark.horizon):
                self._mark = mark
                return 0
            self._mark = None
            for number, last in mark.waiting.items():
                await self._seal_apart(connection, number, mark.place, last)
        return len(mark.waiting)

    async def _noted(self, connection: Any) -> _Mark | None:
        """Note up to where to seal. Who wrote is asked first, so that their entries lie before."""
        waiting = {row["tenant_id"]: row["last"] for row in await _rows(connection, _WAITING)}
        if not waiting:
            return None
        place = await _value(connection, _PLACE)
        await asyncio.sleep(_BREATH_S)
        return _Mark(place, await _value(connection, _HORIZON), waiting)

    async def _seal_apart(self, connection: Any, number: int, place: int, last: int) -> None:
        """Seal the logs of one tenant; where it fails, the others are sealed all the same."""
        try:
            async with connection.transaction():
                await self._seal(connection, number, place, last)
        except (FieldstoneError, asyncpg.PostgresError, OSError):
            LOGGER.exception("tenant %s was not sealed; it is tried again", number)

    async def _seal(self, connection: Any, number: int, place: int, last: int) -> None:
        rows = await _rows(connection, _ONE_TENANT, tenant=number)
        if rows:
            tenant, more = tenant_from(rows[0]), True
            while more:
                written = await self.witness.newest(number)
                async with self.database.write_apart(tenant, _NOBODY) as tx:
                    if not await _is_chain_of(tx, written):
                        LOGGER.error("tenant %s lost seals, or has others: none is made", number)
                        return
                    made = await seal_next(tx, self.key, place)
                if made is not None:
                    await self.witness.note(number, made)
                more = made is not None and made.to_seq < place
        await _rows(connection, _DONE, tenant=number, last=last)


async def seal_next(tx: Transaction, key: SealKey, place: int) -> Seal | None:
    """Seal the next entries of a tenant up to a place; None if there are none."""
    row = await tx.row(LAST_SEAL, tenant=tx.tenant.id)
    before = None if row is None else Seal.from_row(row)
    start, previous = (before.to_seq, before.hash) if before else (0, NOTHING)
    most = MOST_IN_SEAL
    asked = {"tenant": tx.tenant.id, "behind": start, "upto": place, "most": most}
    found = await tx.rows(LEAVES, **asked)
    if not found:
        return None
    seal = Seal(
        number=before.number + 1 if before else 1,
        at=tx.now,
        from_seq=start,
        to_seq=found[-1]["seq"] if len(found) == most else place,
        seqs=[one["seq"] for one in found],
        leaves=b"".join(one["leaf"] for one in found),
        hash=b"",
        key_id=key.id,
    )
    digest = seal.hash_behind(tx.tenant.id, previous)
    seal = replace(seal, hash=digest, signature=key.sign(digest))
    values = {name: getattr(seal, name) for name in (*_COLUMNS, "signature")}
    await tx.run(_ADD, tenant=tx.tenant.id, **values)
    return seal


async def _is_chain_of(tx: Transaction, written: tuple[int, str] | None) -> bool:
    """Tell whether the chain has the seal that was written outside last.

    Where it has not, its end was taken away; a seal behind what is left would vouch for that.
    """
    if written is None:
        return True
    number, digest = written
    found = await tx.value(_HASH_OF, tenant=tx.tenant.id, number=number)
    return found is not None and bytes(found).hex() == digest


async def _rows(connection: Any, statement: Prepared, **values: Any) -> list[Any]:
    rows: list[Any] = await connection.fetch(statement.sql, *statement.arguments(values))
    return rows


async def _value(connection: Any, statement: Prepared, **values: Any) -> Any:
    return await connection.fetchval(statement.sql, *statement.arguments(values))
