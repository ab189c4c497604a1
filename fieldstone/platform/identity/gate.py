"""Tells who a request comes from: its session, its token, or the machine itself.

Until somebody can sign in to a tenant, requests of the machine itself act as its administrator;
from then on everybody has to say who they are.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Integer,
    Interval,
    LargeBinary,
    column,
    func,
    select,
    update,
)

from fieldstone.ids import RecordId
from fieldstone.metadata.standing import Standing
from fieldstone.metadata.tables import ACCESS_TOKEN, MEMBER, SESSION
from fieldstone.metadata.values import read_json
from fieldstone.platform.identity import secrets
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Viewer

IDLE: Final = timedelta(hours=12)
"""A session of which nothing is heard for so long has ended."""

_NOTED: Final = timedelta(minutes=1)
_KEPT: Final = 10_000
_FRESH_S: Final = 1.0
_TENANT: Final = parameter("tenant", Integer())
_BEARER: Final = prepare(
    select(
        column("id", BigInteger()),
        column("user_id", BigInteger()),
        column("email"),
        column("standing"),
        column("seen_at", DateTime(timezone=True)),
    ).select_from(
        func.find_bearer(
            _TENANT,
            parameter("secret", LargeBinary()),
            parameter("by_session", Boolean()),
            parameter("idle", Interval()),
        ).table_valued("id", "user_id", "email", "standing", "seen_at")
    )
)
_WHO_ACTS: Final = prepare(
    select(MEMBER.c.user_id, MEMBER.c.email)
    .select_from(
        SESSION.join(
            MEMBER,
            (MEMBER.c.tenant_id == SESSION.c.tenant_id) & (MEMBER.c.user_id == SESSION.c.acting_id),
        )
    )
    .where(
        SESSION.c.tenant_id == _TENANT,
        SESSION.c.id == parameter("id", BigInteger()),
        MEMBER.c.is_administrator,
        MEMBER.c.ended_at.is_(None),
    )
)
_HAS_MEMBERS: Final = prepare(select(func.has_members(_TENANT)))


def _seen(table: Any, name: str) -> Any:
    mine = (table.c.tenant_id == _TENANT, table.c.id == parameter("id", BigInteger()))
    now = parameter("now", DateTime(timezone=True))
    return prepare(update(table).where(*mine).values({name: now}))


_SESSION_SEEN: Final = _seen(SESSION, "seen_at")
_TOKEN_USED: Final = _seen(ACCESS_TOKEN, "used_at")


@dataclass(frozen=True, slots=True)
class Actor:
    """An administrator who acts as somebody else."""

    user_id: int
    email: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who signed in. session: the number of the session; None for a token. token: of the token.

    actor: the administrator who acts as the viewer; None for the viewer themselves.
    """

    viewer: Viewer
    session: int | None = None
    actor: Actor | None = None
    token: int | None = None

    @property
    def name(self) -> str:
        """What it is, whatever the request looked like that bore it."""
        return f"token {self.token}" if self.session is None else f"session {self.session}"


class Gate:
    """Finds who asks. pool: connections as the application's role."""

    def __init__(self, pool: Any, database: Database) -> None:
        self._pool = pool
        self._database = database
        self._closed: OrderedDict[int, tuple[bool, float]] = OrderedDict()

    async def find(self, tenant: Tenant, text: str, *, by_session: bool) -> Bearer | None:
        """Give who a secret stands for; None if it stands for nobody, or not any more."""
        acts = by_session and text.startswith(secrets.ACTING)
        prefix = secrets.SESSION if by_session else secrets.ACCESS
        digest = secrets.digest_of(text, secrets.ACTING if acts else prefix)
        if digest is None:
            return None
        values = {"tenant": tenant.id, "secret": digest, "by_session": by_session, "idle": IDLE}
        row = await self._pool.fetchrow(_BEARER.sql, *_BEARER.arguments(values))
        if row is None:
            return None
        viewer = viewer_for(row, by_token=not by_session)
        if acts:
            return await self._acting(tenant, viewer, row["id"])
        await self._note(tenant, viewer, row, by_session=by_session)
        if by_session:
            return Bearer(viewer, row["id"])
        return Bearer(replace(viewer, token=row["id"]), token=row["id"])

    async def _acting(self, tenant: Tenant, viewer: Viewer, session: int) -> Bearer | None:
        """Give who acts as somebody else; None where they may no more."""
        async with self._database.read(tenant, viewer) as tx:
            row = await tx.row(_WHO_ACTS, tenant=tenant.id, id=session)
        if row is None:
            return None
        actor = Actor(row["user_id"], row["email"])
        return Bearer(replace(viewer, acting_id=RecordId(actor.user_id)), session, actor)

    async def is_closed(self, tenant: Tenant) -> bool:
        """Tell whether anybody can sign in to a tenant, so that nobody is let in without."""
        known = self._closed.get(tenant.id)
        if known is not None and (known[0] or monotonic() - known[1] < _FRESH_S):
            return known[0]
        asked = _HAS_MEMBERS.arguments({"tenant": tenant.id})
        closed: bool = await self._pool.fetchval(_HAS_MEMBERS.sql, *asked)
        self._remember(tenant, closed=closed)
        return closed

    def close(self, tenant: Tenant) -> None:
        """Know from now on that people sign in to a tenant. Other processes find out in a second.

        It stays so: the last administrator cannot be taken away.
        """
        self._remember(tenant, closed=True)

    def _remember(self, tenant: Tenant, *, closed: bool) -> None:
        self._closed[tenant.id] = (closed, monotonic())
        self._closed.move_to_end(tenant.id)
        if len(self._closed) > _KEPT:
            self._closed.popitem(last=False)

    async def _note(self, tenant: Tenant, viewer: Viewer, row: Any, *, by_session: bool) -> None:
        """Note, to the minute, when somebody was last heard of."""
        now = datetime.now(UTC)
        if row["seen_at"] is not None and now - row["seen_at"] < _NOTED:
            return
        statement = _SESSION_SEEN if by_session else _TOKEN_USED
        async with self._database.write_apart(tenant, viewer) as tx:
            await tx.run(statement, tenant=tenant.id, id=row["id"], now=now)


def viewer_for(member: Any, *, by_token: bool = False) -> Viewer:
    """Give how a member of a tenant sees it. member: a row with what standing_of told of them."""
    told = read_json(member["standing"])
    assert isinstance(told, dict)
    standing = replace(Standing.from_json(told), by_token=by_token)
    said = told.get("language")
    language = said if isinstance(said, str) else None
    return Viewer(RecordId(member["user_id"]), member["email"], standing, language=language)
