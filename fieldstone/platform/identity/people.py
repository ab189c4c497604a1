"""The people of a tenant: who may sign in to it, invited by its administrators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from email_validator import EmailNotValidError, validate_email

from fieldstone.errors import BadValue, Conflict, Forbidden
from fieldstone.ids import BadId, RecordId, parse_id
from fieldstone.metadata.permission_set import PermissionSet
from fieldstone.metadata.rights import ADMINISTRATOR, SetupArea
from fieldstone.metadata.values import Json
from fieldstone.platform.identity import secrets
from fieldstone.platform.identity.errors import (
    BadInvitation,
    LastAdministrator,
    WrongCredentials,
)
from fieldstone.platform.identity.factors import reset_factors
from fieldstone.platform.identity.gate import viewer_for
from fieldstone.platform.identity.owner_facts import facts_of
from fieldstone.platform.identity.passwords import hash_password, is_password
from fieldstone.platform.identity.sign_in import (
    Opened,
    Try,
    Waiting,
    check_tries,
    end_other_sessions,
    enter,
    note_try,
    open_session,
    put_out,
    rotate_session,
    settle_try,
)
from fieldstone.platform.identity.statements import (
    ADD_INVITATION,
    ADD_MEMBER,
    CHANGE_MEMBER,
    END_ALL_GRANTS,
    END_SESSIONS,
    END_TOKENS,
    FIND_INVITATION,
    FORGET_INVITATIONS,
    LOCK_ADMINISTRATORS,
    MEMBER_BY_EMAIL,
    MEMBER_BY_USER,
    SET_PASSWORD,
    SOME_MEMBERS,
    THIS_SESSION,
)
from fieldstone.platform.identity.steps import end_steps
from fieldstone.runtime import permissions
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.metering import check_users
from fieldstone.runtime.permissions import (
    STANDARD,
    UnknownPerson,
    check_covered,
    check_whole,
    find_set,
    get_set,
    give,
    rights_given,
)
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.write import incoming_of, write
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Transaction, Viewer

INVITED_FOR: Final = timedelta(days=7)
_USER: Final = "User"
"""The object whose records people are."""


class AlreadyMember(Conflict):
    """Somebody of this address belongs to the tenant already."""

    code = "access.already_member"


class AlreadyClaimed(Conflict):
    """People sign in to this tenant, so that nobody can say any more that it is theirs."""

    code = "access.already_claimed"


class NotClaimed(Conflict):
    """Nobody can sign in yet, so that nobody can invite."""

    code = "access.not_claimed"


def read_email(text: object) -> str:
    """Give an address as members have it. Raises BadValue."""
    try:
        found = validate_email(str(text or "")[:320], check_deliverability=False)
    except EmailNotValidError as error:
        raise BadValue(f"This is no e-mail address: {error}", at="/email") from None
    return found.normalized.lower()


def person_id(text: str) -> int:
    """Read the id of a user. Raises UnknownPerson."""
    try:
        return parse_id(text)[1]
    except BadId:
        raise unknown_person() from None


async def claim(database: Database, tenant: Tenant, viewer: Viewer, tried: Try) -> Opened:
    """Make the viewer, whom the machine let in, the first who signs in to a tenant.

    From then on everybody has to. Raises AlreadyClaimed, WeakPassword.
    """
    if not viewer.standing.is_administrator:
        raise Forbidden("Only an administrator may do this.")
    async with database.read(tenant, viewer) as tx:
        about = await facts_of(tx, viewer.user_id or 0)
    fresh = await hash_password(tried.password, email=tried.email, about=about[1:])
    async with database.change_metadata(tenant, viewer, {"setup": "claim"}) as tx:
        user_id = viewer.user_id
        if user_id is None or await tx.rows(LOCK_ADMINISTRATORS, tenant=tenant.id):
            raise AlreadyClaimed("People sign in to this tenant already.", hint="Sign in.")
        await _add_member(tx, user_id, tried.email, is_administrator=True)
        await _set_password(tx, user_id, None, fresh)
        user = tx.catalog.get_object(_USER)
        said: dict[str, Json] = {"email": tried.email}
        await write(tx, user, [incoming_of(read_values(user, said, tx.rights), id=user_id)])
        member = await tx.row(MEMBER_BY_USER, tenant=tenant.id, user_id=user_id)
        return await open_session(tx, tried, member, "password", tx.now)


async def invite(
    tx: Transaction,
    email: str,
    name: str,
    *,
    is_administrator: bool,
    sets: Sequence[str] | None = None,
) -> tuple[RecordId, str]:
    """Let somebody become a member: the id of their user, and the invitation, told once.

    sets: names of the permission sets that they get; None for the usual one. Raises NotClaimed,
    AlreadyMember, UnknownSet, MoreThanOwn, InsufficientScope, and what is wrong with a user of this
    name.
    """
    check_administrator(tx)
    check_whole(tx)
    given = _usual(tx) if sets is None else [get_set(tx.catalog, one) for one in sets]
    check_covered(tx, rights_given(tx.catalog, given, is_administrator=is_administrator))
    user_id = await add_person(tx, email, name, is_administrator=is_administrator, sets=given)
    await note_event(tx, user_id, Event.INVITED, email=email)
    return user_id, await _invitation(tx, user_id)


async def invite_first(tx: Transaction, user_id: int, email: str) -> str:
    """Make a user the first member of a new tenant, as its administrator; their invitation."""
    await _add_member(tx, user_id, email, is_administrator=True)
    return await _invitation(tx, user_id)


async def add_person(
    tx: Transaction,
    email: str,
    name: str,
    *,
    is_administrator: bool = False,
    is_service: bool = False,
    sets: Sequence[PermissionSet] | None = None,
) -> RecordId:
    """Make somebody a member, with a user of theirs, who has no way in yet; the user's id.

    is_service: whether it is no person, and signs in nowhere. sets: what they get; None for what
    new members usually do. Raises NotClaimed, AlreadyMember, and what is wrong with a user of this
    name.
    """
    if not await tx.rows(LOCK_ADMINISTRATORS, tenant=tx.tenant.id):
        raise NotClaimed(
            "Nobody can sign in to this tenant yet.", hint="First give yourself a password."
        )
    if await tx.row(MEMBER_BY_EMAIL, tenant=tx.tenant.id, email=email) is not None:
        raise AlreadyMember(f"{email} belongs to this tenant already.", at="/email")
    user = tx.catalog.get_object(_USER)
    values: dict[str, Json] = {"name": name, "email": email}
    # Who may invite need not be able to change the records of users besides.
    system = tx.as_system()
    [made] = await write(system, user, [incoming_of(read_values(user, values, system.rights))])
    assert made.id is not None
    what = {"is_administrator": is_administrator, "is_service": is_service}
    await _add_member(tx, made.id, email, **what, sets=sets)
    return made.id


async def invite_again(tx: Transaction, user_id: int, *, resets_factors: bool = False) -> str:
    """Give somebody another invitation, with which they choose a new password.

    Those before end with it; the password they have, if any, holds until then. resets_factors:
    whether their second factors are taken away then, for whoever lost them.
    """
    check_administrator(tx)
    check_whole(tx)
    member = await tx.row(MEMBER_BY_USER, tenant=tx.tenant.id, user_id=user_id)
    if member is None or member["ended_at"] is not None or member["is_service"]:
        raise unknown_person()
    check_in_reach(tx, member)
    what = Event.RESET_PROMISED if resets_factors else Event.INVITED_AGAIN
    await note_event(tx, user_id, what)
    return await _invitation(tx, user_id, resets_factors=resets_factors)


async def accept(database: Database, tenant: Tenant, text: str, tried: Try) -> Opened | Waiting:
    """Take an invitation up with a password of one's choice; second factors are asked for still.

    Raises BadInvitation, WeakPassword.
    """
    nobody = Viewer(None, "")
    async with database.read(tenant, nobody) as tx:
        invited, _ = await _invited(tx, text)
        about = await facts_of(tx, invited["user_id"])
    fresh = await hash_password(tried.password, email=invited["email"], about=about)
    async with database.write_apart(tenant, nobody) as tx:
        member, resets_factors = await _invited(tx, text)
        user_id = member["user_id"]
        # Whoever takes it up first: the other finds the invitation gone.
        if not await tx.run(FORGET_INVITATIONS, tenant=tenant.id, user_id=user_id):
            raise _bad_invitation()
        await _set_password(tx, user_id, member["password_hash"], fresh)
        await put_out(tx, user_id)
        await note_event(tx, user_id, Event.PASSWORD_CHANGED, tried.address)
        if resets_factors:
            await reset_factors(tx, user_id)
        known = Try(member["email"], "", tried.address, tried.agent)
        return await enter(tx, known, member, "password", tx.now)


async def change_password(
    database: Database, tenant: Tenant, bearer: tuple[Viewer, int], tried: Try, after: str
) -> Opened:
    """Change the viewer's password; their tokens and other sessions end, and this one is renewed.

    bearer: the viewer and the number of their session. tried: with the password before.
    Raises WrongCredentials, TooManyTries, WeakPassword.
    """
    viewer, session = bearer
    assert viewer.user_id is not None, "whoever signed in is a user"
    async with database.write_apart(tenant, viewer) as tx:
        await check_tries(tx, tried)
        number = await note_try(tx, tried, "refused")
        member = await tx.row(MEMBER_BY_USER, tenant=tenant.id, user_id=viewer.user_id)
        about = await facts_of(tx, viewer.user_id)
    kept = None if member is None else member["password_hash"]
    if not await is_password(tried.password, kept):
        raise WrongCredentials("This is not your password.", at="/before")
    async with database.write_apart(tenant, viewer) as tx:
        await settle_try(tx, number, "proved")
    fresh = await hash_password(after, email=member["email"], about=about)
    async with database.write_apart(tenant, viewer) as tx:
        mine = {"tenant": tenant.id, "user_id": viewer.user_id}
        await _set_password(tx, viewer.user_id, kept, fresh)
        await end_other_sessions(tx, session)
        await tx.run(END_TOKENS, **mine, now=tx.now)
        await tx.run(END_ALL_GRANTS, **mine)
        await end_steps(tx, viewer.user_id)
        await note_event(tx, viewer.user_id, Event.PASSWORD_CHANGED, tried.address)
        row = await tx.row(THIS_SESSION, **mine, id=session)
        if row is None:
            raise WrongCredentials("Your session has ended.", hint="Sign in.")
        secret = await rotate_session(tx, viewer.user_id, session)
        return Opened(viewer, secret, row["expires_at"])


async def list_people(tx: Transaction, after: int, most: int) -> list[Any]:
    """Give those who may sign in, might, or once might, in order of their ids."""
    check_administrator(tx)
    return await tx.rows(SOME_MEMBERS, tenant=tx.tenant.id, after=after, most=most)


async def change_person(
    tx: Transaction, user_id: int, *, is_administrator: bool | None, is_active: bool | None
) -> None:
    """Change what somebody is here; who is put out is signed out.

    Raises UnknownPerson, LastAdministrator, MoreThanOwn, InsufficientScope.
    """
    check_administrator(tx)
    if is_administrator is not None:
        check_whole(tx)
    administrators = await tx.rows(LOCK_ADMINISTRATORS, tenant=tx.tenant.id)
    member = await tx.row(MEMBER_BY_USER, tenant=tx.tenant.id, user_id=user_id)
    if member is None:
        raise unknown_person()
    check_in_reach(tx, member)
    administers = member["is_administrator"] if is_administrator is None else is_administrator
    if administers:
        check_covered(tx, ADMINISTRATOR)
    active = member["ended_at"] is None if is_active is None else is_active
    others = any(row["user_id"] != user_id and row["password_hash"] for row in administrators)
    if active and member["ended_at"] is not None:
        await check_users(tx)
    if not others and not (administers and active):
        raise LastAdministrator(
            "Nobody else administers this tenant.", hint="Make somebody else an administrator."
        )
    await tx.run(
        CHANGE_MEMBER,
        tenant=tx.tenant.id,
        user_id=user_id,
        is_administrator=administers,
        ended_at=None if active else member["ended_at"] or tx.now,
    )
    if active is (member["ended_at"] is not None):
        await note_event(tx, user_id, Event.PERSON_LET_IN if active else Event.PERSON_PUT_OUT)
    # With other rights comes another sign-in, with the second factor that these may ask for.
    if not active:
        await put_out(tx, user_id)
        await tx.run(FORGET_INVITATIONS, tenant=tx.tenant.id, user_id=user_id)
    elif administers is not member["is_administrator"]:
        await tx.run(END_SESSIONS, tenant=tx.tenant.id, user_id=user_id)
    if administers is not member["is_administrator"]:
        what = Event.ADMINISTRATOR_MADE if administers else Event.ADMINISTRATOR_UNMADE
        await note_event(tx, user_id, what)


def check_administrator(tx: Transaction) -> None:
    """Refuse whoever does not administer people. Raises Forbidden."""
    if tx.viewer.acting_id is not None or not tx.rights.may_set_up(SetupArea.PEOPLE):
        raise Forbidden("Only an administrator may do this.")


def check_in_reach(tx: Transaction, member: Any) -> None:
    """Let nobody take charge of somebody who may do, or sees, more than they. Raises MoreThanOwn.

    member: a row with what standing_of told of them.
    """
    permissions.check_in_reach(tx, viewer_for(member).standing)


async def _add_member(
    tx: Transaction,
    user_id: int,
    email: str,
    *,
    is_administrator: bool,
    is_service: bool = False,
    sets: Iterable[PermissionSet] | None = None,
) -> None:
    """Write a member down. sets: what they get; None for what new members usually do."""
    await check_users(tx)
    await tx.run(
        ADD_MEMBER,
        tenant=tx.tenant.id,
        user_id=user_id,
        email=email,
        is_administrator=is_administrator,
        is_service=is_service,
        created_at=tx.now,
    )
    if is_administrator:
        await note_event(tx, user_id, Event.ADMINISTRATOR_MADE)
    for one in _usual(tx) if sets is None else sets:
        await give(tx, user_id, one)


def _usual(tx: Transaction) -> list[PermissionSet]:
    """Give the sets that new members get where nothing else is said."""
    usual = find_set(tx.catalog, STANDARD)
    return [] if usual is None else [usual]


async def _set_password(tx: Transaction, user_id: int, before: str | None, after: str) -> None:
    mine = {"tenant": tx.tenant.id, "user_id": user_id, "now": tx.now}
    if not await tx.run(SET_PASSWORD, **mine, hash_before=before, hash_after=after):
        raise WrongCredentials("The password was changed meanwhile.", hint="Try again.")


async def _invitation(tx: Transaction, user_id: int, *, resets_factors: bool = False) -> str:
    await tx.run(FORGET_INVITATIONS, tenant=tx.tenant.id, user_id=user_id)
    secret = secrets.make_secret(secrets.INVITATION)
    await tx.run(
        ADD_INVITATION,
        tenant=tx.tenant.id,
        token_hash=secret.digest,
        user_id=user_id,
        created_at=tx.now,
        expires_at=tx.now + INVITED_FOR,
        resets_factors=resets_factors,
    )
    return secret.text


async def _invited(tx: Transaction, text: str) -> tuple[Any, bool]:
    """Give the member whom an invitation is for, and whether it takes second factors away."""
    digest = secrets.digest_of(text, secrets.INVITATION)
    if digest is not None:
        mine = {"tenant": tx.tenant.id}
        found = await tx.row(FIND_INVITATION, **mine, token_hash=digest, now=tx.now)
        if found is not None:
            member = await tx.row(MEMBER_BY_USER, **mine, user_id=found["user_id"])
            if member is not None and member["ended_at"] is None:
                return member, found["resets_factors"]
    raise _bad_invitation()


def _bad_invitation() -> BadInvitation:
    return BadInvitation(
        "This invitation was used or is too old.", hint="Ask for another one.", at="/token"
    )


def unknown_person() -> UnknownPerson:
    """Give the refusal of an id that is nobody's here."""
    return UnknownPerson("There is no such person in this tenant.")
