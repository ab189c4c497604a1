"""Passkeys: made, listed, named, removed, and taken as proof of who somebody is."""

from __future__ import annotations

import asyncio
import re
from importlib import import_module
from typing import Any, Final

from starlette.requests import Request

from fieldstone.errors import Conflict, InvalidInput, NotFound
from fieldstone.metadata.values import JsonObject
from fieldstone.platform.identity.errors import NoPasskeysHere, WrongFactor
from fieldstone.platform.identity.factor_statements import (
    ADD_PASSKEY,
    DROP_PASSKEY,
    MY_PASSKEYS,
    PASSKEY_BY_CREDENTIAL,
    RENAME_PASSKEY,
    USE_PASSKEY,
)
from fieldstone.platform.identity.keys import Keys
from fieldstone.platform.identity.passkey_shapes import Known, Owner, Registered, WebSite
from fieldstone.platform.identity.steps import end_steps
from fieldstone.platform.middleware.host import host_of
from fieldstone.runtime.transactions import Transaction

MOST: Final = 20
_LONGEST_NAME: Final = 80
_CEREMONY: Final = "fieldstone.platform.identity.webauthn_ceremony"
_NAME: Final = re.compile(r"(?=.*[a-z])[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")


class UnknownPasskey(NotFound):
    """The viewer has no passkey of this id."""

    code = "access.unknown_passkey"


class TooManyPasskeys(Conflict):
    """Nobody needs so many."""

    code = "access.too_many_passkeys"


class BadPasskeyName(InvalidInput):
    """A passkey is called by a short name."""

    code = "access.bad_passkey_name"


def has_passkeys(request: Request) -> bool:
    """Tell whether the address by which the server was reached can have passkeys."""
    return _NAME.fullmatch(host_of(request)) is not None


def site_of_request(request: Request) -> WebSite:
    """Give the site that a request was sent to: the tenant's own, where each has a subdomain.

    A page of another site cannot say it is this one: the browser writes its origin into what the
    device signs. Raises NoPasskeysHere.
    """
    if not has_passkeys(request):
        raise NoPasskeysHere(
            "Passkeys need a server with a name.", hint="Open it by name, such as localhost."
        )
    host = request.headers.get("host", "").strip().lower()
    return WebSite(host_of(request), f"{request.url.scheme}://{host}")


async def ceremony() -> Any:
    """Give the module that knows the standard, loaded in a thread the first time.

    Any, because it is no import: a process that sees no passkey does not pay for the library.
    """
    return await asyncio.to_thread(import_module, _CEREMONY)


def owner_of(tx: Transaction, keys: Keys, member: Any) -> Owner:
    """Give how a member is named to devices."""
    name = tx.catalog.organization.name or tx.tenant.label
    return Owner(handle(keys, tx, member["user_id"]), member["email"], name)


def handle(keys: Keys, tx: Transaction, user_id: int) -> bytes:
    """Give what devices call somebody."""
    return keys.digest(f"{tx.tenant.id} {user_id}", "passkey handle")


async def list_passkeys(tx: Transaction, user_id: int) -> list[Any]:
    """Give the passkeys of somebody, the oldest first."""
    return await tx.rows(MY_PASSKEYS, tenant=tx.tenant.id, user_id=user_id, most=MOST)


def known_on(site: WebSite, rows: list[Any]) -> list[Known]:
    """Give those passkeys that belong to a site."""
    mine = [row for row in rows if row["site"] == site.host]
    return [Known(row["credential_id"], tuple(row["transports"])) for row in mine]


async def add_passkey(
    tx: Transaction, user_id: int, made: Registered, site: WebSite, name: str
) -> int:
    """Keep a passkey that was just made; its number. Raises TooManyPasskeys, WrongFactor."""
    label = read_name(name)
    if len(await list_passkeys(tx, user_id)) >= MOST:
        raise TooManyPasskeys(f"You have {MOST} passkeys.", hint="Remove one first.")
    there = {"tenant": tx.tenant.id, "credential_id": made.credential_id}
    if await tx.row(PASSKEY_BY_CREDENTIAL, **there) is not None:
        raise WrongFactor("This passkey is known already.")
    number = tx.minter.mint()
    await end_steps(tx, user_id)
    await tx.run(
        ADD_PASSKEY,
        **there,
        id=number,
        user_id=user_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        site=site.host,
        transports=list(made.transports),
        is_synced=made.is_synced,
        name=label,
        created_at=tx.now,
    )
    return number


async def find_passkey(tx: Transaction, credential_id: bytes) -> Any:
    """Give the passkey of an id, whoever has it; None if nobody in this tenant does."""
    return await tx.row(PASSKEY_BY_CREDENTIAL, tenant=tx.tenant.id, credential_id=credential_id)


async def use_passkey(tx: Transaction, row: Any, sign_count: int) -> bool:
    """Note that a passkey signed; False where its count did not grow, as that of a copy."""
    mine = {"tenant": tx.tenant.id, "user_id": row["user_id"], "id": row["id"]}
    return await tx.run(USE_PASSKEY, **mine, sign_count=sign_count, now=tx.now) > 0


async def rename_passkey(tx: Transaction, number: int, name: str) -> None:
    """Call one of the viewer's passkeys otherwise. Raises UnknownPasskey."""
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id, "id": number}
    if not await tx.run(RENAME_PASSKEY, **mine, name=read_name(name)):
        raise unknown_passkey()


async def drop_passkey(tx: Transaction, number: int) -> None:
    """Take one of the viewer's passkeys away. Raises UnknownPasskey."""
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id, "id": number}
    if not await tx.run(DROP_PASSKEY, **mine):
        raise unknown_passkey()


def read_name(text: str) -> str:
    """Give what a passkey is called. Raises BadPasskeyName."""
    name = " ".join(text.replace("\0", " ").split()) or "Passkey"
    if len(name) > _LONGEST_NAME:
        raise BadPasskeyName(f"A name has up to {_LONGEST_NAME} characters.", at="/name")
    return name


def described(request: JsonObject) -> JsonObject:
    """Give what a browser sent as a passkey, which is an object at least. Raises WrongFactor."""
    found = request.get("credential")
    if not isinstance(found, dict):
        raise WrongFactor("There is no passkey in this.", at="/credential")
    return found


def unknown_passkey() -> UnknownPasskey:
    """Give the error for a passkey that the viewer does not have."""
    return UnknownPasskey("There is no such passkey.")
