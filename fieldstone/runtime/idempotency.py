"""Idempotency keys: a request that is sent twice is carried out once.

The key is written in the same transaction as what the request does. A second request with the
key waits for the first to end and then gets its answer.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Integer, Text, null, select, update
from sqlalchemy.dialects.postgresql import insert

from fieldstone.errors import Conflict
from fieldstone.metadata.encryption import is_token
from fieldstone.metadata.tables import IDEMPOTENCY
from fieldstone.runtime.encryption.opening import keyring_of
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

_TENANT: Final = parameter("tenant", Integer())
_KEY: Final = parameter("key", Text())
_CLAIM: Final = prepare(
    insert(IDEMPOTENCY)
    .values(tenant_id=_TENANT, key=_KEY, digest=parameter("digest", Text()))
    .on_conflict_do_nothing()
    .returning(IDEMPOTENCY.c.key)
)
_FIND: Final = prepare(
    select(IDEMPOTENCY.c.digest, IDEMPOTENCY.c.status, IDEMPOTENCY.c.body).where(
        IDEMPOTENCY.c.tenant_id == _TENANT, IDEMPOTENCY.c.key == _KEY
    )
)
_KEEP: Final = prepare(
    update(IDEMPOTENCY)
    .where(IDEMPOTENCY.c.tenant_id == _TENANT, IDEMPOTENCY.c.key == _KEY)
    .values(status=parameter("status", Integer()), body=parameter("body", Text()))
)
_FORGET: Final = prepare(
    update(IDEMPOTENCY)
    .where(IDEMPOTENCY.c.tenant_id == _TENANT, IDEMPOTENCY.c.body.is_not(None))
    .values(body=null())
)


class KeyReused(Conflict):
    """An idempotency key that was used for another request."""

    code = "request.key_reused"


async def earlier_answer(tx: Transaction, key: str, digest: str) -> tuple[int, str] | None:
    """Claim a key; give status and body of the answer if the same request had it before.

    digest: of method, address and body. Raises KeyReused.
    """
    if await tx.value(_CLAIM, tenant=tx.tenant.id, key=key, digest=digest) is not None:
        return None
    row = await tx.row(_FIND, tenant=tx.tenant.id, key=key)
    if row["digest"] != digest:
        raise KeyReused("This Idempotency-Key belongs to another request.", hint="Send a new key.")
    kept: str | None = row["body"]
    opened = keyring_of(tx).open_text(kept, key) if kept is not None and is_token(kept) else kept
    if opened is None:
        raise KeyReused("The answer to this Idempotency-Key was lost.", hint="Send a new key.")
    return row["status"], opened


async def keep_answer(tx: Transaction, key: str, status: int, body: str) -> None:
    """Write down the answer of the request that claimed a key, encrypted: it may hold anything."""
    sealed = keyring_of(tx).seal_text(body, key)
    await tx.run(_KEEP, tenant=tx.tenant.id, key=key, status=status, body=sealed)


async def forget_answers(tx: Transaction) -> int:
    """Forget all answers that are kept; how many. Their keys stay: nothing is carried out twice."""
    return await tx.run(_FORGET, tenant=tx.tenant.id)
