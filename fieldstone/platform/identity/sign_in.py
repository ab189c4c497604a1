"""Signing in with a password, and what it opens: a session.

Tries are counted for each address they come from, so that nobody can lock out somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fieldstone.platform.identity import secrets
from fieldstone.platform.identity.errors import TooManyTries, WrongCredentials
from fieldstone.platform.identity.factors import load_factors, wants_two
from fieldstone.platform.identity.gate import IDLE, viewer_for
from fieldstone.platform.identity.origin_place import place_of
from fieldstone.platform.identity.passwords import is_password, rehashed
from fieldstone.platform.identity.statements import (
    ADD_SESSION,
    END_ALL_GRANTS,
    END_OTHER_SESSIONS,
    END_SESSION,
    END_SESSIONS,
    END_TOKENS,
    FAILED_MACHINE,
    FAILED_SECOND,
    FAILED_TRIES,
    LOCK_TRIES,
    MEMBER_BY_EMAIL,
    MY_SESSIONS,
    NOTE_TRY,
    OPENED,
    REHASH,
    ROTATE,
)
from fieldstone.platform.identity.steps import Purpose, begin_step, end_steps
from fieldstone.platform.identity.vouched import Vouched
from fieldstone.runtime.audit.events import Event, note_entry, note_event
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Transaction, Viewer

LASTS: Final = timedelta(days=14)
MOST_SESSIONS: Final = 200
_COUNTED: Final = timedelta(minutes=15)
_MOST_FOR_ACCOUNT: Final = 10
_MOST_FROM_ADDRESS: Final = 100
_LONGEST: Final = 300
REFUSED_MACHINE: Final = "refused_machine"
"""What comes of a try with a secret that a machine made, and that nobody can guess."""


@dataclass(frozen=True, slots=True)
class Try:
    """Somebody who wants to be let in, and where they are."""

    email: str
    password: str
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was opened. secret: what the browser keeps."""

    viewer: Viewer
    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-in that waits for its second factor, or for one to be set up first.

    token: what whoever goes on sends back. methods: how; none where one has to be set up.
    """

    token: str
    purpose: Purpose
    methods: tuple[str, ...]
    expires_at: datetime


async def sign_in(database: Database, tenant: Tenant, tried: Try) -> Opened | Waiting:
    """Let somebody in by their password. Raises WrongCredentials, TooManyTries."""
    nobody = Viewer(None, "")
    async with database.write_apart(tenant, nobody) as tx:
        # Counted before it is looked at: many at once are no way around the limit.
        await check_tries(tx, tried)
        number = await note_try(tx, tried, "refused")
        member = await tx.row(MEMBER_BY_EMAIL, tenant=tenant.id, email=tried.email)
    # Outside of the transaction: hashing takes long, and connections are few.
    kept = None if member is None or member["ended_at"] else member["password_hash"]
    if await is_password(tried.password, kept):
        fresh = await rehashed(tried.password, kept)
        async with database.write_apart(tenant, nobody) as tx:
            if fresh is not None:
                mine = {"tenant": tenant.id, "user_id": member["user_id"]}
                await tx.run(REHASH, **mine, hash_before=kept, hash_after=fresh)
            entered = await enter(tx, tried, member, "password", tx.now)
            outcome = "opened" if isinstance(entered, Opened) else "half"
            await settle_try(tx, number, outcome)
            return entered
    async with database.write_apart(tenant, nobody) as tx:
        await note_refusal(tx, tried, None if member is None else member["user_id"])
    raise WrongCredentials(
        "No such person, or another password.", hint="Look at the address, and at Caps Lock."
    )


async def enter(
    tx: Transaction,
    tried: Try,
    member: Any,
    method: str,
    proved_at: datetime | None,
    *,
    vouched: Vouched | None = None,
) -> Opened | Waiting:
    """Let somebody go on who took the first step: in, or to a second one.

    method: how they took it. proved_at: when they showed who they are; None where nobody knows.
    vouched: what a provider calls the session that this leads to.
    """
    factors = await load_factors(tx, member["user_id"])
    if factors.has_any:
        purpose, methods = Purpose.SECOND, factors.methods()
    elif wants_two(tx, member):
        purpose, methods = Purpose.ENROL, ()
    else:
        return await open_session(tx, tried, member, method, proved_at, vouched=vouched)
    begun = await begin_step(tx, purpose, member["user_id"], method, vouched=vouched)
    return Waiting(begun.token, purpose, methods, begun.expires_at)


async def open_session(
    tx: Transaction,
    tried: Try,
    member: Any,
    method: str,
    proved_at: datetime | None,
    *,
    vouched: Vouched | None = None,
) -> Opened:
    """Open a session for a member of the tenant.

    method: how they proved who they are. proved_at: when; None where nobody knows. vouched: what
    the provider calls it that let them in.
    """
    secret = secrets.make_secret(secrets.SESSION)
    expires_at = tx.now + LASTS
    await tx.run(
        ADD_SESSION,
        tenant=tx.tenant.id,
        id=tx.minter.mint(),
        token_hash=secret.digest,
        user_id=member["user_id"],
        created_at=tx.now,
        seen_at=tx.now,
        expires_at=expires_at,
        address=tried.address[:_LONGEST],
        agent=tried.agent[:_LONGEST],
        proved_at=proved_at,
        method=method,
        voucher=None if vouched is None else vouched.digest,
        vouched=None if vouched is None else vouched.to_text(),
    )
    said = {"method": method, "agent": tried.agent[:_LONGEST]}
    await note_entry(tx, member["user_id"], Event.SIGNED_IN, tried.address, **said)
    viewer = viewer_for(member)
    return Opened(viewer, secret.text, expires_at)


async def note_refusal(
    tx: Transaction, tried: Try, user_id: int | None, method: str = "password"
) -> None:
    """Note for the audit that somebody was not let in. user_id: None for nobody who is known."""
    said = {"email": tried.email[:_LONGEST], "method": method, "agent": tried.agent[:_LONGEST]}
    await note_entry(tx, user_id, Event.SIGN_IN_REFUSED, tried.address, **said)


async def list_sessions(tx: Transaction) -> list[dict[str, Any]]:
    """Give the viewer's open sessions, the one heard of last first."""
    rows = await tx.rows(
        MY_SESSIONS,
        tenant=tx.tenant.id,
        user_id=tx.viewer.user_id,
        now=tx.now,
        heard_after=tx.now - IDLE,
        most=MOST_SESSIONS,
    )
    return [dict(row) for row in rows]


