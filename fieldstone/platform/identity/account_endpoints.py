"""Endpoints for the viewer's own account: second factors, recovery codes, and what happened."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import PAGE_SIZE, json_response, read_object, whole_number
from fieldstone.ids import format_id
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.values import Json
from fieldstone.platform.identity import account, events, factors, passkeys, people
from fieldstone.platform.identity.door_endpoints import name_in, shown_enrolment
from fieldstone.platform.identity.endpoints import (
    door_of,
    keys_of,
    number_in_path,
    own_session,
    text_in,
)
from fieldstone.platform.identity.language import choose_language
from fieldstone.platform.identity.passkeys import described, site_of_request
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of

_PASSKEY: Final = "passkey"
_USER: Final = "user"
_EVENT: Final = "event"
_NEWEST: Final = 2**63 - 1


async def show_account(request: Request) -> Response:
    """GET /api/account: how the viewer gets in, and until when they count as just proved."""
    viewer, session = own_session(request)
    async with database_of(request).read(tenant_of(request), viewer) as tx:
        member, had, wanted = await account.standing_of(tx)
        proved = await account.proved_until(tx, session)
    return json_response(
        {
            "email": member["email"],
            "second_factor_needed": wanted,
            "authenticator_at": had.authenticator_at and write_instant(had.authenticator_at),
            "passkeys": [shown_passkey(row) for row in had.passkeys],
            "recovery_codes_left": had.codes_left,
            "proved_until": proved and write_instant(proved),
            "acting_until": member["acting_until"] and write_instant(member["acting_until"]),
            "language": member["language"],
        }
    )


async def change_account(request: Request) -> Response:
    """PATCH /api/account: {"language"}: in which the viewer sees labels; null for the usual one."""
    viewer, _ = own_session(request)
    body = await read_object(request)
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        await choose_language(tx, body.get("language"))
    return Response(status_code=204)


async def begin_authenticator(request: Request) -> Response:
    """POST /api/account/authenticator: a key for an app; its first code confirms it."""
    viewer, session = own_session(request)
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        await account.check_proved(tx, session)
        member = await account.me(tx)
        made = await factors.begin_authenticator(
            tx, keys_of(request), member, account.named(session)
        )
    return json_response(shown_enrolment(made), 201)


async def confirm_authenticator(request: Request) -> Response:
    """POST /api/account/authenticator/confirm: {"code"}: from now on the app counts."""
    viewer, session = own_session(request)
    code = text_in(await read_object(request), "code")
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        user_id = (await account.me(tx))["user_id"]
        begun_by = account.named(session)
        codes = await factors.confirm_authenticator(tx, keys_of(request), user_id, code, begun_by)
    return json_response({"recovery_codes": list(codes)})


async def delete_authenticator(request: Request) -> Response:
    """DELETE /api/account/authenticator: its codes count no more."""
    viewer, session = own_session(request)
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        await account.check_proved(tx, session)
        await factors.remove_authenticator(tx, await account.me(tx))
    return Response(status_code=204)


async def ask_new_passkey(request: Request) -> Response:
    """POST /api/account/passkey-options: what a browser needs to make a passkey."""
    viewer, session = own_session(request)
    begun, options = await account.ask_new_passkey(
        door_of(request), site_of_request(request), viewer, session
    )
    return json_response({"token": begun.token, "options": options})


async def create_passkey(request: Request) -> Response:
    """POST /api/account/passkeys: {"token", "credential", "name"?} keeps what a browser made."""
    viewer, _ = own_session(request)
    body = await read_object(request)
    made = (described(body), name_in(body))
    number, codes = await account.keep_new_passkey(
        door_of(request), site_of_request(request), viewer, text_in(body, "token"), made
    )
    shown: dict[str, Json] = {
        "id": format_id(_PASSKEY, number),
        "recovery_codes": list(codes),
    }
    return json_response(shown, 201)


async def change_passkey(request: Request) -> Response:
    """PATCH /api/account/passkeys/{id}: {"name"}."""
    viewer, _ = own_session(request)
    body = await read_object(request)
    number = passkey_number(request)
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        await passkeys.rename_passkey(tx, number, text_in(body, "name"))
    return Response(status_code=204)


async def delete_passkey(request: Request) -> Response:
    """DELETE /api/account/passkeys/{id}: it lets nobody in any more."""
    viewer, session = own_session(request)
    number = passkey_number(request)
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        await account.check_proved(tx, session)
        await factors.remove_passkey(tx, await account.me(tx), number)
    return Response(status_code=204)


async def make_codes(request: Request) -> Response:
    """POST /api/account/recovery-codes: ten new ones, told this once; those before are gone."""
    viewer, session = own_session(request)
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        await account.check_proved(tx, session)
        codes = await account.new_codes(tx, keys_of(request))
    return json_response({"recovery_codes": list(codes)}, 201)


async def list_access_events(request: Request) -> Response:
    """GET /api/account/events: what happened to the viewer's ways in, the newest first."""
    viewer, _ = own_session(request)
    assert viewer.user_id is not None, "whoever signed in is a user"
    return await _events(request, viewer.user_id)


