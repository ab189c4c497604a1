"""Service users: members that are no people. They sign in nowhere; programs act as them."""

from __future__ import annotations

import re
from typing import Any, Final

from fieldstone.errors import BadValue, Conflict, Forbidden
from fieldstone.ids import RecordId
from fieldstone.metadata.names import slug_of
from fieldstone.platform.identity.people import add_person, unknown_person
from fieldstone.platform.identity.statements import MEMBER_BY_USER
from fieldstone.platform.identity.tokens import (
    TokenWish,
    list_tokens_of,
    make_token,
    revoke_token_of,
)
from fieldstone.runtime.transactions import Transaction

DOMAIN: Final = "service.example"
"""Nobody has an address below it (RFC 2606), so that no mail goes and no provider vouches."""

_LONGEST: Final = 120
_ODD: Final = re.compile(r"[^a-z0-9]+")


class NoServiceUser(Conflict):
    """A person, who signs in and makes tokens for themselves."""

    code = "access.no_service_user"


async def add_service_user(
    tx: Transaction, name: str, *, is_administrator: bool
) -> tuple[RecordId, str]:
    """Make a service user: the id of its user, and the address by which apps name it."""
    check_administrator(tx)
    mailbox = _ODD.sub("-", slug_of(name)).strip("-")[:60]
    if not 0 < len(name.strip()) <= _LONGEST or not mailbox:
        raise BadValue(f"A service user has a name of up to {_LONGEST} characters.", at="/name")
    email = f"{mailbox}@{DOMAIN}"
    user_id = await add_person(
        tx, email, name.strip(), is_administrator=is_administrator, is_service=True
    )
    return user_id, email


async def make_service_token(tx: Transaction, user_id: int, wish: TokenWish) -> tuple[int, str]:
    """Make a token that acts as a service user. Raises NoServiceUser, UnknownPerson."""
    await find_service_user(tx, user_id)
    return await make_token(tx, wish, user_id)


async def list_service_tokens(tx: Transaction, user_id: int) -> list[dict[str, Any]]:
    """Give the tokens of a service user. Raises NoServiceUser, UnknownPerson."""
    await find_service_user(tx, user_id)
    return await list_tokens_of(tx, user_id)


async def revoke_service_token(tx: Transaction, user_id: int, number: int) -> bool:
    """Take a token of a service user back; whether there was one of this number."""
    await find_service_user(tx, user_id)
    return await revoke_token_of(tx, user_id, number)


def check_administrator(tx: Transaction) -> None:
    """Refuse who is no administrator: a service user may do more than they. Raises Forbidden."""
    if tx.viewer.acting_id is not None or not tx.viewer.standing.is_administrator:
        raise Forbidden("Only an administrator may do this.")


async def find_service_user(tx: Transaction, user_id: int) -> Any:
    """Give a service user as a member of the tenant. Raises NoServiceUser, UnknownPerson."""
    check_administrator(tx)
    member = await tx.row(MEMBER_BY_USER, tenant=tx.tenant.id, user_id=user_id)
    if member is None or member["ended_at"] is not None:
        raise unknown_person()
    if not member["is_service"]:
        raise NoServiceUser(
            f"{member['email']} is a person.", hint="People make tokens for themselves."
        )
    return member
