"""The second step of signing in, signing in with a passkey alone, and proving it is still you.

Whoever gets here by a password holds the token of a step, which opens nothing but this.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from fieldstone.metadata.values import JsonObject
from fieldstone.platform.identity.errors import StepEnded, WrongCredentials, WrongFactor
from fieldstone.platform.identity.factors import (
    Enrolment,
    begin_authenticator,
    codes_if_none,
    confirm_authenticator,
    load_factors,
    told_authenticator,
    use_code,
    wrong_code,
)
from fieldstone.platform.identity.gate import viewer_for
from fieldstone.platform.identity.keys import Keys
from fieldstone.platform.identity.passkey_shapes import WebSite
from fieldstone.platform.identity.passkeys import (
    add_passkey,
    ceremony,
    find_passkey,
    handle,
    known_on,
    list_passkeys,
    owner_of,
    use_passkey,
)
from fieldstone.platform.identity.passwords import is_password
from fieldstone.platform.identity.sign_in import (
    REFUSED_MACHINE,
    Opened,
    Try,
    check_machine,
    check_second_tries,
    check_tries,
    note_refusal,
    note_try,
    open_session,
    settle_try,
)
from fieldstone.platform.identity.statements import MEMBER_BY_USER, PROVED
from fieldstone.platform.identity.steps import (
    Begun,
    Purpose,
    Step,
    ask_challenge,
    begin_step,
    count_try,
    end_step,
    find_step,
)
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Transaction, Viewer

_NOBODY: Final = Viewer(None, "")
_SECOND_REFUSED: Final = "refused_second"


@dataclass(frozen=True, slots=True)
class Door:
    """Where somebody stands who wants in: of which tenant, and from where."""

    database: Database
    tenant: Tenant
    keys: Keys
    address: str
    agent: str

    def trial(self, email: str, password: str = "") -> Try:
        """Give a try of somebody at this door."""
        return Try(email, password, self.address, self.agent)

    @asynccontextmanager
    async def write(self, viewer: Viewer = _NOBODY) -> AsyncIterator[Transaction]:
        """Open for writing what hangs on no catalog."""
        async with self.database.write_apart(self.tenant, viewer) as tx:
            yield tx


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that was counted before it is looked at. number: its note."""

    step: Step
    member: Any
    number: int


async def take_code(door: Door, token: str, typed: str) -> Opened:
    """Take the second step with a code of an app or of recovery.

    Raises StepEnded, WrongFactor, TooManyTries.
    """
    attempt = await _attempt(door, token, Purpose.SECOND)
    method = f"{attempt.step.method} and code"
    async with _noted(door, attempt.member, method), door.write() as tx:
        if not await use_code(tx, door.keys, attempt.member["user_id"], typed):
            raise wrong_code()
        return await _let_in(tx, door, attempt, method)


async def ask_passkey(door: Door, site: WebSite, token: str) -> JsonObject:
    """Give what a browser needs to take the second step with a passkey. Raises StepEnded."""
    rules = await ceremony()
    async with door.write() as tx:
        step = await find_step(tx, token, Purpose.SECOND)
        assert step.user_id is not None, "whose password was right is known"
        known = known_on(site, await list_passkeys(tx, step.user_id))
        challenge = await ask_challenge(tx, step)
    options: JsonObject = rules.assertion_options(site, challenge, known, alone=False)
    return options


async def take_passkey(door: Door, site: WebSite, token: str, credential: JsonObject) -> Opened:
    """Take the second step with a passkey. Raises StepEnded, WrongFactor, TooManyTries."""
    attempt = await _attempt(door, token, Purpose.SECOND)
    method = f"{attempt.step.method} and passkey"
    async with _noted(door, attempt.member, method):
        key, count = await _verify(door, site, attempt.step, credential, alone=False)
        return await _open_with_passkey(door, attempt, key, count, method)


async def begin_alone(door: Door, site: WebSite) -> tuple[Begun, JsonObject]:
    """Let somebody, who is not known yet, sign in with a passkey alone."""
    rules = await ceremony()
    async with door.write() as tx:
        # Whoever asks for ever more of them waits like whoever guesses passwords.
        await check_machine(tx, door.trial(""))
        begun = await begin_step(tx, Purpose.PASSKEY, None)
    return begun, rules.assertion_options(site, begun.challenge, [], alone=True)


async def take_alone(door: Door, site: WebSite, token: str, credential: JsonObject) -> Opened:
    """Sign somebody in with a passkey that knows its owner by a finger, a face or a number.

    Raises StepEnded, WrongFactor, TooManyTries.
    """
    async with door.write() as tx:
        step = await find_step(tx, token, Purpose.PASSKEY)
        await count_try(tx, step)
        tried = door.trial("")
        await check_machine(tx, tried)
        number = await note_try(tx, tried, REFUSED_MACHINE)
    async with _noted(door, None, "passkey"):
        key, count = await _verify(door, site, step, credential, alone=True)
        async with door.write() as tx:
            member = await tx.row(MEMBER_BY_USER, tenant=door.tenant.id, user_id=key["user_id"])
        if member is None or member["ended_at"] is not None:
            raise WrongFactor("This passkey was not accepted.")
        attempt = Attempt(step, member, number)
        return await _open_with_passkey(door, attempt, key, count, "passkey")


