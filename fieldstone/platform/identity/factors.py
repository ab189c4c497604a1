"""The second factors of somebody: what they have, what they add and remove, what proves them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldstone.platform.identity import recovery_codes, totp
from fieldstone.platform.identity.errors import FactorNeeded, WrongFactor
from fieldstone.platform.identity.factor_statements import (
    ADD_AUTHENTICATOR,
    ADD_CODE,
    CODES_LEFT,
    DROP_AUTHENTICATORS,
    DROP_CODES,
    DROP_LINKS,
    DROP_OTHER_AUTHENTICATORS,
    DROP_PASSKEYS,
    DROP_UNCONFIRMED,
    MY_AUTHENTICATORS,
    RESEAL_AUTHENTICATOR,
    USE_CODE,
    USE_STEP,
)
from fieldstone.platform.identity.keys import Keys
from fieldstone.platform.identity.passkeys import drop_passkey, list_passkeys
from fieldstone.platform.identity.sealing import Unsealable
from fieldstone.platform.identity.steps import end_steps
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class Factors:
    """What somebody has. authenticator_at: since when they have an app; None without one."""

    authenticator_at: datetime | None
    passkeys: tuple[Any, ...]
    codes_left: int

    @property
    def has_any(self) -> bool:
        """Whether signing in asks for a second factor. Codes alone are none: they run out."""
        return self.authenticator_at is not None or bool(self.passkeys)

    def methods(self) -> tuple[str, ...]:
        """Give the ways in which the second step can be taken."""
        ways = {
            "authenticator": self.authenticator_at is not None,
            "passkey": bool(self.passkeys),
            "recovery_code": self.codes_left > 0,
        }
        return tuple(name for name, there in ways.items() if there)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A key for an authenticator app, told until its first code confirms it."""

    key: str
    address: str
    picture: str

    @property
    def spaced(self) -> str:
        """The key as it is easier to type: in groups of four."""
        return " ".join(self.key[at : at + 4] for at in range(0, len(self.key), 4))


async def load_factors(tx: Transaction, user_id: int) -> Factors:
    """Give the second factors of somebody."""
    mine = {"tenant": tx.tenant.id, "user_id": user_id}
    apps = await tx.rows(MY_AUTHENTICATORS, **mine)
    confirmed = [row["confirmed_at"] for row in apps if row["confirmed_at"] is not None]
    passkeys = tuple(await list_passkeys(tx, user_id))
    codes_left = await tx.value(CODES_LEFT, **mine)
    return Factors(confirmed[0] if confirmed else None, passkeys, codes_left)


def wants_two(tx: Transaction, member: Any) -> bool:
    """Tell whether the organization wants a second factor of a member."""
    wanted = tx.catalog.organization.second_factor
    return wanted == "everybody" or (wanted == "administrators" and member["is_administrator"])


async def begin_authenticator(tx: Transaction, keys: Keys, member: Any, begun_by: str) -> Enrolment:
    """Give a key for an app; it counts from its first code on, and those begun before are gone.

    begun_by: the session or step that it is told to, which alone can confirm it.
    """
    mine = {"tenant": tx.tenant.id, "user_id": member["user_id"]}
    await tx.run(DROP_UNCONFIRMED, **mine)
    key, number = totp.make_key(), tx.minter.mint()
    sealed = keys.authenticators.seal(key.encode(), _about(tx, number, begun_by))
    await tx.run(ADD_AUTHENTICATOR, **mine, id=number, secret=sealed, created_at=tx.now)
    return _enrolment(tx, member, key)


async def told_authenticator(
    tx: Transaction, keys: Keys, member: Any, begun_by: str
) -> Enrolment | None:
    """Give the key that was told to a session or step; None where it was told none, or to others.

    Whoever else knows the password may have begun too: a key that they know is nobody's factor.
    """
    rows = await tx.rows(MY_AUTHENTICATORS, tenant=tx.tenant.id, user_id=member["user_id"])
    waiting = [row for row in rows if row["confirmed_at"] is None]
    if not waiting:
        return None
    try:
        about = _about(tx, waiting[0]["id"], begun_by)
        key = keys.authenticators.open(waiting[0]["secret"], about)
    except Unsealable:
        return None
    return _enrolment(tx, member, key.decode())


def _enrolment(tx: Transaction, member: Any, key: str) -> Enrolment:
    issuer = tx.catalog.organization.name or tx.tenant.label
    address = totp.address_of(key, member["email"], issuer)
    return Enrolment(key, address, totp.picture_of(address))


async def confirm_authenticator(
    tx: Transaction, keys: Keys, user_id: int, typed: str, begun_by: str
) -> tuple[str, ...]:
    """Take the first code of an app: it counts from now on, in place of the one before.

    Gives recovery codes where there are none, and ends what was begun at the door without it.
    begun_by: the session or step that the key was told to. Raises WrongFactor.
    """
    used = await _use_app(tx, keys, user_id, typed, begun_by)
    if used is None:
        raise wrong_code()
    number, key = used
    mine = {"tenant": tx.tenant.id, "user_id": user_id, "id": number}
    sealed = keys.authenticators.seal(key.encode(), _about(tx, number))
    await tx.run(RESEAL_AUTHENTICATOR, **mine, secret=sealed)
    await tx.run(DROP_OTHER_AUTHENTICATORS, **mine)
    await end_steps(tx, user_id)
    await note_event(tx, user_id, Event.AUTHENTICATOR_ADDED)
    return await codes_if_none(tx, keys, user_id)


