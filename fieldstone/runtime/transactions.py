"""The one door to the database: a Transaction knows tenant, viewer, rights and catalog.

Nothing below takes a bare connection. Opening one sets the tenant for row-level security and
reads the catalog's version; a write holds that version shared, a metadata change holds it alone,
so no record is written under a catalog that has just gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from random import uniform
from typing import Any, Final, TypeAlias, TypeVar

import asyncpg

from fieldstone.clock import Clock
from fieldstone.errors import FieldstoneError, Forbidden, Unavailable
from fieldstone.ids import IdMinter, RecordId, format_id
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.rights import Action, Rights
from fieldstone.metadata.standing import SYSTEM, Standing
from fieldstone.metadata.values import Json
from fieldstone.runtime.catalogs import ALL_COMPONENTS, CatalogStore
from fieldstone.runtime.encryption.keyring import Keyring
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.query_observer import QueryObserver
from fieldstone.runtime.shares import FairShares
from fieldstone.runtime.statements import OPENED_TENANT, Prepared
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.terms import Limit

T = TypeVar("T")
_OPEN: Final = "SELECT open_tenant($1, $2)"
_LOCK_TIMEOUT: Final = "SELECT set_config('lock_timeout', $1, true)"
_STATEMENT_TIMEOUT: Final = "SELECT set_config('statement_timeout', $1, true)"
_PAUSE_S: Final = 0.02
_RIGHTS: Final = PerCatalog[Rights](2_000)

Fetch: TypeAlias = Callable[[int], Awaitable[list[Any]]]
"""Fetches the next rows of a statement, at most as many as it is told; none at the end."""


class QueryTimeout(Unavailable):
    """The database took longer than a request may."""

    code = "query.timeout"


class CatalogBusy(Unavailable):
    """Writers hold the tenant's catalog, and whoever wants it alone would not wait for them."""

    code = "metadata.busy"


class Collision(Unavailable):
    """Two writers stood in each other's way, and this one gave in."""

    code = "record.collision"


class NoPrograms(Forbidden):
    """A token of somebody who may not use the API."""

    code = "access.no_api"


class CatalogMoved(Exception):
    """The catalog that was taken for the newest is not; what was done under it is done again."""


