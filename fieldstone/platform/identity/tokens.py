"""Access tokens: what programs send instead of signing in, each made by and for one person."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from fieldstone.platform.identity import secrets
from fieldstone.platform.identity.statements import ADD_TOKEN, MY_TOKENS, REVOKE_TOKEN
from fieldstone.runtime.transactions import Transaction

MOST_TOKENS: Final = 200


async def make_token(tx: Transaction, name: str, expires_at: datetime | None) -> tuple[int, str]:
    """Make a token that acts as the viewer: its number, and its text, which is told once."""
    secret = secrets.make_secret(secrets.ACCESS)
    number = tx.minter.mint()
    await tx.run(
        ADD_TOKEN,
        tenant=tx.tenant.id,
        id=number,
        token_hash=secret.digest,
        user_id=tx.viewer.user_id,
        name=name,
        created_at=tx.now,
        expires_at=expires_at,
    )
    return number, secret.text


async def list_tokens(tx: Transaction) -> list[dict[str, Any]]:
    """Give the viewer's tokens, the newest first, without their texts."""
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id}
    return [dict(row) for row in await tx.rows(MY_TOKENS, **mine, most=MOST_TOKENS)]


async def revoke_token(tx: Transaction, number: int) -> bool:
    """Take back one of the viewer's tokens; whether there was one of this number."""
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id}
    return await tx.run(REVOKE_TOKEN, **mine, id=number, now=tx.now) > 0
