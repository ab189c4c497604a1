"""From who somebody is elsewhere to who they are here: by their link, else by their address."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.platform.identity import people, sign_in
from fieldstone.platform.identity.account import FRESH
from fieldstone.platform.identity.providers.errors import NoMember, ProviderRefused
from fieldstone.platform.identity.providers.known import Known
from fieldstone.platform.identity.providers.statements import ADD_LINK, FIND_LINK, USE_LINK
from fieldstone.platform.identity.sign_in import Opened, Try, Waiting, note_try, open_session
from fieldstone.platform.identity.statements import MEMBER_BY_EMAIL, MEMBER_BY_USER, PROVED
from fieldstone.runtime.permissions import get_set
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Transaction, Viewer

_METHOD: Final = "provider"
_OTHERWISE: Final = "Use a password, a code or a passkey."
_ASK: Final = "Ask an administrator to invite you."


async def enter(
    database: Database, tenant: Tenant, body: IdentityProviderBody, known: Known, tried: Try
) -> Opened | Waiting:
    """Let somebody in whom a provider vouches for, or on to the second step that is wanted of them.

    None is where the provider asks for a second factor itself. Raises NoMember, ProviderRefused.
    """
    cause = {"sign_in": known.issuer}
    async with database.write(tenant, Viewer(None, "Sign-in"), cause) as tx:
        member = await _member(tx, body, known)
        seen = Try(member["email"], "", tried.address, tried.agent)
        proved_at = _proved_at(tx, known)
        if body.counts_as_two:
            entered: Opened | Waiting = await open_session(
                tx, seen, member, _METHOD, proved_at, vouched=known.vouched
            )
        else:
            entered = await sign_in.enter(
                tx, seen, member, _METHOD, proved_at, vouched=known.vouched
            )
        await note_try(tx, seen, "opened" if isinstance(entered, Opened) else "half")
        return entered


async def prove(
    database: Database, tenant: Tenant, bearer: tuple[Viewer, int], known: Known, tried: Try
) -> None:
    """Have somebody who is in show by a provider that it is still they. Raises ProviderRefused.

    bearer: who, and the number of their session. A provider that lets people through without
    asking them who they are shows nothing.
    """
    viewer, session = bearer
    async with database.write_apart(tenant, viewer) as tx:
        link = {"tenant": tenant.id, "issuer": known.issuer, "subject": known.subject}
        if await tx.value(FIND_LINK, **link) != viewer.user_id:
            raise ProviderRefused(
                "You are somebody else at the provider.", hint="Sign in there as yourself."
            )
        proved_at = _proved_at(tx, known)
        if proved_at is None:
            raise ProviderRefused(
                "The provider does not say when you showed it who you are.", hint=_OTHERWISE
            )
        if proved_at + FRESH < tx.now:
            raise ProviderRefused("The provider did not ask who you are.", hint=_OTHERWISE)
        mine = {"tenant": tenant.id, "user_id": viewer.user_id, "id": session}
        await tx.run(PROVED, **mine, now=proved_at)
        seen = Try(viewer.name, "", tried.address, tried.agent)
        await note_try(tx, seen, "proved")


def _proved_at(tx: Transaction, known: Known) -> datetime | None:
    """Give when somebody showed the provider who they are; its clock may be ahead of ours."""
    return None if known.proved_at is None else min(known.proved_at, tx.now)


async def _member(tx: Transaction, body: IdentityProviderBody, known: Known) -> Any:
    link = {"tenant": tx.tenant.id, "issuer": known.issuer, "subject": known.subject}
    user_id = await tx.value(FIND_LINK, **link)
    if user_id is not None:
        member = await tx.row(MEMBER_BY_USER, tenant=tx.tenant.id, user_id=user_id)
        if known.email:
            _check_domain(body, known.email)
        await tx.run(USE_LINK, **link, now=tx.now)
    else:
        member = await _by_address(tx, body, known)
        await tx.run(ADD_LINK, **link, user_id=member["user_id"], now=tx.now)
    if member is None or member["ended_at"] is not None or member["is_service"]:
        raise NoMember("You are not a member here any more.", hint=_ASK)
    return member


async def _by_address(tx: Transaction, body: IdentityProviderBody, known: Known) -> Any:
    """Give the member of an address; one is made where the provider may do so."""
    if not known.email:
        raise ProviderRefused(
            "The provider does not say that your address is yours.",
            hint="Confirm your address there, and sign in once more.",
        )
    _check_domain(body, known.email)
    member = await tx.row(MEMBER_BY_EMAIL, tenant=tx.tenant.id, email=known.email)
    if member is not None:
        return member
    if not body.create_members:
        raise NoMember(f"{known.email} is not a member here.", hint=_ASK)
    name = known.name or known.email.partition("@")[0]
    sets = [get_set(tx.catalog, one) for one in body.permission_sets] or None
    user_id = await people.add_person(tx, known.email, name, sets=sets)
    return await tx.row(MEMBER_BY_USER, tenant=tx.tenant.id, user_id=user_id)


def _check_domain(body: IdentityProviderBody, email: str) -> None:
    if body.domains and email.rpartition("@")[2] not in body.domains:
        raise NoMember(f"Addresses such as {email} do not come in by this provider.", hint=_ASK)
