"""The account of somebody who was a member: what is told of it, and how it is taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Integer,
    Table,
    Text,
    cast,
    delete,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.ids import RecordId
from fieldstone.metadata import factor_tables, oauth_tables, tables
from fieldstone.metadata.values import Json, read_json
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.transactions import Transaction

_TENANT: Final = parameter("tenant", Integer())
_USER: Final = parameter("user_id", BigInteger())
_NO_ADDRESS: Final = "@erased.invalid"
_GONE: Final = (
    tables.SESSION,
    tables.ACCESS_TOKEN,
    tables.INVITATION,
    tables.IDENTITY_LINK,
    tables.PERMISSION_ASSIGNMENT,
    tables.PERSON_ROLE,
    tables.TEAM_MEMBER,
    factor_tables.AUTHENTICATOR,
    factor_tables.RECOVERY_CODE,
    factor_tables.PASSKEY,
    factor_tables.SIGN_IN_STEP,
    oauth_tables.OAUTH_GRANT,
)
"""What of an account goes as a whole."""

_TOLD: Final[Mapping[str, tuple[Table, tuple[str, ...]]]] = {
    "account": (
        tables.MEMBER,
        ("email", "is_administrator", "created_at", "ended_at", "acting_until", "language"),
    ),
    "sessions": (tables.SESSION, ("created_at", "seen_at", "expires_at", "address", "agent")),
    "tokens": (tables.ACCESS_TOKEN, ("name", "created_at", "used_at", "expires_at", "scopes")),
    "identities": (tables.IDENTITY_LINK, ("issuer", "subject", "created_at", "used_at")),
    "passkeys": (factor_tables.PASSKEY, ("name", "site", "created_at", "used_at")),
    "authenticators": (factor_tables.AUTHENTICATOR, ("created_at", "confirmed_at")),
    "teams": (tables.TEAM_MEMBER, ("team_id",)),
    "roles": (tables.PERSON_ROLE, ("role_id",)),
    "permission_sets": (tables.PERMISSION_ASSIGNMENT, ("set_id", "assigned_at")),
    "events": (factor_tables.ACCESS_EVENT, ("at", "what", "details", "address")),
}
"""What an archive about a person tells of their account: no secret, nor a digest of one."""


def _mine(table: Table) -> tuple[Any, ...]:
    return table.c.tenant_id == _TENANT, table.c.user_id == _USER


def _told(table: Table, columns: tuple[str, ...]) -> Prepared:
    row = func.jsonb_build_object(
        *(part for name in columns for part in (literal(name, literal_execute=True), table.c[name]))
    )
    return prepare(select(row.label("row")).where(*_mine(table)))


_TELL: Final = {name: _told(*said) for name, said in _TOLD.items()}
_REMOVE: Final = {table.name: prepare(delete(table).where(*_mine(table))) for table in _GONE}
_MEMBER: Final = prepare(
    update(tables.MEMBER)
    .where(*_mine(tables.MEMBER))
    .values(email=parameter("email", Text()), password_hash=null())
)
_EVENTS: Final = prepare(
    update(factor_tables.ACCESS_EVENT)
    .where(*_mine(factor_tables.ACCESS_EVENT))
    .values(address="", details=cast(literal("{}", literal_execute=True), JSONB()))
)
_TRIES: Final = prepare(
    select(
        func.jsonb_build_object(
            literal("at", literal_execute=True),
            tables.SIGN_IN.c.at,
            literal("address", literal_execute=True),
            tables.SIGN_IN.c.address,
            literal("agent", literal_execute=True),
            tables.SIGN_IN.c.agent,
            literal("outcome", literal_execute=True),
            tables.SIGN_IN.c.outcome,
        ).label("row")
    ).where(
        tables.SIGN_IN.c.tenant_id == _TENANT,
        func.lower(tables.SIGN_IN.c.email) == parameter("email", Text()),
    )
)


async def tell_account(tx: Transaction, user: RecordId, email: str) -> dict[str, Json]:
    """Give what is known of the account of a user."""
    told: dict[str, Json] = {}
    for name, statement in _TELL.items():
        rows = await tx.rows(statement, tenant=tx.tenant.id, user_id=user)
        told[name] = [read_json(row["row"]) for row in rows]
    rows = await tx.rows(_TRIES, tenant=tx.tenant.id, email=email)
    return {**told, "sign_ins": [read_json(row["row"]) for row in rows]}


async def take_apart(tx: Transaction, user: RecordId) -> dict[str, int]:
    """Take from an account that ended all that tells whose it was; how many rows of what."""
    given = {"tenant": tx.tenant.id, "user_id": user}
    counts = {name: await tx.run(one, **given) for name, one in _REMOVE.items()}
    counts["member"] = await tx.run(_MEMBER, **given, email=f"{user:x}{_NO_ADDRESS}")
    counts["access_event"] = await tx.run(_EVENTS, **given)
    return counts
