"""The statements on second factors, on steps that wait for one, and on the log of access."""

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
    null,
    or_,
    select,
    update,
)

from fieldstone.metadata.factor_tables import (
    ACCESS_EVENT,
    AUTHENTICATOR,
    PASSKEY,
    RECOVERY_CODE,
    SIGN_IN_STEP,
)
from fieldstone.metadata.tables import IDENTITY_LINK
from fieldstone.runtime.statements import Prepared, parameter, prepare

_TENANT: Final = parameter("tenant", Integer())
_ID: Final = parameter("id", BigInteger())
_USER: Final = parameter("user_id", BigInteger())
_NOW: Final = parameter("now", DateTime(timezone=True))
_MOST: Final = parameter("most", Integer())
_HASH: Final = parameter("token_hash", LargeBinary())


def _added(table: Table, *names: str) -> Prepared:
    given = {name: parameter(name, table.c[name].type) for name in names}
    return prepare(insert(table).values(tenant_id=_TENANT, **given))


def _mine(table: Table) -> Any:
    return (table.c.tenant_id == _TENANT, table.c.user_id == _USER)


ADD_AUTHENTICATOR: Final = _added(AUTHENTICATOR, "id", "user_id", "secret", "created_at")
MY_AUTHENTICATORS: Final = prepare(
    select(
        AUTHENTICATOR.c.id,
        AUTHENTICATOR.c.secret,
        AUTHENTICATOR.c.created_at,
        AUTHENTICATOR.c.confirmed_at,
        AUTHENTICATOR.c.last_step,
    )
    .where(*_mine(AUTHENTICATOR))
    .order_by(AUTHENTICATOR.c.id)
)
# Whoever uses a step first: the same code sent twice finds it used.
USE_STEP: Final = prepare(
    update(AUTHENTICATOR)
    .where(
        *_mine(AUTHENTICATOR),
        AUTHENTICATOR.c.id == _ID,
        AUTHENTICATOR.c.last_step < parameter("step", BigInteger()),
    )
    .values(
        last_step=parameter("step", BigInteger()),
        confirmed_at=func.coalesce(AUTHENTICATOR.c.confirmed_at, _NOW),
    )
)
RESEAL_AUTHENTICATOR: Final = prepare(
    update(AUTHENTICATOR)
    .where(*_mine(AUTHENTICATOR), AUTHENTICATOR.c.id == _ID)
    .values(secret=parameter("secret", LargeBinary()))
)
DROP_UNCONFIRMED: Final = prepare(
    delete(AUTHENTICATOR).where(*_mine(AUTHENTICATOR), AUTHENTICATOR.c.confirmed_at.is_(None))
)
DROP_OTHER_AUTHENTICATORS: Final = prepare(
    delete(AUTHENTICATOR).where(*_mine(AUTHENTICATOR), AUTHENTICATOR.c.id != _ID)
)
DROP_AUTHENTICATORS: Final = prepare(delete(AUTHENTICATOR).where(*_mine(AUTHENTICATOR)))

ADD_CODE: Final = _added(RECOVERY_CODE, "user_id", "code_hash", "created_at")
DROP_CODES: Final = prepare(delete(RECOVERY_CODE).where(*_mine(RECOVERY_CODE)))
CODES_LEFT: Final = prepare(
    select(func.count()).where(*_mine(RECOVERY_CODE), RECOVERY_CODE.c.used_at.is_(None))
)
USE_CODE: Final = prepare(
    update(RECOVERY_CODE)
    .where(
        *_mine(RECOVERY_CODE),
        RECOVERY_CODE.c.code_hash == parameter("code_hash", LargeBinary()),
        RECOVERY_CODE.c.used_at.is_(None),
    )
    .values(used_at=_NOW)
)

