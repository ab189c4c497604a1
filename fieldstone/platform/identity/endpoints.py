"""Endpoints for signing in, sessions, tokens and the people of a tenant."""

from __future__ import annotations

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
from fieldstone.metadata.field_types.datetime import read_instant, write_instant
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.platform.identity import people, tokens
from fieldstone.platform.identity.cookies import drop_session, keep_session
from fieldstone.platform.identity.errors import SignInNeeded
from fieldstone.platform.identity.gate import Bearer, Gate
from fieldstone.platform.identity.sign_in import (
    Opened,
    Try,
    end_session,
    list_sessions,
    sign_in,
)
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.transactions import Viewer

_USER: Final = "user"
_SESSION: Final = "session"
_TOKEN: Final = "token"  # noqa: S105 - the beginning of ids
_LONGEST_NAME: Final = 120


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
    """POST /api/session: {"email", "password"} signs in; the answer sets a cookie."""
    body = await read_object(request)
    tried = try_of(request, _text(body, "email"), _text(body, "password"))
    opened = await sign_in(database_of(request), tenant_of(request), tried)
    return _opened(request, opened)


async def close_session(request: Request) -> Response:
    """DELETE /api/session: sign out."""
    await sign_out(request)
    response = Response(status_code=204)
    drop_session(request, response)
    return response


async def change_password(request: Request) -> Response:
    """POST /api/session/password: {"before", "after"}; every session and token ends."""
    viewer = in_session(request)
    body = await read_object(request)
    before, after = _text(body, "before"), _text(body, "after")
    tried = try_of(request, viewer.name, before)
    await people.change_password(database_of(request), tenant_of(request), viewer, tried, after)
    response = Response(status_code=204)
    drop_session(request, response)
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
        }
        for one in found
    ]
    return json_response({"sessions": shown})


async def delete_session(request: Request) -> Response:
    """DELETE /api/sessions/{id}: end one of the viewer's sessions."""
    signed_in(request)
    number = _number(request)
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        if number is None or not await end_session(tx, number):
            raise UnknownSession("There is no such session.")
    return Response(status_code=204)


async def accept_invitation(request: Request) -> Response:
    """POST /api/welcome: {"token", "password"} takes an invitation up and signs in."""
    body = await read_object(request)
    tried = try_of(request, "", _text(body, "password"))
    opened = await people.accept(
        database_of(request), tenant_of(request), _text(body, "token"), tried
    )
    return _opened(request, opened)


async def claim_tenant(request: Request) -> Response:
    """POST /api/claim: {"email", "password"}: from now on people sign in to this tenant."""
    body = await read_object(request)
    email = people.read_email(body.get("email"))
    opened = await claim(request, try_of(request, email, _text(body, "password")))
    return _opened(request, opened, 201)


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
    """POST /api/people: {"email", "name", "is_administrator"?}: the invitation is told once."""
    body = await read_object(request)
    email = people.read_email(body.get("email"))
    administers = _flag(body, "is_administrator") or False
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        user_id, token = await people.invite(
            tx, email, _text(body, "name"), is_administrator=administers
        )
    return json_response({"id": format_id(_USER, user_id), **_invitation(token)}, 201)


async def invite_again(request: Request) -> Response:
    """POST /api/people/{id}/invitation: another one, with which they choose a new password."""
    number = people.person_id(request.path_params["id"])
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        token = await people.invite_again(tx, number)
    return json_response(_invitation(token), 201)


async def change_person(request: Request) -> Response:
    """PATCH /api/people/{id}: {"is_administrator", "is_active"}: what somebody is here."""
    number = people.person_id(request.path_params["id"])
    body = await read_object(request)
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        await people.change_person(
            tx,
            number,
            is_administrator=_flag(body, "is_administrator"),
            is_active=_flag(body, "is_active"),
        )
        [row] = await people.list_people(tx, number - 1, 1)
    return json_response(shown_person(row))


async def list_tokens(request: Request) -> Response:
    """GET /api/tokens: the viewer's access tokens, the newest first."""
    signed_in(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await tokens.list_tokens(tx)
    return json_response({"tokens": [_shown_token(one) for one in found]})


async def create_token(request: Request) -> Response:
    """POST /api/tokens: {"name", "expires_at"?}: the token's text is told once.

    A session makes it: a token that leaked makes no others, which would outlast it.
    """
    in_session(request)
    body = await read_object(request)
    name = _text(body, "name")
    if not 0 < len(name) <= _LONGEST_NAME:
        raise BadJson(f"A token has a name of up to {_LONGEST_NAME} characters.", at="/name")
    async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
        expires_at = _future(body.get("expires_at"), tx.now)
        number, text = await tokens.make_token(tx, name, expires_at)
    return json_response({"id": format_id(_TOKEN, number), "token": text}, 201)


async def delete_token(request: Request) -> Response:
    """DELETE /api/tokens/{id}: take a token back."""
    signed_in(request)
    number = _number(request)
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
    return bearer.viewer


def in_session(request: Request) -> Viewer:
    """Give the person who asks, who signed in and sent no token. Raises SignInNeeded."""
    viewer = signed_in(request)
    bearer = bearer_of(request)
    if bearer is None or bearer.session is None:
        raise SignInNeeded("A token may not do this.", hint="Sign in with your password.")
    return viewer


def try_of(request: Request, email: str, password: str) -> Try:
    """Give who wants to be let in, from where."""
    address = request.client.host if request.client else ""
    # PostgreSQL takes every character but NUL, which no address holds.
    known = email.strip().lower().replace("\0", "")
    return Try(known, password, address, request.headers.get("user-agent", ""))


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
            await end_session(tx, bearer.session)


def shown_person(row: Any) -> dict[str, Json]:
    """Give somebody as callers see them."""
    return {
        "id": format_id(_USER, row["user_id"]),
        "email": row["email"],
        "is_administrator": row["is_administrator"],
        "is_active": row["ended_at"] is None,
        "has_password": row["password_hash"] is not None,
        "created_at": write_instant(row["created_at"]),
    }


def _opened(request: Request, opened: Opened, status: int = 200) -> Response:
    expires_at = write_instant(opened.expires_at)
    body = {"viewer": _shown_viewer(opened.viewer), "expires_at": expires_at}
    response = json_response(body, status)
    keep_session(request, response, opened)
    return response


def _shown_viewer(viewer: Viewer) -> dict[str, Json]:
    user_id = None if viewer.user_id is None else format_id(_USER, viewer.user_id)
    return {"id": user_id, "name": viewer.name, "may_set_up": viewer.standing.is_administrator}


def _shown_token(row: dict[str, Any]) -> dict[str, Json]:
    instants = ("created_at", "used_at", "expires_at")
    told = {name: row[name] and write_instant(row[name]) for name in instants}
    return {"id": format_id(_TOKEN, row["id"]), "name": row["name"], **told}


def _invitation(token: str) -> dict[str, Json]:
    return {"invitation": token, "address": f"/welcome/{token}"}


def _text(body: JsonObject, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise BadJson(f"{name} must be a text.", at=f"/{name}")
    return value


def _flag(body: JsonObject, name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadJson(f"{name} must be true or false.", at=f"/{name}")
    return value


def _number(request: Request) -> int | None:
    """Give the number of the id in an address; None for what is no id."""
    try:
        return parse_id(request.path_params["id"])[1]
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
