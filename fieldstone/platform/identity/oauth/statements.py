"""The statements on grants, codes, and the tokens of programs."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
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
from sqlalchemy.dialects.postgresql import insert as pg_insert

from fieldstone.metadata.oauth_tables import (
    APP_SECRET,
    OAUTH_CODE,
    OAUTH_GRANT,
    REFRESH_TOKEN,
    SEEN_ONCE,
)
from fieldstone.metadata.tables import ACCESS_TOKEN, MEMBER
from fieldstone.runtime.statements import Prepared, parameter, prepare

_TENANT: Final = parameter("tenant", Integer())
_GRANT: Final = parameter("grant_id", BigInteger())
_USER: Final = parameter("user_id", BigInteger())
_APP: Final = parameter("app", Text())
_HASH: Final = parameter("token_hash", LargeBinary())
_NOW: Final = parameter("now", DateTime(timezone=True))
_EXPIRES: Final = parameter("expires_at", DateTime(timezone=True))
_MOST: Final = parameter("most", Integer())


def _added(table: Table, *names: str) -> Prepared:
    given = {name: parameter(name, table.c[name].type) for name in names}
    return prepare(insert(table).values(tenant_id=_TENANT, **given))


def _of_grant(table: Table) -> Any:
    return (table.c.tenant_id == _TENANT, table.c.grant_id == _GRANT)


def _by_hash(table: Table) -> Any:
    return (table.c.tenant_id == _TENANT, table.c.token_hash == _HASH)


def _secret_kept() -> Prepared:
    values = {
        "secret_hash": parameter("secret_hash", LargeBinary()),
        "created_at": _NOW,
        "created_by": parameter("created_by", BigInteger()),
    }
    added = pg_insert(APP_SECRET).values(tenant_id=_TENANT, app=_APP, **values)
    keys = ["tenant_id", "app"]
    return prepare(added.on_conflict_do_update(index_elements=keys, set_=values))


KEEP_APP_SECRET: Final = _secret_kept()
_THIS_APP: Final = (APP_SECRET.c.tenant_id == _TENANT, APP_SECRET.c.app == _APP)
FIND_APP_SECRET: Final = prepare(select(APP_SECRET.c.secret_hash).where(*_THIS_APP))
DROP_APP_SECRET: Final = prepare(delete(APP_SECRET).where(*_THIS_APP))
APP_SECRETS: Final = prepare(
    select(APP_SECRET.c.app, APP_SECRET.c.created_at).where(APP_SECRET.c.tenant_id == _TENANT)
)

ADD_GRANT: Final = _added(
    OAUTH_GRANT, *("id", "app", "user_id", "form", "scopes", "created_at", "expires_at")
)
_GRANTS: Final = (
    select(
        OAUTH_GRANT.c.id,
        OAUTH_GRANT.c.app,
        OAUTH_GRANT.c.user_id,
        OAUTH_GRANT.c.form,
        OAUTH_GRANT.c.scopes,
        OAUTH_GRANT.c.created_at,
        OAUTH_GRANT.c.used_at,
        OAUTH_GRANT.c.expires_at,
        MEMBER.c.email,
        MEMBER.c.ended_at,
    )
    .join(
        MEMBER,
        (MEMBER.c.tenant_id == OAUTH_GRANT.c.tenant_id)
        & (MEMBER.c.user_id == OAUTH_GRANT.c.user_id),
    )
    .where(OAUTH_GRANT.c.tenant_id == _TENANT)
)
_LIVE: Final = OAUTH_GRANT.c.expires_at > _NOW
FIND_GRANT: Final = prepare(_GRANTS.where(OAUTH_GRANT.c.id == _GRANT, _LIVE))
MY_GRANTS: Final = prepare(
    _GRANTS.where(OAUTH_GRANT.c.user_id == _USER, OAUTH_GRANT.c.used_at.is_not(None), _LIVE)
    .order_by(OAUTH_GRANT.c.id.desc())
    .limit(_MOST)
)
MY_GRANTS_OF_APP: Final = prepare(
    _GRANTS.where(
        OAUTH_GRANT.c.user_id == _USER,
        OAUTH_GRANT.c.app == _APP,
        OAUTH_GRANT.c.form == "authorization_code",
        OAUTH_GRANT.c.used_at.is_not(None),
        _LIVE,
    )
    .order_by(OAUTH_GRANT.c.id.desc())
    .limit(_MOST)
)
GRANTS_OF_APP: Final = prepare(
    select(OAUTH_GRANT.c.app, func.count(OAUTH_GRANT.c.user_id.distinct()).label("people"))
    .where(OAUTH_GRANT.c.tenant_id == _TENANT, OAUTH_GRANT.c.used_at.is_not(None), _LIVE)
    .group_by(OAUTH_GRANT.c.app)
)
USE_GRANT: Final = prepare(
    update(OAUTH_GRANT)
    .where(OAUTH_GRANT.c.tenant_id == _TENANT, OAUTH_GRANT.c.id == _GRANT)
    .values(used_at=_NOW, expires_at=_EXPIRES)
)
_MINE: Final = (
    OAUTH_GRANT.c.tenant_id == _TENANT,
    OAUTH_GRANT.c.user_id == _USER,
)
GRANT_IDS: Final = prepare(
    select(OAUTH_GRANT.c.id).where(*_MINE, OAUTH_GRANT.c.app == _APP).limit(_MOST)
)
OLD_GRANTS: Final = prepare(
    select(OAUTH_GRANT.c.id)
    .where(*_MINE, OAUTH_GRANT.c.app == _APP, OAUTH_GRANT.c.expires_at <= _NOW)
    .limit(_MOST)
)
GRANTS_OF_ANYBODY: Final = prepare(
    select(OAUTH_GRANT.c.id)
    .where(OAUTH_GRANT.c.tenant_id == _TENANT, OAUTH_GRANT.c.app == _APP)
    .limit(_MOST)
)
_IDS: Final = parameter("ids", ARRAY(BigInteger))
END_GRANTS: Final = tuple(
    prepare(delete(table).where(table.c.tenant_id == _TENANT, column == func.any(_IDS)))
    for table, column in (
        (ACCESS_TOKEN, ACCESS_TOKEN.c.grant_id),
        (OAUTH_GRANT, OAUTH_GRANT.c.id),
    )
)
"""What ends grants, with all that came of them; codes and refresh tokens go by themselves."""

ADD_CODE: Final = _added(
    OAUTH_CODE, *("token_hash", "grant_id", "redirect_uri", "challenge", "expires_at")
)
# Locked, so that of two who redeem one code at the same time the second finds it used.
TAKE_CODE: Final = prepare(
    select(
        OAUTH_CODE.c.grant_id,
        OAUTH_CODE.c.redirect_uri,
        OAUTH_CODE.c.challenge,
        OAUTH_CODE.c.expires_at,
        OAUTH_CODE.c.used_at,
    )
    .where(*_by_hash(OAUTH_CODE))
    .with_for_update()
)
USE_CODE: Final = prepare(update(OAUTH_CODE).where(*_by_hash(OAUTH_CODE)).values(used_at=_NOW))

ADD_REFRESH: Final = _added(REFRESH_TOKEN, "token_hash", "grant_id", "created_at", "expires_at")
TAKE_REFRESH: Final = prepare(
    select(REFRESH_TOKEN.c.grant_id, REFRESH_TOKEN.c.expires_at, REFRESH_TOKEN.c.used_at)
    .where(*_by_hash(REFRESH_TOKEN))
    .with_for_update()
)
USE_REFRESH: Final = prepare(
    update(REFRESH_TOKEN).where(*_by_hash(REFRESH_TOKEN)).values(used_at=_NOW)
)
DROP_OLD_REFRESH: Final = prepare(
    delete(REFRESH_TOKEN).where(*_of_grant(REFRESH_TOKEN), REFRESH_TOKEN.c.expires_at <= _NOW)
)

ADD_ACCESS: Final = _added(
    ACCESS_TOKEN,
    *("id", "token_hash", "user_id", "name", "created_at", "expires_at"),
    *("scopes", "app", "grant_id"),
)
DROP_OLD_ACCESS: Final = prepare(
    delete(ACCESS_TOKEN).where(*_of_grant(ACCESS_TOKEN), ACCESS_TOKEN.c.expires_at <= _NOW)
)
DROP_ACCESS: Final = prepare(
    delete(ACCESS_TOKEN).where(*_by_hash(ACCESS_TOKEN), ACCESS_TOKEN.c.app == _APP)
)
LOOK_AT_ACCESS: Final = prepare(
    select(
        ACCESS_TOKEN.c.scopes,
        ACCESS_TOKEN.c.created_at,
        ACCESS_TOKEN.c.expires_at,
        MEMBER.c.user_id,
        MEMBER.c.email,
    )
    .join(
        MEMBER,
        (MEMBER.c.tenant_id == ACCESS_TOKEN.c.tenant_id)
        & (MEMBER.c.user_id == ACCESS_TOKEN.c.user_id),
    )
    .where(
        *_by_hash(ACCESS_TOKEN),
        ACCESS_TOKEN.c.app == _APP,
        ACCESS_TOKEN.c.revoked_at.is_(None),
        ACCESS_TOKEN.c.expires_at > _NOW,
        MEMBER.c.ended_at.is_(None),
    )
)

SEE_ONCE: Final = prepare(
    pg_insert(SEEN_ONCE)
    .values(tenant_id=_TENANT, digest=parameter("digest", LargeBinary()), expires_at=_EXPIRES)
    .on_conflict_do_nothing()
)
FORGET_SEEN: Final = prepare(
    delete(SEEN_ONCE).where(SEEN_ONCE.c.tenant_id == _TENANT, SEEN_ONCE.c.expires_at <= _NOW)
)