async def ways(door: Door, token: str) -> tuple[str, ...]:
    """Give how the second step can be taken. Raises StepEnded."""
    async with door.write() as tx:
        _, member = await _of_step(tx, token, Purpose.SECOND)
        return (await load_factors(tx, member["user_id"])).methods()


async def begin_enrolment(door: Door, token: str, *, again: bool = False) -> Enrolment:
    """Give whoever has to have a second factor a key for an app. Raises StepEnded.

    again: whether the key that was told before will do.
    """
    async with door.write() as tx:
        step, member = await _of_step(tx, token, Purpose.ENROL)
        told = await told_authenticator(tx, door.keys, member, step.name) if again else None
        return told or await begin_authenticator(tx, door.keys, member, step.name)


async def ask_enrolment(door: Door, site: WebSite, token: str) -> JsonObject:
    """Give what a browser needs to make a passkey before its owner is in. Raises StepEnded."""
    rules = await ceremony()
    async with door.write() as tx:
        step, member = await _of_step(tx, token, Purpose.ENROL)
        owner = owner_of(tx, door.keys, member)
        challenge = await ask_challenge(tx, step)
    options: JsonObject = rules.registration_options(site, owner, challenge, [])
    return options


async def enrol_code(door: Door, token: str, typed: str) -> tuple[Opened, tuple[str, ...]]:
    """Take the first code of an app: whoever has it is in, and is told recovery codes.

    Raises StepEnded, WrongFactor, TooManyTries.
    """
    attempt = await _attempt(door, token, Purpose.ENROL)
    async with door.write(viewer_for(attempt.member)) as tx:
        user_id = attempt.member["user_id"]
        await _check_none(tx, user_id)
        opened = await _let_in(tx, door, attempt, f"{attempt.step.method} and code")
        begun_by = attempt.step.name
        return opened, await confirm_authenticator(tx, door.keys, user_id, typed, begun_by)


async def enrol_passkey(
    door: Door, site: WebSite, token: str, credential: JsonObject, name: str
) -> tuple[Opened, tuple[str, ...]]:
    """Take a passkey that was just made: whoever has it is in, and is told recovery codes.

    Raises StepEnded, WrongFactor, TooManyTries.
    """
    attempt = await _attempt(door, token, Purpose.ENROL)
    rules = await ceremony()
    made = rules.verify_registration(credential, site, _challenge(attempt.step))
    async with door.write(viewer_for(attempt.member)) as tx:
        user_id = attempt.member["user_id"]
        await _check_none(tx, user_id)
        opened = await _let_in(tx, door, attempt, f"{attempt.step.method} and passkey")
        await add_passkey(tx, user_id, made, site, name)
        await note_event(tx, user_id, Event.PASSKEY_ADDED, door.address, name=name[:80])
        return opened, await codes_if_none(tx, door.keys, user_id)


async def prove_by_password(door: Door, viewer: Viewer, session: int, password: str) -> None:
    """Have somebody who is in show their password again. Raises WrongCredentials, TooManyTries."""
    assert viewer.user_id is not None, "whoever signed in is a user"
    async with door.write(viewer) as tx:
        member = await _member(tx, viewer.user_id)
        tried = door.trial(member["email"])
        await check_tries(tx, tried)
        number = await note_try(tx, tried, "refused")
    if not await is_password(password, member["password_hash"]):
        raise WrongCredentials("This is not your password.", at="/password")
    async with door.write(viewer) as tx:
        await _proved(tx, session, number)


async def prove_by_code(door: Door, viewer: Viewer, session: int, typed: str) -> None:
    """Have somebody who is in show a code. Raises WrongFactor, TooManyTries."""
    number = await _counted(door, viewer)
    async with door.write(viewer) as tx:
        assert viewer.user_id is not None, "whoever signed in is a user"
        if not await use_code(tx, door.keys, viewer.user_id, typed):
            raise wrong_code()
        await _proved(tx, session, number)


async def ask_proof(door: Door, site: WebSite, viewer: Viewer) -> tuple[Begun, JsonObject]:
    """Give what a browser needs to have somebody who is in show a passkey."""
    rules = await ceremony()
    async with door.write(viewer) as tx:
        assert viewer.user_id is not None, "whoever signed in is a user"
        known = known_on(site, await list_passkeys(tx, viewer.user_id))
        begun = await begin_step(tx, Purpose.PROVE, viewer.user_id)
    return begun, rules.assertion_options(site, begun.challenge, known, alone=False)