async def end_session(tx: Transaction, number: int) -> bool:
    """End one of the viewer's sessions; whether there was one of this number."""
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id}
    ended = await tx.run(END_SESSION, **mine, id=number) > 0
    if ended:
        await note_event(tx, tx.viewer.user_id, Event.SIGNED_OUT)
    return ended


async def end_other_sessions(tx: Transaction, number: int) -> int:
    """End all of the viewer's sessions but one; how many there were."""
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id}
    return await tx.run(END_OTHER_SESSIONS, **mine, id=number)


async def rotate_session(tx: Transaction, user_id: int, number: int) -> str:
    """Give a session another secret; the one before is worth nothing any more."""
    secret = secrets.make_secret(secrets.SESSION)
    mine = {"tenant": tx.tenant.id, "user_id": user_id, "id": number}
    await tx.run(ROTATE, **mine, token_hash=secret.digest, now=tx.now)
    return secret.text


async def put_out(tx: Transaction, user_id: int) -> None:
    """End every session and token of somebody, and what they had begun at the door."""
    await tx.run(END_SESSIONS, tenant=tx.tenant.id, user_id=user_id)
    await tx.run(END_TOKENS, tenant=tx.tenant.id, user_id=user_id, now=tx.now)
    await tx.run(END_ALL_GRANTS, tenant=tx.tenant.id, user_id=user_id)
    await end_steps(tx, user_id)


async def check_tries(tx: Transaction, tried: Try) -> None:
    """Let nobody try whose tries failed too often. Raises TooManyTries."""
    place = place_of(tried.address)[:_LONGEST]
    await tx.run(LOCK_TRIES, place=f"{tx.tenant.id} {place}")
    since = tx.now - _COUNTED
    email = tried.email[:_LONGEST]
    failed = await tx.row(
        FAILED_TRIES, tenant=tx.tenant.id, email=email, address=place, since=since
    )
    if failed["for_account"] >= _MOST_FOR_ACCOUNT or failed["from_address"] >= _MOST_FROM_ADDRESS:
        raise _too_many()


async def check_machine(tx: Transaction, tried: Try) -> None:
    """Let no place try for ever with secrets of machines: of programs, providers, lone passkeys.

    They are counted apart from passwords and by their place alone, so that nobody locks out a
    program or a person who shares an address with them. Raises TooManyTries.
    """
    place = place_of(tried.address)[:_LONGEST]
    await tx.run(LOCK_TRIES, place=f"{tx.tenant.id} machine {place}")
    since = tx.now - _COUNTED
    failed = await tx.value(FAILED_MACHINE, tenant=tx.tenant.id, address=place, since=since)
    if failed >= _MOST_FROM_ADDRESS:
        raise _too_many()


def _too_many() -> TooManyTries:
    return TooManyTries(
        "Too many tries failed from where you are.", hint="Wait for a quarter of an hour."
    )


async def note_try(tx: Transaction, tried: Try, outcome: str) -> int:
    """Note that somebody tried to get in, and what came of it; the number of the note."""
    number = tx.minter.mint()
    await tx.run(
        NOTE_TRY,
        tenant=tx.tenant.id,
        id=number,
        at=tx.now,
        email=tried.email[:_LONGEST],
        address=place_of(tried.address)[:_LONGEST],
        agent=tried.agent[:_LONGEST],
        outcome=outcome,
    )
    return number


async def check_second_tries(tx: Transaction, tried: Try) -> None:
    """Let nobody guess second factors. Raises TooManyTries.

    Counted wherever the tries come from: only who knows the password, or is in, gets to guess.
    """
    email = tried.email[:_LONGEST]
    await tx.run(LOCK_TRIES, place=f"{tx.tenant.id} second {email}")
    since = tx.now - _COUNTED
    mine = {"tenant": tx.tenant.id, "email": email}
    if await tx.value(FAILED_SECOND, **mine, since=since) >= _MOST_FOR_ACCOUNT:
        raise TooManyTries("Too many codes were wrong.", hint="Wait for a quarter of an hour.")


async def settle_try(tx: Transaction, number: int, outcome: str = "opened") -> None:
    """Note what came of a try."""
    await tx.run(OPENED, tenant=tx.tenant.id, id=number, outcome=outcome)
