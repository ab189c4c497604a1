"""Steps that wait for their other half: a sign-in for its second factor, a passkey for its answer.

A step is a random secret, of which the digest is kept; it holds for minutes, works once, and opens
nothing but what it waits for.
"""

from __future__ import annotations

import secrets as random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from fieldstone.platform.identity import secrets
from fieldstone.platform.identity.errors import StepEnded
from fieldstone.platform.identity.factor_statements import (
    ADD_STEP,
    COUNT_TRY,
    END_STEP,
    END_STEPS,
    FIND_STEP,
    SET_CHALLENGE,
)
from fieldstone.platform.identity.vouched import Vouched
from fieldstone.runtime.transactions import Transaction

_LASTS: Final = timedelta(minutes=10)
_MOST_TRIES: Final = 5
_CHALLENGE_BYTES: Final = 32


class Purpose(StrEnum):
    """What a step waits for."""

    SECOND = "second"
    """The password was right; a second factor is wanted."""

    ENROL = "enrol"
    """The password was right; the organization wants a second factor, and there is none yet."""

    PASSKEY = "passkey"
    """Somebody, who is not known yet, signs in with a passkey alone."""

    REGISTER = "register"
    """Somebody who is in adds a passkey."""

    PROVE = "prove"
    """Somebody who is in shows that it is still they."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that waits.

    challenge: what a passkey has to sign; None until it is asked. method: how the first step was
    taken. vouched: what a provider calls the session that it leads to; None without one.
    """

    digest: bytes
    purpose: Purpose
    user_id: int | None
    challenge: bytes | None
    expires_at: datetime
    method: str
    vouched: Vouched | None = None

    @property
    def name(self) -> str:
        """How it is named as the one that began something."""
        return f"step {self.digest.hex()}"


@dataclass(frozen=True, slots=True)
class Begun:
    """A step that began. token: what whoever takes it sends back."""

    token: str
    challenge: bytes
    expires_at: datetime


async def begin_step(
    tx: Transaction,
    purpose: Purpose,
    user_id: int | None,
    method: str = "password",
    *,
    vouched: Vouched | None = None,
) -> Begun:
    """Let somebody take a step within ten minutes. method: how they took the first one."""
    secret = secrets.make_secret(secrets.STEP)
    challenge, expires_at = random.token_bytes(_CHALLENGE_BYTES), tx.now + _LASTS
    await tx.run(
        ADD_STEP,
        tenant=tx.tenant.id,
        token_hash=secret.digest,
        purpose=str(purpose),
        user_id=user_id,
        challenge=challenge,
        created_at=tx.now,
        expires_at=expires_at,
        method=method,
        voucher=None if vouched is None else vouched.digest,
        vouched=None if vouched is None else vouched.to_text(),
    )
    return Begun(secret.text, challenge, expires_at)


async def find_step(tx: Transaction, token: str, *purposes: Purpose) -> Step:
    """Give the step of a token and hold it until the transaction ends. Raises StepEnded."""
    digest = secrets.digest_of(token, secrets.STEP)
    if digest is not None:
        row = await tx.row(
            FIND_STEP, tenant=tx.tenant.id, token_hash=digest, now=tx.now, most=_MOST_TRIES
        )
        if row is not None and row["purpose"] in purposes:
            known = (row["user_id"], row["challenge"], row["expires_at"], row["method"])
            return Step(digest, Purpose(row["purpose"]), *known, Vouched.of_text(row["vouched"]))
    raise _ended()


async def ask_challenge(tx: Transaction, step: Step) -> bytes:
    """Give a new challenge for a step; the one before is worth nothing any more."""
    challenge = random.token_bytes(_CHALLENGE_BYTES)
    mine = {"tenant": tx.tenant.id, "token_hash": step.digest}
    await tx.run(SET_CHALLENGE, **mine, challenge=challenge)
    return challenge


async def count_try(tx: Transaction, step: Step) -> None:
    """Count a try before it is looked at; its challenge, if it had one, is used up."""
    await tx.run(COUNT_TRY, tenant=tx.tenant.id, token_hash=step.digest)


async def end_step(tx: Transaction, step: Step) -> None:
    """Let a step be taken no more. Raises StepEnded if somebody else was first."""
    if not await tx.run(END_STEP, tenant=tx.tenant.id, token_hash=step.digest):
        raise _ended()


async def end_steps(tx: Transaction, user_id: int) -> None:
    """Let no step of somebody be taken any more: what they rest on has changed."""
    await tx.run(END_STEPS, tenant=tx.tenant.id, user_id=user_id)


def _ended() -> StepEnded:
    return StepEnded("This took too long, or was tried too often.", hint="Begin again.")