async def list_access_events_of(request: Request) -> Response:
    """GET /api/people/{id}/events: what happened to somebody's ways in, for administrators."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        people.check_administrator(tx)
    return await _events(request, people.person_id(request.path_params["id"]))


async def _events(request: Request, user_id: int) -> Response:
    limit = whole_number(request, "limit", PAGE_SIZE, events.MOST_EVENTS)
    before = whole_number(request, "cursor", _NEWEST, _NEWEST, least=0)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await events.list_events(tx, user_id, before, limit + 1)
    following = str(found[limit - 1]["id"]) if len(found) > limit else None
    return json_response({"events": [shown_event(row) for row in found[:limit]], "next": following})


def shown_event(row: Any) -> dict[str, Json]:
    """Give what happened as callers see it. actor: None for nobody who was signed in."""
    return {
        "id": format_id(_EVENT, row["id"]),
        "at": write_instant(row["at"]),
        "what": row["what"],
        "actor": None if row["actor_id"] is None else format_id(_USER, row["actor_id"]),
        "details": events.details_of(row),
        "address": row["address"],
    }


def shown_passkey(row: Any) -> dict[str, Json]:
    """Give a passkey as callers see it. site: the host that it works on."""
    return {
        "id": format_id(_PASSKEY, row["id"]),
        "name": row["name"],
        "site": row["site"],
        "is_synced": row["is_synced"],
        "created_at": write_instant(row["created_at"]),
        "used_at": row["used_at"] and write_instant(row["used_at"]),
    }


def passkey_number(request: Request) -> int:
    """Give the number of the passkey in an address. Raises UnknownPasskey."""
    number = number_in_path(request)
    if number is None:
        raise passkeys.unknown_passkey()
    return number


ROUTES: Final = (
    Route("/api/account", show_account, methods=["GET"]),
    Route("/api/account", change_account, methods=["PATCH"]),
    Route("/api/account/authenticator", begin_authenticator, methods=["POST"]),
    Route("/api/account/authenticator", delete_authenticator, methods=["DELETE"]),
    Route("/api/account/authenticator/confirm", confirm_authenticator, methods=["POST"]),
    Route("/api/account/passkeys", create_passkey, methods=["POST"]),
    Route("/api/account/passkey-options", ask_new_passkey, methods=["POST"]),
    Route("/api/account/passkeys/{id}", change_passkey, methods=["PATCH"]),
    Route("/api/account/passkeys/{id}", delete_passkey, methods=["DELETE"]),
    Route("/api/account/recovery-codes", make_codes, methods=["POST"]),
    Route("/api/account/events", list_access_events, methods=["GET"]),
    Route("/api/people/{id}/events", list_access_events_of, methods=["GET"]),
)