ADD_PASSKEY: Final = _added(
    PASSKEY,
    *("id", "user_id", "credential_id", "public_key", "sign_count", "site", "transports"),
    *("is_synced", "name", "created_at"),
)
_PASSKEYS: Final = select(
    PASSKEY.c.id,
    PASSKEY.c.user_id,
    PASSKEY.c.credential_id,
    PASSKEY.c.public_key,
    PASSKEY.c.sign_count,
    PASSKEY.c.site,
    PASSKEY.c.transports,
    PASSKEY.c.is_synced,
    PASSKEY.c.name,
    PASSKEY.c.created_at,
    PASSKEY.c.used_at,
)
MY_PASSKEYS: Final = prepare(_PASSKEYS.where(*_mine(PASSKEY)).order_by(PASSKEY.c.id).limit(_MOST))
PASSKEY_BY_CREDENTIAL: Final = prepare(
    _PASSKEYS.where(
        PASSKEY.c.tenant_id == _TENANT,
        PASSKEY.c.credential_id == parameter("credential_id", LargeBinary()),
    )
)
_COUNT: Final = parameter("sign_count", BigInteger())
# A count that did not grow was seen before, or comes from a copy; 0 is that of keys without one.
USE_PASSKEY: Final = prepare(
    update(PASSKEY)
    .where(
        *_mine(PASSKEY),
        PASSKEY.c.id == _ID,
        or_(PASSKEY.c.sign_count < _COUNT, (PASSKEY.c.sign_count == 0) & (_COUNT == 0)),
    )
    .values(sign_count=_COUNT, used_at=_NOW)
)
RENAME_PASSKEY: Final = prepare(
    update(PASSKEY)
    .where(*_mine(PASSKEY), PASSKEY.c.id == _ID)
    .values(name=parameter("name", Text()))
)
DROP_PASSKEY: Final = prepare(delete(PASSKEY).where(*_mine(PASSKEY), PASSKEY.c.id == _ID))
DROP_LINKS: Final = prepare(delete(IDENTITY_LINK).where(*_mine(IDENTITY_LINK)))
DROP_PASSKEYS: Final = prepare(delete(PASSKEY).where(*_mine(PASSKEY)))

ADD_STEP: Final = _added(
    SIGN_IN_STEP,
    *("token_hash", "purpose", "user_id", "challenge", "created_at", "expires_at", "method"),
    *("voucher", "vouched"),
)
FIND_STEP: Final = prepare(
    select(
        SIGN_IN_STEP.c.token_hash,
        SIGN_IN_STEP.c.purpose,
        SIGN_IN_STEP.c.user_id,
        SIGN_IN_STEP.c.challenge,
        SIGN_IN_STEP.c.expires_at,
        SIGN_IN_STEP.c.method,
        SIGN_IN_STEP.c.vouched,
    )
    .where(
        SIGN_IN_STEP.c.tenant_id == _TENANT,
        SIGN_IN_STEP.c.token_hash == _HASH,
        SIGN_IN_STEP.c.expires_at > _NOW,
        SIGN_IN_STEP.c.tries < _MOST,
    )
    .with_for_update()
)
_THIS_STEP: Final = (SIGN_IN_STEP.c.tenant_id == _TENANT, SIGN_IN_STEP.c.token_hash == _HASH)
COUNT_TRY: Final = prepare(
    update(SIGN_IN_STEP).where(*_THIS_STEP).values(tries=SIGN_IN_STEP.c.tries + 1, challenge=null())
)
SET_CHALLENGE: Final = prepare(
    update(SIGN_IN_STEP).where(*_THIS_STEP).values(challenge=parameter("challenge", LargeBinary()))
)
END_STEP: Final = prepare(delete(SIGN_IN_STEP).where(*_THIS_STEP))
END_STEPS: Final = prepare(delete(SIGN_IN_STEP).where(*_mine(SIGN_IN_STEP)))

EVENTS_OF: Final = prepare(
    select(
        ACCESS_EVENT.c.id,
        ACCESS_EVENT.c.at,
        ACCESS_EVENT.c.user_id,
        ACCESS_EVENT.c.actor_id,
        ACCESS_EVENT.c.what,
        ACCESS_EVENT.c.details,
        ACCESS_EVENT.c.address,
    )
    .where(
        *_mine(ACCESS_EVENT),
        ACCESS_EVENT.c.id < parameter("before", BigInteger()),
        ACCESS_EVENT.c.what == func.any(parameter("kinds", ARRAY(Text()))),
    )
    .order_by(ACCESS_EVENT.c.id.desc())
    .limit(_MOST)
)
