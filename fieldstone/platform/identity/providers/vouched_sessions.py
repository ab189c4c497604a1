"""The sessions that a provider vouched for: ending them at its word, and what it calls one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fieldstone.platform.identity.providers.statements import (
    END_VOUCHED,
    END_VOUCHED_STEPS,
    VOUCHED_OF,
    VOUCHED_SESSIONS,
)
from fieldstone.platform.identity.vouched import Vouched, digest_of
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.transactions import Transaction


async def end_vouched(
    tx: Transaction, provider: tuple[str, str], name: str, indexes: frozenset[str]
) -> frozenset[int]:
    """End the sessions of somebody, and give their numbers.

    provider: its name here and its issuer. name: what it calls somebody. indexes: what it calls
    the sessions; all are meant where it names none.
    """
    label, issuer = provider
    digest = digest_of(issuer, name)
    rows = await tx.rows(VOUCHED_SESSIONS, tenant=tx.tenant.id, voucher=digest)
    meant = [row for row in rows if _is_meant(row, label, indexes)]
    # Whoever is on the way in has not got there yet: which session it will be is all the same.
    await tx.run(END_VOUCHED_STEPS, tenant=tx.tenant.id, voucher=digest)
    if meant:
        await _end(tx, meant, label)
    return frozenset(row["id"] for row in meant)


async def vouched_of(tx: Transaction, session: int) -> Vouched | None:
    """Give what a provider calls a session; None for one that no provider vouched for."""
    return Vouched.of_text(await tx.value(VOUCHED_OF, tenant=tx.tenant.id, id=session))


def _is_meant(row: Any, provider: str, indexes: frozenset[str]) -> bool:
    vouched = Vouched.of_text(row["vouched"])
    if vouched is None or vouched.provider != provider:
        return False
    # Without a name of its own a session cannot be told from the others.
    return not indexes or not vouched.index or vouched.index in indexes


async def _end(tx: Transaction, meant: Sequence[Any], provider: str) -> None:
    await tx.run(END_VOUCHED, tenant=tx.tenant.id, ids=[row["id"] for row in meant])
    for user_id in dict.fromkeys(row["user_id"] for row in meant):
        await note_event(tx, user_id, Event.SIGNED_OUT, provider=provider)