async def use_code(tx: Transaction, keys: Keys, user_id: int, typed: str) -> bool:
    """Tell whether a typed code is one of an app or of recovery; it works no second time."""
    if await _use_app(tx, keys, user_id, typed) is not None:
        return True
    code = recovery_codes.read_code(typed)
    if code is None:
        return False
    digest = recovery_codes.code_digest(keys, tx.tenant.id, user_id, code)
    mine = {"tenant": tx.tenant.id, "user_id": user_id}
    if not await tx.run(USE_CODE, **mine, code_hash=digest, now=tx.now):
        return False
    await note_event(tx, user_id, Event.CODE_USED, left=await tx.value(CODES_LEFT, **mine))
    return True


async def codes_if_none(tx: Transaction, keys: Keys, user_id: int) -> tuple[str, ...]:
    """Give recovery codes to whoever has none left; nothing to others."""
    if await tx.value(CODES_LEFT, tenant=tx.tenant.id, user_id=user_id):
        return ()
    return await make_codes(tx, keys, user_id)


async def make_codes(tx: Transaction, keys: Keys, user_id: int) -> tuple[str, ...]:
    """Give ten recovery codes, told this once; those before are worth nothing any more."""
    mine = {"tenant": tx.tenant.id, "user_id": user_id}
    await tx.run(DROP_CODES, **mine)
    codes = recovery_codes.make_codes()
    for code in codes:
        read = recovery_codes.read_code(code)
        assert read is not None, "what we make we can read"
        digest = recovery_codes.code_digest(keys, tx.tenant.id, user_id, read)
        await tx.run(ADD_CODE, **mine, code_hash=digest, created_at=tx.now)
    await note_event(tx, user_id, Event.CODES_MADE)
    return codes


async def remove_authenticator(tx: Transaction, member: Any) -> None:
    """Let an app's codes count no more. Raises FactorNeeded, WrongFactor."""
    had = await load_factors(tx, member["user_id"])
    if had.authenticator_at is None:
        raise WrongFactor("You have no authenticator app here.")
    _check_left(tx, member, len(had.passkeys))
    mine = {"tenant": tx.tenant.id, "user_id": member["user_id"]}
    await tx.run(DROP_AUTHENTICATORS, **mine)
    await note_event(tx, member["user_id"], Event.AUTHENTICATOR_REMOVED)
    await _drop_last_codes(tx, len(had.passkeys), mine)


async def remove_passkey(tx: Transaction, member: Any, number: int) -> None:
    """Take one of the viewer's passkeys away. Raises FactorNeeded, UnknownPasskey."""
    had = await load_factors(tx, member["user_id"])
    left = len(had.passkeys) - 1 + (had.authenticator_at is not None)
    _check_left(tx, member, left)
    await drop_passkey(tx, number)
    names = [one["name"] for one in had.passkeys if one["id"] == number]
    await note_event(tx, member["user_id"], Event.PASSKEY_REMOVED, name="".join(names))
    await _drop_last_codes(tx, left, {"tenant": tx.tenant.id, "user_id": member["user_id"]})


async def reset_factors(tx: Transaction, user_id: int) -> None:
    """Take every second factor, recovery code and account elsewhere of somebody away."""
    mine = {"tenant": tx.tenant.id, "user_id": user_id}
    for statement in (DROP_AUTHENTICATORS, DROP_PASSKEYS, DROP_CODES, DROP_LINKS):
        await tx.run(statement, **mine)
    await end_steps(tx, user_id)
    await note_event(tx, user_id, Event.FACTORS_RESET)


def wrong_code() -> WrongFactor:
    """Give the error for a code that proves nothing."""
    return WrongFactor(
        "This code is not right, or was used already.",
        at="/code",
        hint="Wait for the next one, and look at the clock of your device.",
    )


async def _use_app(
    tx: Transaction, keys: Keys, user_id: int, typed: str, begun_by: str = ""
) -> tuple[int, str] | None:
    """Give number and key of the app whose code this is, now used; None if it is of none.

    begun_by: of which session or step, for an app that is not confirmed yet.
    """
    code = totp.read_code(typed)
    if code is None:
        return None
    mine = {"tenant": tx.tenant.id, "user_id": user_id}
    for row in await tx.rows(MY_AUTHENTICATORS, **mine):
        if (row["confirmed_at"] is None) is not bool(begun_by):
            continue
        try:
            about = _about(tx, row["id"], begun_by)
            key = keys.authenticators.open(row["secret"], about).decode()
        except Unsealable:
            continue
        step = totp.step_of(key, code, tx.now, row["last_step"])
        if step is not None and await tx.run(USE_STEP, **mine, id=row["id"], step=step, now=tx.now):
            return row["id"], key
    return None


def _check_left(tx: Transaction, member: Any, left: int) -> None:
    if left == 0 and wants_two(tx, member):
        raise FactorNeeded(
            "Your organization wants a second factor, and this is the last one.",
            hint="Add another one first.",
        )


async def _drop_last_codes(tx: Transaction, left: int, mine: dict[str, Any]) -> None:
    """Codes stand in for a factor: without any there is nothing that they could stand in for."""
    if left == 0:
        await tx.run(DROP_CODES, **mine)


def _about(tx: Transaction, number: int, begun_by: str = "") -> str:
    """Give what a key is sealed for: until it is confirmed, for whoever it was told to."""
    return f"authenticator {tx.tenant.id} {number} {begun_by}".rstrip()
