"""Endpoints for signing in, sessions, tokens and the people of a tenant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import (
    MOST_PER_PAGE,
    PAGE_SIZE,
    BadJson,
    json_response,
    read_object,
    whole_number,
)
from fieldstone.errors import NotFound
from fieldstone.ids import BadId, format_id, parse_id
from fieldstone.metadata.api_scopes import API_SCOPES, in_order
from fieldstone.metadata.field_types.datetime import read_instant, write_instant
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.platform.identity import account, acting, people, tokens
from fieldstone.platform.identity.cookies import drop_session, keep_session
from fieldstone.platform.identity.errors import ActingForbidden, SignInNeeded
from fieldstone.platform.identity.gate import Bearer, Gate
from fieldstone.platform.identity.keys import Keys
from fieldstone.platform.identity.second_step import Door
from fieldstone.platform.identity.sign_in import (
    Opened,
    Try,
    Waiting,
    end_other_sessions,
    end_session,
    list_sessions,
    sign_in,
)
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.terms import Feature
from fieldstone.runtime.transactions import Viewer

_USER: Final = "user"
_SESSION: Final = "session"
_TOKEN: Final = "token"  # noqa: S105 - the beginning of ids
_LONGEST_NAME: Final = 120
_MOST_SETS: Final = 100


class UnknownSession(NotFound):
    """No open session of the viewer has this id."""

    code = "access.unknown_session"


class UnknownToken(NotFound):
    """No token of the viewer has this id."""

    code = "access.unknown_token"


async def show_session(request: Request) -> Response:
    """GET /api/session: who asks, and whether the tenant wants to know that."""
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    must = await gate_of(request).is_closed(tenant_of(request))
    shown = None if viewer is None else _shown_viewer(viewer)
    return json_response({"viewer": shown, "must_sign_in": must})


async def open_session(request: Request) -> Response:
    """POST /api/session: {"email", "password"} signs in; the answer sets a cookie.

    Where a second factor is needed, the answer has status 202 and the token of the next step.
    """
    body = await read_object(request)
    tried = try_of(request, text_in(body, "email"), text_in(body, "password"))
    entered = await sign_in(database_of(request), tenant_of(request), tried)
    return entered_answer(request, entered)


async def close_session(request: Request) -> Response:
    """DELETE /api/session: sign out."""
    await sign_out(request)
    response = Response(status_code=204)
    drop_session(response)
    return response


async def change_password(request: Request) -> Response:
    """POST /api/session/password: {"before", "after"}; tokens and other sessions end.

    The session goes on under another secret, which the cookie of the answer has.
    """
    viewer, session = own_session(request)
    body = await read_object(request)
    before, after = text_in(body, "before"), text_in(body, "after")
    opened = await people.change_password(
        database_of(request),
        tenant_of(request),
        (viewer, session),
        try_of(request, viewer.name, before),
        after,
    )
    response = Response(status_code=204)
    keep_session(request, response, opened)
    return response


async def show_sessions(request: Request) -> Response:
    """GET /api/sessions: the viewer's open sessions, the one heard of last first."""
    signed_in(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await list_sessions(tx)
    mine = bearer_of(request)
    shown = [
        {
            "id": format_id(_SESSION, one["id"]),
            "current": mine is not None and mine.session == one["id"],
            "created_at": write_instant(one["created_at"]),
            "seen_at": write_instant(one["seen_at"]),
            "expires_at": write_instant(one["expires_at"]),
            "address": one["address"],
            "agent": one["agent"],
            "method": one["method"],
        }
        for one in found
    ]
    return json_response({"sessions": shown})


async def delete_sessions(request: Request) -> Response:
    """DELETE /api/sessions: end all of the viewer's sessions but this one."""
    viewer, session = own_session(request)
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        count = await end_other_sessions(tx, session)
        assert viewer.user_id is not None, "whoever signed in is a user"
        await note_event(tx, viewer.user_id, Event.SESSIONS_ENDED, address_of(request), count=count)
    return json_response({"ended": count})


async def delete_session(request: Request) -> Response:
    """DELETE /api/sessions/{id}: end one of the viewer's sessions."""
    signed_in(request)
    number = number_in_path(request)
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        if number is None or not await end_session(tx, number):
            raise UnknownSession("There is no such session.")
    return Response(status_code=204)


async def accept_invitation(request: Request) -> Response:
    """POST /api/welcome: {"token", "password"} takes an invitation up and signs in."""
    body = await read_object(request)
    tried = try_of(request, "", text_in(body, "password"))
    entered = await people.accept(
        database_of(request), tenant_of(request), text_in(body, "token"), tried
    )
    return entered_answer(request, entered)


async def claim_tenant(request: Request) -> Response:
    """POST /api/claim: {"email", "password"}: from now on people sign in to this tenant."""
    body = await read_object(request)
    email = people.read_email(body.get("email"))
    opened = await claim(request, try_of(request, email, text_in(body, "password")))
    return entered_answer(request, opened, 201)


async def list_people(request: Request) -> Response:
    """GET /api/people: who may sign in, in order of their making."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    after = whole_number(request, "cursor", 0, 2**63 - 1, least=0)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await people.list_people(tx, after, limit + 1)
    following = str(found[limit - 1]["user_id"]) if len(found) > limit else None
    return json_response(
        {"people": [shown_person(row) for row in found[:limit]], "next": following}
    )


async def invite(request: Request) -> Response:
    """POST /api/people: {"email", "name", "is_administrator"?, "permission_sets"?}.

    The invitation is told once. Without permission_sets they get the usual one.
    """
    body = await read_object(request)
    email = people.read_email(body.get("email"))
    administers = read_flag(body, "is_administrator") or False
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        user_id, token = await people.invite(
            tx,
            email,
            text_in(body, "name"),
            is_administrator=administers,
            sets=_names(body, "permission_sets"),
        )
    return json_response({"id": format_id(_USER, user_id), **_invitation(token)}, 201)


async def invite_again(request: Request) -> Response:
    """POST /api/people/{id}/invitation: {"resets_factors"?}: they choose a new password with it."""
    number = people.person_id(request.path_params["id"])
    body = await _object_if_any(request)
    resets = read_flag(body, "resets_factors") or False
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        token = await people.invite_again(tx, number, resets_factors=resets)
    return json_response(_invitation(token), 201)


async def change_person(request: Request) -> Response:
    """PATCH /api/people/{id}: {"is_administrator", "is_active"}: what somebody is here."""
    number = people.person_id(request.path_params["id"])
    body = await read_object(request)
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        await people.change_person(
            tx,
            number,
            is_administrator=read_flag(body, "is_administrator"),
            is_active=read_flag(body, "is_active"),
        )
        [row] = await people.list_people(tx, number - 1, 1)
    return json_response(shown_person(row))


async def list_tokens(request: Request) -> Response:
    """GET /api/tokens: the viewer's access tokens, the newest first."""
    signed_in(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await tokens.list_tokens(tx)
    return json_response({"tokens": [shown_token(one) for one in found]})


async def create_token(request: Request) -> Response:
    """POST /api/tokens: {"name", "expires_at"?, "scopes"?}: the token's text is told once.

    A session of somebody who just proved who they are makes it: neither a token that leaked nor a
    browser that was left open makes others, which would outlast it.
    """
    viewer, session = own_session(request)
    tenant_of(request).terms.require(Feature.TOKENS)
    body = await read_object(request)
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        await account.check_proved(tx, session)
        number, text = await tokens.make_token(tx, read_wish(body, tx.now))
    return json_response({"id": format_id(_TOKEN, number), "token": text}, 201)


async def delete_token(request: Request) -> Response:
    """DELETE /api/tokens/{id}: take a token back."""
    signed_in(request)
    number = number_in_path(request)
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        if number is None or not await tokens.revoke_token(tx, number):
            raise UnknownToken("There is no such token.")
    return Response(status_code=204)


def gate_of(request: Request) -> Gate:
    """Give what lets requests in."""
    gate: Gate = request.app.state.engine.gate
    return gate


def bearer_of(request: Request) -> Bearer | None:
    """Give the session or token of a request; None where the machine itself asks."""
    bearer: Bearer | None = getattr(request.state, "bearer", None)
    return bearer


def signed_in(request: Request) -> Viewer:
    """Give the person who asks. Raises SignInNeeded where the machine was let in as itself."""
    bearer = bearer_of(request)
    if bearer is None:
        raise SignInNeeded("You must sign in.", hint="POST /api/session with email and password.")
    if bearer.actor is not None:
        raise ActingForbidden(
            "This is theirs alone.", hint="Stop acting as somebody else, and do it as yourself."
        )
    return bearer.viewer


def in_session(request: Request) -> Viewer:
    """Give the person who asks, who signed in and sent no token. Raises SignInNeeded."""
    viewer = signed_in(request)
    bearer = bearer_of(request)
    if bearer is None or bearer.session is None:
        raise SignInNeeded("A token may not do this.", hint="Sign in with your password.")
    return viewer


def operated(request: Request) -> None:
    """Refuse tokens, but not the machine's operator. Raises SignInNeeded."""
    if bearer_of(request) is not None:
        in_session(request)


def read_wish(body: JsonObject, now: datetime) -> tokens.TokenWish:
    """Read what token somebody wants. Raises BadJson, BadValue."""
    name, scopes = text_in(body, "name"), body.get("scopes")
    if not 0 < len(name) <= _LONGEST_NAME:
        raise BadJson(f"A token has a name of up to {_LONGEST_NAME} characters.", at="/name")
    expires_at = _future(body.get("expires_at"), now)
    if scopes is None:
        return tokens.TokenWish(name, expires_at)
    known = ", ".join(API_SCOPES)
    if not isinstance(scopes, list) or not scopes or not all(one in API_SCOPES for one in scopes):
        raise BadJson("scopes must be a list of scopes.", at="/scopes", hint=f"Known are: {known}.")
    return tokens.TokenWish(name, expires_at, in_order(map(str, scopes)))


def own_session(request: Request) -> tuple[Viewer, int]:
    """Give the person who asks and the number of their session. Raises SignInNeeded."""
    viewer = in_session(request)
    bearer = bearer_of(request)
    assert bearer is not None, "who is in a session bears it"
    assert bearer.session is not None, "who is in a session bears it"
    return viewer, bearer.session


def try_of(request: Request, email: str, password: str) -> Try:
    """Give who wants to be let in, from where."""
    # PostgreSQL takes every character but NUL, which no address holds.
    known = email.strip().lower().replace("\0", "")
    return Try(known, password, address_of(request), request.headers.get("user-agent", ""))


def address_of(request: Request) -> str:
    """Give the address that a request came from, as far as a trusted proxy tells it."""
    return request.client.host if request.client else ""


def keys_of(request: Request) -> Keys:
    """Give what follows from the installation's secret key."""
    keys: Keys = request.app.state.keys
    return keys


def door_of(request: Request) -> Door:
    """Give where somebody stands who wants in."""
    agent = request.headers.get("user-agent", "")
    tenant = tenant_of(request)
    return Door(database_of(request), tenant, keys_of(request), address_of(request), agent)


async def claim(request: Request, tried: Try) -> Opened:
    """Close a tenant to all but its people, of whom the viewer is the first."""
    tenant = tenant_of(request)
    opened = await people.claim(database_of(request), tenant, viewer_of(request), tried)
    gate_of(request).close(tenant)
    return opened


async def sign_out(request: Request) -> None:
    """End the session of a request, if it has one."""
    bearer = bearer_of(request)
    if bearer is not None and bearer.session is not None:
        async with database_of(request).write_apart(tenant_of(request), bearer.viewer) as tx:
            if bearer.actor is not None:
                await acting.leave(tx, bearer.session, bearer.actor)
            await end_session(tx, bearer.session)


def shown_person(row: Any) -> dict[str, Json]:
    """Give somebody as callers see them."""
    return {
        "id": format_id(_USER, row["user_id"]),
        "email": row["email"],
        "is_administrator": row["is_administrator"],
        "is_service": row["is_service"],
        "is_active": row["ended_at"] is None,
        "has_password": row["password_hash"] is not None,
        "created_at": write_instant(row["created_at"]),
    }


def entered_answer(
    request: Request,
    entered: Opened | Waiting,
    status: int = 200,
    more: Mapping[str, Json] | None = None,
) -> Response:
    """Answer whoever is in, with a cookie, or has a second step to take, with its token."""
    expires_at = write_instant(entered.expires_at)
    if isinstance(entered, Waiting):
        step = {
            "token": entered.token,
            "purpose": str(entered.purpose),
            "methods": list(entered.methods),
            "expires_at": expires_at,
        }
        return json_response({"next_step": step}, 202)
    body = {"viewer": _shown_viewer(entered.viewer), "expires_at": expires_at, **(more or {})}
    response = json_response(body, status)
    keep_session(request, response, entered)
    return response


def _shown_viewer(viewer: Viewer) -> dict[str, Json]:
    user_id = None if viewer.user_id is None else format_id(_USER, viewer.user_id)
    return {"id": user_id, "name": viewer.name, "may_set_up": viewer.standing.is_administrator}


def shown_token(row: dict[str, Any]) -> dict[str, Json]:
    """Give a token as callers see it, without its text."""
    instants = ("created_at", "used_at", "expires_at")
    told = {name: row[name] and write_instant(row[name]) for name in instants}
    return {
        "id": format_id(_TOKEN, row["id"]),
        "name": row["name"],
        **told,
        "scopes": row["scopes"],
    }


async def _object_if_any(request: Request) -> JsonObject:
    """Read a body that may be missing. Raises BadJson."""
    announced = request.headers.get("content-length", "0")
    if announced == "0" and "transfer-encoding" not in request.headers:
        return {}
    return await read_object(request)


def _invitation(token: str) -> dict[str, Json]:
    return {"invitation": token, "address": f"/welcome/{token}"}


def text_in(body: JsonObject, name: str) -> str:
    """Give a text of a body. Raises BadJson."""
    value = body.get(name)
    if not isinstance(value, str):
        raise BadJson(f"{name} must be a text.", at=f"/{name}")
    return value


def read_flag(body: JsonObject, name: str) -> bool | None:
    """Give a member of a body that must be true or false, or missing. Raises BadJson."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadJson(f"{name} must be true or false.", at=f"/{name}")
    return value


def _names(body: JsonObject, name: str) -> list[str] | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > _MOST_SETS:
        raise BadJson(f"{name} must be a list of names, {_MOST_SETS} at most.", at=f"/{name}")
    return [str(one) for one in value]


def number_in_path(request: Request, name: str = "id") -> int | None:
    """Give the number of an id in an address; None for what is no id."""
    try:
        return parse_id(request.path_params[name])[1]
    except BadId:
        return None


def _future(value: Json, now: datetime) -> datetime | None:
    """Give the instant at which a token ends. Raises BadValue, BadJson."""
    if value is None:
        return None
    instant = read_instant(value)
    if instant <= now:
        raise BadJson("expires_at lies in the past.", at="/expires_at")
    return instant


ROUTES: Final = (
    Route("/api/session", show_session, methods=["GET"]),
    Route("/api/session", open_session, methods=["POST"]),
    Route("/api/session", close_session, methods=["DELETE"]),
    Route("/api/session/password", change_password, methods=["POST"]),
    Route("/api/sessions", show_sessions, methods=["GET"]),
    Route("/api/sessions", delete_sessions, methods=["DELETE"]),
    Route("/api/sessions/{id}", delete_session, methods=["DELETE"]),
    Route("/api/welcome", accept_invitation, methods=["POST"]),
    Route("/api/people", list_people, methods=["GET"]),
    Route("/api/people", invite, methods=["POST"]),
    Route("/api/claim", claim_tenant, methods=["POST"]),
    Route("/api/people/{id}", change_person, methods=["PATCH"]),
    Route("/api/people/{id}/invitation", invite_again, methods=["POST"]),
    Route("/api/tokens", list_tokens, methods=["GET"]),
    Route("/api/tokens", create_token, methods=["POST"]),
    Route("/api/tokens/{id}", delete_token, methods=["DELETE"]),
)
