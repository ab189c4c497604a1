"""Pages: your account, with what lets you in, where you are signed in, and what happened to it."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.api.requests import json_response
from fieldstone.errors import FieldstoneError
from fieldstone.ids import BadId, format_id, parse_id
from fieldstone.metadata.api_scopes import API_SCOPES
from fieldstone.platform.errors import status_of
from fieldstone.platform.identity import account, acting, events, factors, passkeys, people
from fieldstone.platform.identity.account_words import sentence_of, shown_agent
from fieldstone.platform.identity.cookies import keep_session
from fieldstone.platform.identity.door_forms import text_of
from fieldstone.platform.identity.endpoints import (
    address_of,
    bearer_of,
    door_of,
    keys_of,
    own_session,
    try_of,
)
from fieldstone.platform.identity.errors import ProofNeeded
from fieldstone.platform.identity.language import choose_language, languages_offered
from fieldstone.platform.identity.oauth.grants import list_my_apps
from fieldstone.platform.identity.passkeys import has_passkeys, site_of_request
from fieldstone.platform.identity.second_step_pages import read_credential
from fieldstone.platform.identity.sign_in import end_other_sessions, list_sessions
from fieldstone.platform.identity.tokens import list_tokens
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.transactions import Transaction, Viewer
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.viewing import viewing_of

ACCOUNT: Final = "/admin/account"
PROOF: Final = f"{ACCOUNT}/proof"
_PEOPLE: Final = "/admin/people"
_PLACE: Final = Place("Your account", "account", (Crumb("Your account"),))
_SOME_EVENTS: Final = 20


async def show_account(request: Request) -> Response:
    """GET /admin/account: all of it on one page."""
    bearer = bearer_of(request)
    if bearer is None or bearer.session is None:
        return RedirectResponse(_PEOPLE, 303)  # the machine itself has no account
    return await _account(request)


async def change_password(request: Request) -> Response:
    """POST /admin/account/password: tokens and other sessions end."""
    viewer, session = own_session(request)
    form = await read_form(request)
    tried = try_of(request, viewer.name, text_of(form, "before"))
    database, tenant = database_of(request), tenant_of(request)
    try:
        opened = await people.change_password(
            database, tenant, (viewer, session), tried, text_of(form, "after")
        )
    except FieldstoneError as error:
        return await _account(request, error)
    response = _back("The password is changed. Your other sessions and tokens have ended.")
    keep_session(request, response, opened)
    return response


async def show_authenticator(request: Request) -> Response:
    """GET /admin/account/authenticator: a key for an app, and a field for its first code."""
    viewer, session = own_session(request)
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        if await account.proved_until(tx, session) is None:
            return _to_proof()
        return await _authenticator(request, tx, session)


async def confirm_authenticator(request: Request) -> Response:
    """POST /admin/account/authenticator: from now on the app counts."""
    viewer, session = own_session(request)
    form = await read_form(request)
    try:
        async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
            user_id = (await account.me(tx))["user_id"]
            code, begun_by = text_of(form, "code"), account.named(session)
            codes = await factors.confirm_authenticator(
                tx, keys_of(request), user_id, code, begun_by
            )
    except FieldstoneError as error:
        async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
            return await _authenticator(request, tx, session, error)
    return await _told(request, viewer, codes, "The authenticator app counts from now on.")


async def change_factors(request: Request) -> Response:
    """POST /admin/account/factors: remove the app, or make recovery codes."""
    viewer, session = own_session(request)
    wish = text_of(await read_form(request), "do")
    codes: tuple[str, ...] = ()
    try:
        async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
            await account.check_proved(tx, session)
            if wish == "remove-authenticator":
                await factors.remove_authenticator(tx, await account.me(tx))
            elif wish == "codes":
                codes = await account.new_codes(tx, keys_of(request))
    except ProofNeeded:
        return _to_proof()
    except FieldstoneError as error:
        return await _account(request, error)
    return await _told(request, viewer, codes, "Done.")


async def ask_new_key(request: Request) -> Response:
    """POST /admin/account/passkeys/options: what the browser needs to make a passkey."""
    viewer, session = own_session(request)
    await read_form(request)
    begun, options = await account.ask_new_passkey(
        door_of(request), site_of_request(request), viewer, session
    )
    return json_response({"token": begun.token, "options": options})


async def add_key(request: Request) -> Response:
    """POST /admin/account/passkeys: keep what the browser made."""
    viewer, _ = own_session(request)
    form = await read_form(request)
    try:
        made = (read_credential(text_of(form, "credential")), text_of(form, "name"))
        site, token = site_of_request(request), text_of(form, "token")
        _, codes = await account.keep_new_passkey(door_of(request), site, viewer, token, made)
    except FieldstoneError as error:
        return await _account(request, error)
    return await _told(request, viewer, codes, "The passkey counts from now on.")


async def change_key(request: Request) -> Response:
    """POST /admin/account/passkeys/{id}: call it otherwise, or remove it."""
    viewer, session = own_session(request)
    form = await read_form(request)
    number = _number(request.path_params["id"])
    if number is None:
        raise passkeys.unknown_passkey()
    try:
        async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
            if text_of(form, "do") == "remove":
                await account.check_proved(tx, session)
                await factors.remove_passkey(tx, await account.me(tx), number)
            else:
                await passkeys.rename_passkey(tx, number, text_of(form, "name"))
    except ProofNeeded:
        return _to_proof()
    except FieldstoneError as error:
        return await _account(request, error)
    return _back("Done.")


async def end_sessions(request: Request) -> Response:
    """POST /admin/account/sessions: end one, or all others."""
    viewer, session = own_session(request)
    form = await read_form(request)
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        if text_of(form, "do") == "others":
            count = await end_other_sessions(tx, session)
            user_id = (await account.me(tx))["user_id"]
            what = Event.SESSIONS_ENDED
            await note_event(tx, user_id, what, address_of(request), count=count)
        else:
            await account.end_one(tx, _number(text_of(form, "id")))
    return _back("Signed out there.")


async def change_acting(request: Request) -> Response:
    """POST /admin/account/acting: let administrators act as you for a while, or no more."""
    viewer, _ = own_session(request)
    form = await read_form(request)
    hours = text_of(form, "hours")
    try:
        async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
            if text_of(form, "do") == "forbid":
                await acting.forbid(tx)
            else:
                known = hours.isascii() and hours.isdigit()
                await acting.allow(tx, int(hours) if known and len(hours) < 6 else 0)
    except FieldstoneError as error:
        return await _account(request, error)
    return _back("Saved.")


async def change_language(request: Request) -> Response:
    """POST /admin/account/language: see labels in another language from now on."""
    viewer, _ = own_session(request)
    wanted = text_of(await read_form(request), "language")
    try:
        async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
            await choose_language(tx, wanted or None)
    except FieldstoneError as error:
        return await _account(request, error)
    return _back("Saved the language.")


async def _account(request: Request, error: FieldstoneError | None = None) -> Response:
    viewer, session = own_session(request)
    async with database_of(request).read(tenant_of(request), viewer) as tx:
        member, had, wanted = await account.standing_of(tx)
        values: dict[str, Any] = {
            "view": viewing_of(tx),
            "member": member,
            "factors": had,
            "wanted": wanted,
            "keys": [{**row, "code": format_id("passkey", row["id"])} for row in had.passkeys],
            "proved": await account.proved_until(tx, session),
            "passkeys": has_passkeys(request),
            "sessions": [
                {
                    **row,
                    "code": format_id("session", row["id"]),
                    "device": shown_agent(row["agent"]),
                    "is_this": row["id"] == session,
                }
                for row in await list_sessions(tx)
            ],
            "tokens": [
                {**row, "code": format_id("token", row["id"])} for row in await list_tokens(tx)
            ],
            "scopes": API_SCOPES,
            "apps": await list_my_apps(tx),
            "acting_until": _acting_until(tx, member),
            "acting_always": tx.catalog.organization.acting == "always",
            "events": [
                {**row, "text": sentence_of(row, own=row["actor_id"] in {None, member["user_id"]})}
                for row in await events.list_events(tx, member["user_id"], 2**63 - 1, _SOME_EVENTS)
            ],
            "languages": languages_offered(tx, member["language"]),
            "problems": () if error is None else error.problems,
        }
        status = 200 if error is None else status_of(error)
        return page(request, tx, _PLACE, "account.html", status, **values)


def _acting_until(tx: Transaction, member: Any) -> Any:
    until = member["acting_until"]
    return until if until is not None and until > tx.now else None


async def _authenticator(
    request: Request, tx: Transaction, session: int, error: FieldstoneError | None = None
) -> Response:
    member = await account.me(tx)
    known = (tx, keys_of(request), member, account.named(session))
    made = await factors.told_authenticator(*known) if error is not None else None
    made = made or await factors.begin_authenticator(*known)
    place = Place(
        "Authenticator app", "account", (Crumb("Your account", ACCOUNT), Crumb("Authenticator app"))
    )
    status = 200 if error is None else status_of(error)
    problems = () if error is None else error.problems
    return page(
        request, tx, place, "account_authenticator.html", status, made=made, problems=problems
    )


async def _told(request: Request, viewer: Viewer, codes: tuple[str, ...], done: str) -> Response:
    """Show recovery codes this once; go back where none were made."""
    if not codes:
        return _back(done)
    place = Place(
        "Recovery codes", "account", (Crumb("Your account", ACCOUNT), Crumb("Recovery codes"))
    )
    async with database_of(request).read(tenant_of(request), viewer) as tx:
        return page(request, tx, place, "account_codes.html", codes=codes, done=done)


def _back(done: str) -> Response:
    response = RedirectResponse(ACCOUNT, 303)
    put_flash(response, Flash(done))
    return response


def _to_proof() -> Response:
    return RedirectResponse(PROOF, 303)


def _number(text: str) -> int | None:
    try:
        return parse_id(text)[1]
    except BadId:
        return None


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route(ACCOUNT, show_account),
    Route(f"{ACCOUNT}/password", change_password, methods=["POST"]),
    Route(f"{ACCOUNT}/authenticator", show_authenticator),
    Route(f"{ACCOUNT}/authenticator", confirm_authenticator, methods=["POST"]),
    Route(f"{ACCOUNT}/factors", change_factors, methods=["POST"]),
    Route(f"{ACCOUNT}/passkeys", add_key, methods=["POST"]),
    Route(f"{ACCOUNT}/passkeys/options", ask_new_key, methods=["POST"]),
    Route(f"{ACCOUNT}/passkeys/{{id}}", change_key, methods=["POST"]),
    Route(f"{ACCOUNT}/sessions", end_sessions, methods=["POST"]),
    Route(f"{ACCOUNT}/acting", change_acting, methods=["POST"]),
    Route(f"{ACCOUNT}/language", change_language, methods=["POST"]),
)
