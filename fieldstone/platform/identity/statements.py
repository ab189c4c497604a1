"""The statements on members, sessions, tokens and tries to sign in."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from fieldstone.metadata.oauth_tables import OAUTH_GRANT
from fieldstone.metadata.tables import ACCESS_TOKEN, INVITATION, MEMBER, SESSION, SIGN_IN
from fieldstone.runtime.statements import Prepared, parameter, prepare

_TRIES: Final = 7202
"""The first key of the locks under which tries from one place are counted."""

_TENANT: Final = parameter("tenant", Integer())
_ID: Final = parameter("id", BigInteger())
_USER: Final = parameter("user_id", BigInteger())
_EMAIL: Final = parameter("email", Text())
_NOW: Final = parameter("now", DateTime(timezone=True))


def _added(table: Table, *names: str) -> Prepared:
    given = {name: parameter(name, table.c[name].type) for name in names}
    return prepare(insert(table).values(tenant_id=_TENANT, **given))


_MEMBERS: Final = select(
    MEMBER.c.user_id,
    MEMBER.c.email,
    MEMBER.c.password_hash,
    MEMBER.c.is_administrator,
    MEMBER.c.is_service,
    MEMBER.c.created_at,
    MEMBER.c.ended_at,
    MEMBER.c.acting_until,
    MEMBER.c.language,
).where(MEMBER.c.tenant_id == _TENANT)
ADD_MEMBER: Final = _added(
    MEMBER, "user_id", "email", "is_administrator", "is_service", "created_at"
)
SOME_MEMBERS: Final = prepare(
    _MEMBERS.where(MEMBER.c.user_id > parameter("after", BigInteger()))
    .order_by(MEMBER.c.user_id)
    .limit(parameter("most", Integer()))
)
_MEMBERS_WITH_STANDING: Final = _MEMBERS.add_columns(
    func.standing_of(_TENANT, MEMBER.c.user_id).label("standing")
)
MEMBER_BY_EMAIL: Final = prepare(_MEMBERS_WITH_STANDING.where(MEMBER.c.email == _EMAIL))
MEMBER_BY_USER: Final = prepare(_MEMBERS_WITH_STANDING.where(MEMBER.c.user_id == _USER))
# Locked, so that two who each take the other's rights away do not both succeed.
LOCK_ADMINISTRATORS: Final = prepare(
    _MEMBERS.where(MEMBER.c.is_administrator, MEMBER.c.ended_at.is_(None))
    .order_by(MEMBER.c.user_id)
    .with_for_update()
)
CHANGE_MEMBER: Final = prepare(
    update(MEMBER)
    .where(MEMBER.c.tenant_id == _TENANT, MEMBER.c.user_id == _USER)
    .values(
        is_administrator=parameter("is_administrator", Boolean()),
        ended_at=parameter("ended_at", DateTime(timezone=True)),
    )
)
SET_PASSWORD: Final = prepare(
    update(MEMBER)
    .where(
        MEMBER.c.tenant_id == _TENANT,
        MEMBER.c.user_id == _USER,
        MEMBER.c.password_hash.is_not_distinct_from(parameter("hash_before", Text())),
    )
    .values(password_hash=parameter("hash_after", Text()), password_at=_NOW)
)

REHASH: Final = prepare(
    update(MEMBER)
    .where(
        MEMBER.c.tenant_id == _TENANT,
        MEMBER.c.user_id == _USER,
        MEMBER.c.password_hash == parameter("hash_before", Text()),
    )
    .values(password_hash=parameter("hash_after", Text()))
)

ADD_INVITATION: Final = _added(
    INVITATION, "token_hash", "user_id", "created_at", "expires_at", "resets_factors"
)
FORGET_INVITATIONS: Final = prepare(
    delete(INVITATION).where(INVITATION.c.tenant_id == _TENANT, INVITATION.c.user_id == _USER)
)
FIND_INVITATION: Final = prepare(
    select(INVITATION.c.user_id, INVITATION.c.resets_factors).where(
        INVITATION.c.tenant_id == _TENANT,
        INVITATION.c.token_hash == parameter("token_hash", LargeBinary()),
        INVITATION.c.expires_at > _NOW,
    )
)

ADD_SESSION: Final = _added(
    SESSION,
    *("id", "token_hash", "user_id", "created_at", "seen_at", "expires_at", "address", "agent"),
    *("proved_at", "method", "voucher", "vouched"),
)
ADD_TOKEN: Final = _added(
    ACCESS_TOKEN, "id", "token_hash", "user_id", "name", "created_at", "expires_at", "scopes"
)


def _mine(table: Table) -> Any:
    return (table.c.tenant_id == _TENANT, table.c.user_id == _USER)


MY_SESSIONS: Final = prepare(
    select(
        SESSION.c.id,
        SESSION.c.created_at,
        SESSION.c.seen_at,
        SESSION.c.expires_at,
        SESSION.c.address,
        SESSION.c.agent,
        SESSION.c.method,
    )
    .where(
        *_mine(SESSION),
        SESSION.c.acting_id.is_(None),
        SESSION.c.expires_at > _NOW,
        SESSION.c.seen_at > parameter("heard_after", DateTime(timezone=True)),
    )
    .order_by(SESSION.c.seen_at.desc())
    .limit(parameter("most", Integer()))
)
END_SESSION: Final = prepare(delete(SESSION).where(*_mine(SESSION), SESSION.c.id == _ID))
END_SESSIONS: Final = prepare(
    delete(SESSION).where(
        SESSION.c.tenant_id == _TENANT,
        (SESSION.c.user_id == _USER) | (SESSION.c.acting_id == _USER),
    )
)
END_OTHER_SESSIONS: Final = prepare(
    delete(SESSION).where(
        SESSION.c.tenant_id == _TENANT,
        (SESSION.c.user_id == _USER) | (SESSION.c.acting_id == _USER),
        SESSION.c.id != _ID,
    )
)
THIS_SESSION: Final = prepare(
    select(
        SESSION.c.id,
        SESSION.c.user_id,
        SESSION.c.proved_at,
        SESSION.c.expires_at,
        SESSION.c.acting_id,
        SESSION.c.parent_id,
    ).where(*_mine(SESSION), SESSION.c.id == _ID)
)
PROVED: Final = prepare(
    update(SESSION).where(*_mine(SESSION), SESSION.c.id == _ID).values(proved_at=_NOW)
)
ROTATE: Final = prepare(
    update(SESSION)
    .where(*_mine(SESSION), SESSION.c.id == _ID)
    .values(token_hash=parameter("token_hash", LargeBinary()), seen_at=_NOW)
)
MY_TOKENS: Final = prepare(
    select(
        ACCESS_TOKEN.c.id,
        ACCESS_TOKEN.c.name,
        ACCESS_TOKEN.c.created_at,
        ACCESS_TOKEN.c.used_at,
        ACCESS_TOKEN.c.expires_at,
        ACCESS_TOKEN.c.scopes,
    )
    .where(
        *_mine(ACCESS_TOKEN),
        ACCESS_TOKEN.c.revoked_at.is_(None),
        ACCESS_TOKEN.c.grant_id.is_(None),
    )
    .order_by(ACCESS_TOKEN.c.id.desc())
    .limit(parameter("most", Integer()))
)
REVOKE_TOKEN: Final = prepare(
    update(ACCESS_TOKEN)
    .where(*_mine(ACCESS_TOKEN), ACCESS_TOKEN.c.id == _ID, ACCESS_TOKEN.c.revoked_at.is_(None))
    .values(revoked_at=_NOW)
)

# Codes and refresh tokens go with their grants.
END_ALL_GRANTS: Final = prepare(delete(OAUTH_GRANT).where(*_mine(OAUTH_GRANT)))
END_TOKENS: Final = prepare(
    update(ACCESS_TOKEN)
    .where(*_mine(ACCESS_TOKEN), ACCESS_TOKEN.c.revoked_at.is_(None))
    .values(revoked_at=_NOW)
)

NOTE_TRY: Final = _added(SIGN_IN, "id", "at", "email", "address", "agent", "outcome")
OPENED: Final = prepare(
    update(SIGN_IN)
    .where(SIGN_IN.c.tenant_id == _TENANT, SIGN_IN.c.id == _ID)
    .values(outcome=parameter("outcome", Text()))
)
LOCK_TRIES: Final = prepare(
    select(func.pg_advisory_xact_lock(_TRIES, func.hashtext(parameter("place", Text()))))
)
FAILED_SECOND: Final = prepare(
    select(func.count()).where(
        SIGN_IN.c.tenant_id == _TENANT,
        SIGN_IN.c.email == _EMAIL,
        SIGN_IN.c.outcome == "refused_second",
        SIGN_IN.c.at > parameter("since", DateTime(timezone=True)),
    )
)
FAILED_MACHINE: Final = prepare(
    select(func.count()).where(
        SIGN_IN.c.tenant_id == _TENANT,
        SIGN_IN.c.address == parameter("address", Text()),
        SIGN_IN.c.outcome == "refused_machine",
        SIGN_IN.c.at > parameter("since", DateTime(timezone=True)),
    )
)
FAILED_TRIES: Final = prepare(
    select(
        func.count().label("from_address"),
        func.count().filter(SIGN_IN.c.email == _EMAIL).label("for_account"),
    ).where(
        SIGN_IN.c.tenant_id == _TENANT,
        SIGN_IN.c.address == parameter("address", Text()),
        SIGN_IN.c.outcome == "refused",
        SIGN_IN.c.at > parameter("since", DateTime(timezone=True)),
    )
)
