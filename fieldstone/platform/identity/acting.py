"""Acting as somebody else: an administrator sees and does what a member may, where they allow it.

It is a session of its own, which knows both; it ends with the consent, with either person's
membership, and after an hour. What hangs on who somebody is stays closed to it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Integer, delete, update

from fieldstone.errors import Forbidden, InvalidInput
from fieldstone.metadata.tables import MEMBER, SESSION
from fieldstone.platform.identity import secrets
from fieldstone.platform.identity.gate import Actor, viewer_for
from fieldstone.platform.identity.sign_in import Opened, rotate_session
from fieldstone.platform.identity.statements import ADD_SESSION, MEMBER_BY_USER, THIS_SESSION
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

LASTS: Final = timedelta(hours=1)
LONGEST_HOURS: Final = 7 * 24
_TENANT: Final = parameter("tenant", Integer())
_USER: Final = parameter("user_id", BigInteger())
_ALLOW: Final = prepare(
    update(MEMBER)
    .where(MEMBER.c.tenant_id == _TENANT, MEMBER.c.user_id == _USER)
    .values(acting_until=parameter("until", DateTime(timezone=True)))
)
_MARK: Final = prepare(
    update(SESSION)
    .where(SESSION.c.tenant_id == _TENANT, SESSION.c.id == parameter("id", BigInteger()))
    .values(
        acting_id=parameter("acting_id", BigInteger()),
        parent_id=parameter("parent_id", BigInteger()),
        expires_at=parameter("expires_at", DateTime(timezone=True)),
    )
)
_END_ACTING: Final = prepare(
    delete(SESSION).where(
        SESSION.c.tenant_id == _TENANT, SESSION.c.user_id == _USER, SESSION.c.acting_id.is_not(None)
    )
)
_END_THIS: Final = prepare(
    delete(SESSION).where(
        SESSION.c.tenant_id == _TENANT, SESSION.c.id == parameter("id", BigInteger())
    )
)


class NoConsent(Forbidden):
    """The member does not let an administrator act as them, or not any more."""

    code = "access.no_consent"


class BadConsent(InvalidInput):
    """A consent that would hold for longer than anybody remembers it."""

    code = "access.bad_consent"


async def allow(tx: Transaction, hours: int) -> datetime:
    """Let administrators act as the viewer for so long; until when. Raises BadConsent."""
    if not 0 < hours <= LONGEST_HOURS:
        raise BadConsent(f"Allow it for 1 to {LONGEST_HOURS} hours.", at="/hours")
    assert tx.viewer.user_id is not None, "whoever signed in is a user"
    until = tx.now + timedelta(hours=hours)
    await tx.run(_ALLOW, tenant=tx.tenant.id, user_id=tx.viewer.user_id, until=until)
    await note_event(tx, tx.viewer.user_id, Event.ACTING_ALLOWED, hours=hours)
    return until


async def forbid(tx: Transaction) -> None:
    """Let nobody act as the viewer any more; whoever does is out at once."""
    assert tx.viewer.user_id is not None, "whoever signed in is a user"
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id}
    await tx.run(_ALLOW, **mine, until=None)
    await tx.run(_END_ACTING, **mine)
    await note_event(tx, tx.viewer.user_id, Event.ACTING_FORBIDDEN)


def may_act(tx: Transaction, member: Any) -> bool:
    """Tell whether an administrator may act as a member now."""
    if member["ended_at"] is not None or member["user_id"] == tx.viewer.user_id:
        return False
    if tx.catalog.organization.acting == "always":
        return True
    return member["acting_until"] is not None and member["acting_until"] > tx.now


async def begin(tx: Transaction, session: int, user_id: int, origin: tuple[str, str]) -> Opened:
    """Open a session in which the viewer, an administrator, acts as a member. Raises NoConsent.

    session: the number of the viewer's own, to which they come back. origin: address and agent.
    """
    member = await tx.row(MEMBER_BY_USER, tenant=tx.tenant.id, user_id=user_id)
    if member is None or not may_act(tx, member):
        raise NoConsent(
            "This person does not let you act as them.",
            hint="They can allow it for a while under Your account.",
        )
    until = tx.now + LASTS
    if tx.catalog.organization.acting != "always":
        until = min(until, member["acting_until"])
    secret, number = secrets.make_secret(secrets.ACTING), tx.minter.mint()
    address, agent = origin
    await tx.run(
        ADD_SESSION,
        tenant=tx.tenant.id,
        id=number,
        token_hash=secret.digest,
        user_id=user_id,
        created_at=tx.now,
        seen_at=tx.now,
        expires_at=until,
        address=address[:300],
        agent=agent[:300],
        proved_at=tx.now,
        method="acting",
        voucher=None,
        vouched=None,
    )
    acting = {"acting_id": tx.viewer.user_id, "parent_id": session, "expires_at": until}
    await tx.run(_MARK, tenant=tx.tenant.id, id=number, **acting)
    await note_event(tx, user_id, Event.ACTING_STARTED, address)
    return Opened(viewer_for(member), secret.text, until)


async def leave(tx: Transaction, session: int, actor: Actor) -> None:
    """Let the administrator's own session end with the one in which they act."""
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id}
    row = await tx.row(THIS_SESSION, **mine, id=session)
    if row is not None and row["parent_id"] is not None:
        await tx.run(_END_THIS, tenant=tx.tenant.id, id=row["parent_id"])
        await note_event(tx, row["user_id"], Event.ACTING_STOPPED, by=actor.email)


async def stop(tx: Transaction, session: int, actor: Actor, address: str) -> Opened | None:
    """End acting, and give the administrator's own session back under another secret.

    None where it has ended meanwhile: they sign in.
    """
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id}
    row = await tx.row(THIS_SESSION, **mine, id=session)
    assert row is not None, "who asks in a session has it"
    await tx.run(_END_THIS, tenant=tx.tenant.id, id=session)
    assert tx.viewer.user_id is not None, "who is acted as is a user"
    await note_event(tx, tx.viewer.user_id, Event.ACTING_STOPPED, address, by=actor.email)
    own = {"tenant": tx.tenant.id, "user_id": actor.user_id}
    parent = await tx.row(THIS_SESSION, **own, id=row["parent_id"])
    member = await tx.row(MEMBER_BY_USER, **own)
    if parent is None or parent["expires_at"] <= tx.now or member is None or member["ended_at"]:
        return None
    secret = await rotate_session(tx, actor.user_id, row["parent_id"])
    return Opened(viewer_for(member), secret, parent["expires_at"])