class Hold(IntEnum):
    """What a transaction does with the catalog; the numbers are those of open_tenant."""

    READ = 0
    WRITE = 1
    CHANGE_METADATA = 2


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. user_id is the record of the object User; None before there is one.

    standing: what they were given. time_zone, locale, language: the viewer's own; None for those of
    the organization. acting_id: the administrator who acts as them, which the log always notes.
    token: the number of a program's token.
    """

    user_id: RecordId | None
    name: str
    standing: Standing = SYSTEM
    time_zone: str | None = None
    locale: str | None = None
    language: str | None = None
    acting_id: RecordId | None = None
    token: int | None = None


@dataclass(slots=True)
class Transaction:
    """One unit of work of one viewer in one tenant.

    now: one instant for all that it writes. cause: what led to it, such as
    {"request": "r_8f2"}, kept with every change. is_open: whether the tenant is set and the
    catalog known to be the newest; the first statement sees to it where it is not. timeout_s: how
    long each statement may take, where the tenant's plan says so. keyring: the keys of
    encrypted values.
    """

    connection: Any
    tenant: Tenant
    viewer: Viewer
    catalog: Catalog
    minter: IdMinter
    now: datetime
    cause: Mapping[str, Json] = field(default_factory=dict)
    observer: QueryObserver | None = None
    is_open: bool = True
    catalogs: CatalogStore | None = None
    timeout_s: float | None = None
    keyring: Keyring | None = None
    _after: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    _rights: Rights | None = field(default=None, init=False)

    @property
    def rights(self) -> Rights:
        """What the viewer may see and do under this catalog."""
        if self._rights is None:
            catalog, standing = self.catalog, self.viewer.standing
            self._rights = _RIGHTS.get(catalog, standing, lambda: standing.rights_under(catalog))
        return self._rights

    async def rows(self, statement: Prepared, **values: Any) -> list[Any]:
        """Run a statement and give all its rows."""
        return list(await self.fetch(statement.sql, statement.arguments(values)))

    async def row(self, statement: Prepared, **values: Any) -> Any:
        """Run a statement and give its first row; None if there is none."""
        rows = await self.rows(statement, **values)
        return rows[0] if rows else None

    async def value(self, statement: Prepared, **values: Any) -> Any:
        """Run a statement and give the first value of its first row; None if there is none."""
        row = await self.row(statement, **values)
        return row[0] if row is not None else None

    async def run(self, statement: Prepared, **values: Any) -> int:
        """Run a statement that gives no rows; how many it touched."""
        arguments = statement.arguments(values)
        with _Timeouts():
            status: str = await self.connection.execute(
                statement.sql, *arguments, timeout=self.timeout_s
            )
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def fetch(self, sql: str, arguments: list[Any]) -> list[Any]:
        """Run a compiled plan's text with its arguments."""
        with _Timeouts():
            await self._ensure_open()
            rows: list[Any] = await self.connection.fetch(sql, *arguments, timeout=self.timeout_s)
        return rows

    async def fetch_opening(self, statement: Prepared, values: Mapping[str, Any]) -> list[Any]:
        """Run a statement that opens the tenant itself (prepare_opening) and give its rows."""
        arguments = statement.arguments({**values, OPENED_TENANT: self.tenant.id})
        with _Timeouts():
            rows: list[Any] = await self.connection.fetch(
                statement.sql, *arguments, timeout=self.timeout_s
            )
        self._confirm(rows[0]["version"])
        return rows

    async def _ensure_open(self) -> None:
        if not self.is_open:
            self._confirm(await self.connection.fetchval(_OPEN, self.tenant.id, int(Hold.READ)))

    def _confirm(self, version: int) -> None:
        if version != self.catalog.version:
            raise CatalogMoved
        self.is_open = True

    @asynccontextmanager
    async def cursor(self, sql: str, arguments: list[Any]) -> AsyncIterator[Fetch]:
        """Run a compiled plan for a block, and give what fetches its next rows, so many at most."""
        with _Timeouts():
            await self._ensure_open()
            inside = self.connection.is_in_transaction()
            async with nullcontext() if inside else self.connection.transaction():
                opened = await self.connection.cursor(sql, *arguments)

                async def fetch(size: int) -> list[Any]:
                    with _Timeouts():
                        rows: list[Any] = await opened.fetch(size)
                    return rows

                yield fetch

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what is done inside if it fails, and nothing before it."""
        async with self.connection.transaction():
            yield

    def after_commit(self, action: Callable[[], Awaitable[None]]) -> None:
        """Have something done once the transaction is committed; not at all if it is not."""
        self._after.append(action)

    def keep_catalog(self, catalog: Catalog) -> None:
        """Have the catalog that this transaction makes used once it is committed.

        Whoever asks next in this process need not build it a second time.
        """

        async def keep() -> None:
            if self.catalogs is not None:
                self.catalogs.keep(catalog)

        self.after_commit(keep)

    def as_system(self) -> Transaction:
        """Give the same transaction with the rights of the system, whoever asks."""
        return replace(self, viewer=replace(self.viewer, standing=SYSTEM))

    def under(self, catalog: Catalog) -> Transaction:
        """Give the same transaction with another catalog, once a metadata change made one."""
        return replace(self, catalog=catalog)


class _Timeouts:
    """Translates PostgreSQL's cancelled statements into an error that callers know."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, asyncpg.QueryCanceledError | TimeoutError):
            raise QueryTimeout(
                "The database took too long to answer.",
                hint="Narrow the question, or ask for fewer fields or records.",
            ) from error
        if isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
            raise Collision("Two writers were in each other's way.", hint="Try again.") from error


@asynccontextmanager
async def _patience(connection: Any, patience_s: float | None) -> AsyncIterator[None]:
    """Wait no longer than this for a lock inside. Raises CatalogBusy."""
    if patience_s is None:
        yield
        return
    await connection.execute(_LOCK_TIMEOUT, f"{patience_s * 1000:.0f}ms")
    try:
        yield
    except asyncpg.LockNotAvailableError as error:
        raise CatalogBusy(
            "Records are being written just now.", hint="Try again in a moment."
        ) from error
    await connection.execute(_LOCK_TIMEOUT, "0")


