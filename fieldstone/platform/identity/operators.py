"""The operators of an installation: who may make, suspend and delete tenants.

They are kept outside of all tenants. On the machine the owner of the secret key is one; over the
network it takes a token of theirs. Nobody becomes one by being let in to a tenant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, LargeBinary, Text, insert, or_, select, update

from fieldstone.clock import Clock
from fieldstone.ids import IdMinter, format_id
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.tables import OPERATOR_TOKEN
from fieldstone.metadata.values import Json
from fieldstone.platform.identity import secrets
from fieldstone.platform.identity.operator import PREFIX, is_operator
from fieldstone.platform.operators_log import note_operation
from fieldstone.runtime.statements import parameter, prepare

MACHINE: Final = "operator"
"""How the log calls whoever acts by the machine's own key."""

TOKEN_PREFIX: Final = "optoken"  # noqa: S105 - the beginning of ids
MOST_TOKENS: Final = 200
_NOW: Final = parameter("now", DateTime(timezone=True))
_ID: Final = parameter("id", BigInteger())
_LIVES: Final = (
    OPERATOR_TOKEN.c.revoked_at.is_(None),
    or_(OPERATOR_TOKEN.c.expires_at.is_(None), OPERATOR_TOKEN.c.expires_at > _NOW),
)
_ADD: Final = prepare(
    insert(OPERATOR_TOKEN).values(
        id=_ID,
        token_hash=parameter("token_hash", LargeBinary()),
        name=parameter("name", Text()),
        created_at=_NOW,
        expires_at=parameter("expires_at", DateTime(timezone=True)),
    )
)
_FIND: Final = prepare(
    update(OPERATOR_TOKEN)
    .where(OPERATOR_TOKEN.c.token_hash == parameter("token_hash", LargeBinary()), *_LIVES)
    .values(used_at=_NOW)
    .returning(OPERATOR_TOKEN.c.name)
)
_LIST: Final = prepare(
    select(
        OPERATOR_TOKEN.c.id,
        OPERATOR_TOKEN.c.name,
        OPERATOR_TOKEN.c.created_at,
        OPERATOR_TOKEN.c.used_at,
        OPERATOR_TOKEN.c.expires_at,
    )
    .where(*_LIVES)
    .order_by(OPERATOR_TOKEN.c.id.desc())
    .limit(MOST_TOKENS)
)
_REVOKE: Final = prepare(
    update(OPERATOR_TOKEN)
    .where(OPERATOR_TOKEN.c.id == _ID, OPERATOR_TOKEN.c.revoked_at.is_(None))
    .values(revoked_at=_NOW)
    .returning(OPERATOR_TOKEN.c.id)
)


@dataclass(frozen=True, slots=True)
class Operators:
    """Knows operators by what they show. pool: connections as the application's role."""

    pool: Any
    clock: Clock
    minter: IdMinter
    secret_key: str

    async def find(self, text: str) -> str | None:
        """Give the name of the operator that a bearer token stands for; None for nobody's."""
        if text.startswith(PREFIX):
            return MACHINE if is_operator(text, self.secret_key) else None
        digest = secrets.digest_of(text, secrets.OPERATOR)
        if digest is None:
            return None
        rows = await self._run(_FIND, token_hash=digest, now=self.clock.now())
        return str(rows[0]["name"]) if rows else None

    async def make_token(
        self, name: str, expires_at: datetime | None, by_whom: str
    ) -> tuple[int, str]:
        """Make a token: its number, and its text, which is told once."""
        secret, number = secrets.make_secret(secrets.OPERATOR), self.minter.mint()
        values = {"id": number, "token_hash": secret.digest, "name": name, "now": self.clock.now()}
        arguments = _ADD.arguments({**values, "expires_at": expires_at})
        told: dict[str, Json] = {"token": format_id(TOKEN_PREFIX, number), "name": name}
        if expires_at is not None:
            told["expires_at"] = write_instant(expires_at)
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.fetch(_ADD.sql, *arguments)
            await note_operation(connection, "token_made", by_whom, told)
        return number, secret.text

    async def list_tokens(self) -> list[Mapping[str, Any]]:
        """Give the tokens that hold, the newest first, without their texts."""
        return [dict(row) for row in await self._run(_LIST, now=self.clock.now())]

    async def revoke_token(self, number: int, by_whom: str) -> bool:
        """Take a token back; whether there was one of this number."""
        arguments = _REVOKE.arguments({"id": number, "now": self.clock.now()})
        async with self.pool.acquire() as connection, connection.transaction():
            found = await connection.fetch(_REVOKE.sql, *arguments)
            if found:
                told = {"token": format_id(TOKEN_PREFIX, number)}
                await note_operation(connection, "token_revoked", by_whom, told)
        return bool(found)

    async def _run(self, statement: Any, **values: Any) -> list[Any]:
        rows: list[Any] = await self.pool.fetch(statement.sql, *statement.arguments(values))
        return rows
