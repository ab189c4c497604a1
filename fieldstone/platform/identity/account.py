"""The viewer's own account: what it shows, and what wants to know anew that it is still they."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from fieldstone.errors import Conflict
from fieldstone.metadata.values import JsonObject
from fieldstone.platform.identity.errors import ProofNeeded
from fieldstone.platform.identity.factors import (
    Factors,
    codes_if_none,
    load_factors,
    make_codes,
    wants_two,
)
from fieldstone.platform.identity.keys import Keys
from fieldstone.platform.identity.passkey_shapes import WebSite
from fieldstone.platform.identity.passkeys import add_passkey, ceremony, known_on, owner_of
from fieldstone.platform.identity.second_step import Door
from fieldstone.platform.identity.sign_in import end_session
from fieldstone.platform.identity.statements import MEMBER_BY_USER, THIS_SESSION
from fieldstone.platform.identity.steps import (
    Begun,
    Purpose,
    begin_step,
    count_try,
    end_step,
    find_step,
)
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.transactions import Transaction, Viewer


class NoFactor(Conflict):
    """What is asked for hangs on a second factor, and there is none."""

    code = "access.no_factor"


FRESH: Final = timedelta(minutes=10)
"""How long after somebody proved who they are they may change how they get in."""


async def me(tx: Transaction) -> Any:
    """Give the viewer as a member of the tenant."""
    member = await tx.row(MEMBER_BY_USER, tenant=tx.tenant.id, user_id=tx.viewer.user_id)
    assert member is not None, "whoever signed in is a member"
    return member


async def proved_until(tx: Transaction, session: int) -> datetime | None:
    """Give until when a session counts as just proved; None where it does no more."""
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id}
    row = await tx.row(THIS_SESSION, **mine, id=session)
    if row is None or row["proved_at"] is None or row["proved_at"] + FRESH < tx.now:
        return None
    until: datetime = row["proved_at"] + FRESH
    return until


def named(session: int) -> str:
    """Give how a session is named as the one that began something."""
    return f"session {session}"


async def end_one(tx: Transaction, number: int | None) -> None:
    """End one of the viewer's sessions, if there is one of this number."""
    if number is not None:
        await end_session(tx, number)


async def check_proved(tx: Transaction, session: int) -> None:
    """Refuse what changes how one gets in, unless the viewer just proved who they are.

    So a browser that was left open is no way to keep an account. Raises ProofNeeded.
    """
    if await proved_until(tx, session) is None:
        raise ProofNeeded(
            "Show once more that it is you.",
            hint="POST /api/session/proof with your password or a code, then repeat this.",
        )


async def standing_of(tx: Transaction) -> tuple[Any, Factors, bool]:
    """Give the viewer as a member, their second factors, and whether one is wanted of them."""
    member = await me(tx)
    return member, await load_factors(tx, member["user_id"]), wants_two(tx, member)


async def new_codes(tx: Transaction, keys: Keys) -> tuple[str, ...]:
    """Give new recovery codes in place of those before. Raises NoFactor."""
    member, had, _ = await standing_of(tx)
    if not had.has_any:
        raise NoFactor(
            "Recovery codes stand in for a second factor, and you have none.",
            hint="First add an authenticator app or a passkey.",
        )
    return await make_codes(tx, keys, member["user_id"])


async def ask_new_passkey(
    door: Door, site: WebSite, viewer: Viewer, session: int
) -> tuple[Begun, JsonObject]:
    """Give what a browser needs to make a passkey. Raises ProofNeeded."""
    rules = await ceremony()
    async with door.write(viewer) as tx:
        await check_proved(tx, session)
        member = await me(tx)
        factors = await load_factors(tx, member["user_id"])
        begun = await begin_step(tx, Purpose.REGISTER, member["user_id"])
        owner = owner_of(tx, door.keys, member)
    known = known_on(site, list(factors.passkeys))
    return begun, rules.registration_options(site, owner, begun.challenge, known)


async def keep_new_passkey(
    door: Door, site: WebSite, viewer: Viewer, token: str, made: tuple[JsonObject, str]
) -> tuple[int, tuple[str, ...]]:
    """Keep a passkey that a browser made: its number, and recovery codes if there were none.

    made: what the browser sent, and what it is to be called. Raises StepEnded, WrongFactor.
    """
    rules = await ceremony()
    credential, name = made
    assert viewer.user_id is not None, "whoever signed in is a user"
    async with door.write(viewer) as tx:
        step = await find_step(tx, token, Purpose.REGISTER)
        await count_try(tx, step)
    if step.challenge is None or step.user_id != viewer.user_id:
        raise ProofNeeded("This passkey was not asked for.", hint="Begin again.")
    registered = rules.verify_registration(credential, site, step.challenge)
    async with door.write(viewer) as tx:
        await end_step(tx, step)
        number = await add_passkey(tx, viewer.user_id, registered, site, name)
        await note_event(tx, viewer.user_id, Event.PASSKEY_ADDED, door.address, name=name[:80])
        return number, await codes_if_none(tx, door.keys, viewer.user_id)