async def prove_by_passkey(
    door: Door, site: WebSite, bearer: tuple[Viewer, int], token: str, credential: JsonObject
) -> None:
    """Have somebody who is in show a passkey. bearer: who, and the number of their session.

    Raises StepEnded, WrongFactor, TooManyTries.
    """
    viewer, session = bearer
    async with door.write(viewer) as tx:
        step = await find_step(tx, token, Purpose.PROVE)
        if step.user_id != viewer.user_id:
            raise StepEnded("This was begun by somebody else.", hint="Begin again.")
        await count_try(tx, step)
    number = await _counted(door, viewer)
    key, count = await _verify(door, site, step, credential, alone=False)
    async with door.write(viewer) as tx:
        if await use_passkey(tx, key, count):
            await end_step(tx, step)
            await _proved(tx, session, number)
            return
        await _note_copy(tx, door, key)
    raise _copied()


@asynccontextmanager
async def _noted(door: Door, member: Any, method: str) -> AsyncIterator[None]:
    """Note for the audit who was refused inside. member: None for whoever is not known yet."""
    try:
        yield
    except WrongFactor:
        email, user_id = ("", None) if member is None else (member["email"], member["user_id"])
        async with door.write() as tx:
            await note_refusal(tx, door.trial(email), user_id, method)
        raise


async def _attempt(door: Door, token: str, purpose: Purpose) -> Attempt:
    """Count a try before it is looked at: many at once are no way around the limit."""
    async with door.write() as tx:
        step, member = await _of_step(tx, token, purpose)
        await count_try(tx, step)
        tried = door.trial(member["email"])
        await check_tries(tx, tried)
        await check_second_tries(tx, tried)
        return Attempt(step, member, await note_try(tx, tried, _SECOND_REFUSED))


async def _of_step(tx: Transaction, token: str, purpose: Purpose) -> tuple[Step, Any]:
    step = await find_step(tx, token, purpose)
    assert step.user_id is not None, "whose password was right is known"
    if purpose is Purpose.ENROL:
        await _check_none(tx, step.user_id)
    return step, await _member(tx, step.user_id)


async def _check_none(tx: Transaction, user_id: int) -> None:
    """Let nobody add a second factor by the password alone who has one. Raises StepEnded."""
    if (await load_factors(tx, user_id)).has_any:
        raise StepEnded("You have a second factor by now.", hint="Sign in with it.")


async def _member(tx: Transaction, user_id: int) -> Any:
    member = await tx.row(MEMBER_BY_USER, tenant=tx.tenant.id, user_id=user_id)
    if member is None or member["ended_at"] is not None:
        raise StepEnded("You are let in no more.", hint="Ask an administrator.")
    return member


async def _verify(
    door: Door, site: WebSite, step: Step, credential: JsonObject, *, alone: bool
) -> tuple[Any, int]:
    """Give the passkey that signed the challenge of a step, and its count. Raises WrongFactor."""
    rules = await ceremony()
    credential_id = rules.credential_of(credential)
    said = rules.handle_of(credential)
    async with door.write() as tx:
        key = await find_passkey(tx, credential_id)
        mine = key is not None and step.user_id in (None, key["user_id"])
        if mine and said is not None:
            mine = said == handle(door.keys, tx, key["user_id"])
    if not mine or key["site"] != site.host:
        raise WrongFactor("This passkey is not known here.", hint="Use another way.")
    count = rules.verify_assertion(
        credential, site, _challenge(step), key["public_key"], alone=alone
    )
    return key, count


async def _open_with_passkey(
    door: Door, attempt: Attempt, key: Any, count: int, method: str
) -> Opened:
    async with door.write() as tx:
        if await use_passkey(tx, key, count):
            return await _let_in(tx, door, attempt, method)
        await _note_copy(tx, door, key)
    raise _copied()


async def _let_in(tx: Transaction, door: Door, attempt: Attempt, method: str) -> Opened:
    await end_step(tx, attempt.step)
    await settle_try(tx, attempt.number)
    tried = door.trial(attempt.member["email"])
    vouched = attempt.step.vouched
    return await open_session(tx, tried, attempt.member, method, tx.now, vouched=vouched)


async def _counted(door: Door, viewer: Viewer) -> int:
    assert viewer.user_id is not None, "whoever signed in is a user"
    async with door.write(viewer) as tx:
        member = await _member(tx, viewer.user_id)
        tried = door.trial(member["email"])
        await check_tries(tx, tried)
        await check_second_tries(tx, tried)
        return await note_try(tx, tried, _SECOND_REFUSED)


async def _proved(tx: Transaction, session: int, number: int) -> None:
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id}
    await tx.run(PROVED, **mine, id=session, now=tx.now)
    await settle_try(tx, number, "proved")


async def _note_copy(tx: Transaction, door: Door, key: Any) -> None:
    user_id, name = key["user_id"], key["name"]
    await note_event(tx, user_id, Event.PASSKEY_COPIED, door.address, name=name)


def _challenge(step: Step) -> bytes:
    if step.challenge is None:
        raise StepEnded("Nothing was asked of a passkey.", hint="Begin again.")
    return step.challenge


def _copied() -> WrongFactor:
    return WrongFactor(
        "This passkey counted backwards, as a copy does.",
        hint="Use another way in, and remove this passkey.",
    )