@asynccontextmanager
async def _snapshot_on(connection: Any) -> AsyncIterator[None]:
    """Look at one instant for a block; nothing is lost if the connection is by its end."""
    transaction = connection.transaction(isolation="repeatable_read", readonly=True)
    await transaction.start()
    try:
        yield
    finally:
        with suppress(asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):
            await transaction.rollback()


async def again_if_it_collides(attempt: Callable[[], Awaitable[T]], tries: int = 3) -> T:
    """Do something in a transaction of its own, again where it collides. Raises Collision.

    A pause of some milliseconds, longer each time, lets the other writer end; it is drawn by lot,
    so that those who collided do not meet again.
    """
    for pause_s in (_PAUSE_S * 2**number for number in range(tries - 1)):
        with suppress(Collision):
            return await attempt()
        await asyncio.sleep(pause_s * uniform(0.5, 1.5))
    return await attempt()


def _cause(viewer: Viewer, cause: Mapping[str, Json] | None) -> Mapping[str, Json]:
    """Give what led to the work, with whoever does it in somebody else's name."""
    if viewer.acting_id is None:
        return cause or {}
    return {**(cause or {}), "acting": format_id("user", viewer.acting_id)}


class Database:
    """Opens transactions. One per process, built by platform/app.py.

    shares: of a process that serves requests, whose statements are also cut after the time that
    the tenant's plan gives, if that is less than the usual one.
    """

    def __init__(
        self,
        pool: Any,
        catalogs: CatalogStore,
        clock: Clock,
        minter: IdMinter,
        observer: QueryObserver | None = None,
        *,
        shares: FairShares | None = None,
        keyring: Keyring | None = None,
    ) -> None:
        self._pool = pool
        self._shares = shares
        self._keyring = keyring
        self._catalogs = catalogs
        self._clock = clock
        self._minter = minter
        self._observer = observer

    @property
    def minter(self) -> IdMinter:
        """What gives ids to things whose bytes are kept before their rows."""
        return self._minter

    @asynccontextmanager
    async def _connection(self, tenant: Tenant) -> AsyncIterator[Any]:
        """Lend a connection for a block, out of the tenant's share where there are shares."""
        if self._shares is None:
            async with self._pool.acquire() as connection:
                yield connection
            return
        async with self._shares.taken(tenant), self._pool.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def read(
        self, tenant: Tenant, viewer: Viewer, cause: Mapping[str, Json] | None = None
    ) -> AsyncIterator[Transaction]:
        """Open for reading: each statement sees what is committed when it runs."""
        async with self._connection(tenant) as connection:
            yield await self._open(connection, tenant, viewer, Hold.READ, cause)

    @asynccontextmanager
    async def snapshot(
        self, tenant: Tenant, viewer: Viewer, *, statement_timeout_s: float
    ) -> AsyncIterator[Transaction]:
        """Open for reading what is committed now, however long it takes and in all statements.

        statement_timeout_s: how long each of them, or each portion of a cursor, may take.
        """
        async with self._connection(tenant) as connection, _snapshot_on(connection):
            await connection.execute(_STATEMENT_TIMEOUT, f"{statement_timeout_s * 1000:.0f}")
            tx = await self._open(connection, tenant, viewer, Hold.READ, None)
            tx.timeout_s = None  # it was told its own
            yield tx

    async def ask(
        self, tenant: Tenant, viewer: Viewer, work: Callable[[Transaction], Awaitable[T]]
    ) -> T:
        """Do work that only fetches, with as few ways to the database as it has statements.

        It begins under the newest catalog that this process knows. If its first statement finds
        another one, what came of the work is forgotten and it is done again under that.
        """
        known = self._catalogs.newest(tenant, viewer.language)
        if known is not None:
            async with self._connection(tenant) as connection:
                tx: Transaction | None = None
                try:
                    tx = self._transaction(connection, tenant, viewer, known, None)
                    tx.is_open = False
                    found = await work(tx)
                except (CatalogMoved, FieldstoneError, asyncpg.PostgresError):
                    if tx is not None and tx.is_open:
                        raise
                else:
                    if tx.is_open:
                        return found
        async with self.read(tenant, viewer) as tx:
            return await work(tx)

    @asynccontextmanager
    async def write(
        self, tenant: Tenant, viewer: Viewer, cause: Mapping[str, Json] | None = None
    ) -> AsyncIterator[Transaction]:
        """Open for writing records: all or nothing is kept."""
        async with self._begin(tenant, viewer, Hold.WRITE, cause) as tx:
            yield tx

    @asynccontextmanager
    async def write_apart(
        self, tenant: Tenant, viewer: Viewer, cause: Mapping[str, Json] | None = None
    ) -> AsyncIterator[Transaction]:
        """Open for writing what hangs on no catalog, such as how far a job got.

        It waits for no change of metadata, and none waits for it; records are not to be written.
        """
        async with self._begin(tenant, viewer, Hold.READ, cause) as tx:
            yield tx

    @asynccontextmanager
    async def change_metadata(
        self,
        tenant: Tenant,
        viewer: Viewer,
        cause: Mapping[str, Json] | None = None,
        *,
        patience_s: float | None = None,
    ) -> AsyncIterator[Transaction]:
        """Open alone in the tenant: no record is written while its catalog changes.

        Who waits for the writers at work also holds up those who come after. patience_s: how long
        to do so before CatalogBusy is raised; None for as long as it takes.
        """
        hold = Hold.CHANGE_METADATA
        async with self._begin(tenant, viewer, hold, cause, patience_s=patience_s) as tx:
            yield tx

    @asynccontextmanager
    async def _begin(
        self,
        tenant: Tenant,
        viewer: Viewer,
        hold: Hold,
        cause: Mapping[str, Json] | None,
        *,
        patience_s: float | None = None,
    ) -> AsyncIterator[Transaction]:
        async with self._connection(tenant) as connection, connection.transaction():
            async with _patience(connection, patience_s):
                tx = await self._open(connection, tenant, viewer, hold, cause)
            yield tx
        for action in tx._after:
            await action()

    async def _open(
        self,
        connection: Any,
        tenant: Tenant,
        viewer: Viewer,
        hold: Hold,
        cause: Mapping[str, Json] | None,
    ) -> Transaction:
        with _Timeouts():
            catalog = await self._catalog(connection, tenant, hold)
        if hold is not Hold.CHANGE_METADATA:  # which is done under own labels, whoever does it
            catalog = self._catalogs.in_language(catalog, viewer.language)
        return self._transaction(connection, tenant, viewer, catalog, cause)

    def _transaction(
        self,
        connection: Any,
        tenant: Tenant,
        viewer: Viewer,
        catalog: Catalog,
        cause: Mapping[str, Json] | None,
    ) -> Transaction:
        tx = Transaction(
            connection,
            tenant,
            viewer,
            catalog,
            self._minter,
            self._clock.now(),
            _cause(viewer, cause),
            self._observer,
            catalogs=self._catalogs,
            timeout_s=None if self._shares is None else tenant.terms.limit(Limit.STATEMENT),
            keyring=self._keyring,
        )
        if viewer.standing.by_token and not tx.rights.may_do(Action.API):
            raise NoPrograms(
                "You may not let programs act in your name.",
                hint="Ask for a permission set that allows the action api.",
            )
        return tx

    async def _catalog(self, connection: Any, tenant: Tenant, hold: Hold) -> Catalog:
        while True:
            version = await connection.fetchval(_OPEN, tenant.id, int(hold))
            assert version is not None, f"tenant {tenant.id} has no catalog"
            catalog = self._catalogs.find(tenant, version)
            if catalog is not None:
                return catalog
            rows = await connection.fetch(
                ALL_COMPONENTS.sql, *ALL_COMPONENTS.arguments({"tenant": tenant.id})
            )
            # A reader holds nothing: the rows may be newer than the version it was told.
            if hold or await connection.fetchval(_OPEN, tenant.id, int(hold)) == version:
                return self._catalogs.build(tenant, version, rows)
