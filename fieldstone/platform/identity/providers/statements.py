"""The statements on kept secrets and on who somebody is elsewhere."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    LargeBinary,
    Text,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from fieldstone.metadata.factor_tables import SIGN_IN_STEP
from fieldstone.metadata.tables import IDENTITY_LINK, SEALED_SECRET, SESSION
from fieldstone.runtime.statements import Prepared, parameter, prepare

_TENANT: Final = parameter("tenant", Integer())
_PURPOSE: Final = parameter("purpose", Text())
_NAME: Final = parameter("name", Text())
_USER: Final = parameter("user_id", BigInteger())
_NOW: Final = parameter("now", DateTime(timezone=True))
_THIS: Final = (
    SEALED_SECRET.c.tenant_id == _TENANT,
    SEALED_SECRET.c.purpose == _PURPOSE,
    SEALED_SECRET.c.name == _NAME,
)


def _kept() -> Prepared:
    values = {
        "sealed": parameter("sealed", LargeBinary()),
        "changed_at": _NOW,
        "changed_by": parameter("changed_by", BigInteger()),
    }
    added = insert(SEALED_SECRET).values(tenant_id=_TENANT, purpose=_PURPOSE, name=_NAME, **values)
    keys = ["tenant_id", "purpose", "name"]
    return prepare(added.on_conflict_do_update(index_elements=keys, set_=values))


KEEP_SECRET: Final = _kept()
FIND_SECRET: Final = prepare(select(SEALED_SECRET.c.sealed).where(*_THIS))
HOLD_SECRET: Final = prepare(select(SEALED_SECRET.c.sealed).where(*_THIS).with_for_update())
DROP_SECRET: Final = prepare(delete(SEALED_SECRET).where(*_THIS))
KEPT_SECRETS: Final = prepare(
    select(SEALED_SECRET.c.name).where(
        SEALED_SECRET.c.tenant_id == _TENANT, SEALED_SECRET.c.purpose == _PURPOSE
    )
)

_LINK: Final = (
    IDENTITY_LINK.c.tenant_id == _TENANT,
    IDENTITY_LINK.c.issuer == parameter("issuer", Text()),
    IDENTITY_LINK.c.subject == parameter("subject", Text()),
)
FIND_LINK: Final = prepare(select(IDENTITY_LINK.c.user_id).where(*_LINK))
# Two windows of one person may come back at the same time.
ADD_LINK: Final = prepare(
    insert(IDENTITY_LINK)
    .values(
        tenant_id=_TENANT,
        issuer=parameter("issuer", Text()),
        subject=parameter("subject", Text()),
        user_id=_USER,
        created_at=_NOW,
        used_at=_NOW,
    )
    .on_conflict_do_nothing()
)
USE_LINK: Final = prepare(update(IDENTITY_LINK).where(*_LINK).values(used_at=_NOW))
MY_LINKS: Final = prepare(
    select(
        IDENTITY_LINK.c.issuer,
        IDENTITY_LINK.c.subject,
        IDENTITY_LINK.c.created_at,
        IDENTITY_LINK.c.used_at,
    )
    .where(IDENTITY_LINK.c.tenant_id == _TENANT, IDENTITY_LINK.c.user_id == _USER)
    .order_by(IDENTITY_LINK.c.created_at)
    .limit(parameter("most", Integer()))
)

_VOUCHER: Final = parameter("voucher", LargeBinary())
VOUCHED_SESSIONS: Final = prepare(
    select(SESSION.c.id, SESSION.c.user_id, SESSION.c.vouched).where(
        SESSION.c.tenant_id == _TENANT, SESSION.c.voucher == _VOUCHER
    )
)
_NUMBERS: Final = parameter("ids", ARRAY(BigInteger()))
# With the sessions in which an administrator acts as somebody, which began in theirs.
END_VOUCHED: Final = prepare(
    delete(SESSION).where(
        SESSION.c.tenant_id == _TENANT,
        (SESSION.c.id == func.any(_NUMBERS)) | (SESSION.c.parent_id == func.any(_NUMBERS)),
    )
)
END_VOUCHED_STEPS: Final = prepare(
    delete(SIGN_IN_STEP).where(
        SIGN_IN_STEP.c.tenant_id == _TENANT, SIGN_IN_STEP.c.voucher == _VOUCHER
    )
)
_PARENT: Final = (
    select(SESSION.c.parent_id)
    .where(SESSION.c.tenant_id == _TENANT, SESSION.c.id == parameter("id", BigInteger()))
    .scalar_subquery()
)
# Whoever acts as somebody signs out of their own session too.
VOUCHED_OF: Final = prepare(
    select(SESSION.c.vouched).where(
        SESSION.c.tenant_id == _TENANT,
        SESSION.c.vouched.is_not(None),
        (SESSION.c.id == parameter("id", BigInteger())) | (SESSION.c.id == _PARENT),
    )
)
