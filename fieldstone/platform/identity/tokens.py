"""Access tokens: what programs send instead of signing in, each made by and for one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fieldstone.ids import format_id
from fieldstone.platform.identity import secrets
from fieldstone.platform.identity.statements import ADD_TOKEN, MY_TOKENS, REVOKE_TOKEN
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.transactions import Transaction

MOST_TOKENS: Final = 200
PREFIX: Final = "token"
"""The beginning of ids of tokens."""


@dataclass(frozen=True, slots=True)
class TokenWish:
    """A token that somebody wants. scopes: None for all that its owner may do."""

    name: str
    expires_at: datetime | None = None
    scopes: tuple[str, ...] | None = None


async def make_token(
    tx: Transaction, wish: TokenWish, user_id: int | None = None
) -> tuple[int, str]:
    """Make a token: its number, and its text, which is told once.

    user_id: whom it acts as; None for the viewer.
    """
    secret = secrets.make_secret(secrets.ACCESS)
    number = tx.minter.mint()
    reaches = None if wish.scopes is None else list(wish.scopes)
    owner = tx.viewer.user_id if user_id is None else user_id
    await tx.run(
        ADD_TOKEN,
        tenant=tx.tenant.id,
        id=number,
        token_hash=secret.digest,
        user_id=owner,
        name=wish.name,
        created_at=tx.now,
        expires_at=wish.expires_at,
        scopes=reaches,
    )
    said: dict[str, Any] = {
        "token": format_id(PREFIX, number),
        "name": wish.name,
        "scopes": reaches,
    }
    await note_event(tx, owner, Event.TOKEN_MADE, **said)
    return number, secret.text


async def list_tokens_of(tx: Transaction, user_id: int) -> list[dict[str, Any]]:
    """Give the tokens of somebody, the newest first, without their texts."""
    mine = {"tenant": tx.tenant.id, "user_id": user_id}
    return [dict(row) for row in await tx.rows(MY_TOKENS, **mine, most=MOST_TOKENS)]


async def revoke_token_of(tx: Transaction, user_id: int, number: int) -> bool:
    """Take back a token of somebody; whether there was one of this number."""
    mine = {"tenant": tx.tenant.id, "user_id": user_id}
    revoked = await tx.run(REVOKE_TOKEN, **mine, id=number, now=tx.now) > 0
    if revoked:
        await note_event(tx, user_id, Event.TOKEN_REVOKED, token=format_id(PREFIX, number))
    return revoked


async def list_tokens(tx: Transaction) -> list[dict[str, Any]]:
    """Give the viewer's tokens, the newest first, without their texts."""
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id}
    return [dict(row) for row in await tx.rows(MY_TOKENS, **mine, most=MOST_TOKENS)]


async def revoke_token(tx: Transaction, number: int) -> bool:
    """Take back one of the viewer's tokens; whether there was one of this number."""
    assert tx.viewer.user_id is not None, "whoever signed in is a user"
    return await revoke_token_of(tx, tx.viewer.user_id, number)
