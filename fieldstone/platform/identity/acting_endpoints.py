"""Endpoints and pages for acting as somebody else: consent, beginning and stopping."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.api.requests import BadJson, json_response, read_object
from fieldstone.errors import Conflict, Forbidden
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.platform.identity import account, acting, people
from fieldstone.platform.identity.cookies import drop_session, keep_session
from fieldstone.platform.identity.endpoints import (
    address_of,
    bearer_of,
    entered_answer,
    own_session,
)
from fieldstone.platform.identity.gate import Bearer
from fieldstone.platform.identity.sign_in import Opened
from fieldstone.platform.identity.statements import MEMBER_BY_USER
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.ui_generator.pages.edit import read_form

_HOME: Final = "/admin"
_SIGN_IN: Final = "/sign-in"


class NotActing(Conflict):
    """Nobody acts as somebody else in this session."""

    code = "access.not_acting"


async def allow_acting(request: Request) -> Response:
    """POST /api/account/acting: {"hours"}: administrators may act as the viewer for so long."""
    viewer, _ = own_session(request)
    hours = (await read_object(request)).get("hours")
    if isinstance(hours, bool) or not isinstance(hours, int):
        raise BadJson("hours must be a whole number.", at="/hours")
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        until = await acting.allow(tx, hours)
    return json_response({"acting_until": write_instant(until)})


async def forbid_acting(request: Request) -> Response:
    """DELETE /api/account/acting: nobody acts as the viewer any more; whoever does is out."""
    viewer, _ = own_session(request)
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        await acting.forbid(tx)
    return Response(status_code=204)


async def begin_acting(request: Request) -> Response:
    """POST /api/people/{id}/acting: act as somebody who allows it, for an hour at most."""
    opened = await begin_as(request, people.person_id(request.path_params["id"]))
    return entered_answer(request, opened)


async def stop_acting(request: Request) -> Response:
    """DELETE /api/session/acting: be oneself again."""
    opened = await _stop(request)
    if opened is not None:
        return entered_answer(request, opened)
    response = Response(status_code=204)
    drop_session(response)
    return response


async def do_stop_acting(request: Request) -> Response:
    """POST /admin/account/stop-acting: be oneself again."""
    await read_form(request)
    opened = await _stop(request)
    response = RedirectResponse(_SIGN_IN if opened is None else _HOME, 303)
    if opened is None:
        drop_session(response)
    else:
        keep_session(request, response, opened)
    return response


async def begin_as(request: Request, user_id: int) -> Opened:
    """Open a session in which the viewer acts as somebody.

    Raises NoConsent, ProofNeeded, MoreThanOwn.
    """
    viewer, session = own_session(request)
    origin = (address_of(request), request.headers.get("user-agent", ""))
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        people.check_administrator(tx)
        await account.check_proved(tx, session)
        member = await tx.row(MEMBER_BY_USER, tenant=tx.tenant.id, user_id=user_id)
        if member is not None:
            people.check_in_reach(tx, member)
        if not viewer.standing.is_administrator:
            raise Forbidden("Only an administrator may act as somebody else.")
        return await acting.begin(tx, session, user_id, origin)


async def _stop(request: Request) -> Opened | None:
    bearer: Bearer | None = bearer_of(request)
    if bearer is None or bearer.actor is None or bearer.session is None:
        raise NotActing("You are yourself.")
    async with database_of(request).write_apart(tenant_of(request), bearer.viewer) as tx:
        return await acting.stop(tx, bearer.session, bearer.actor, address_of(request))


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route("/api/account/acting", allow_acting, methods=["POST"]),
    Route("/api/account/acting", forbid_acting, methods=["DELETE"]),
    Route("/api/people/{id}/acting", begin_acting, methods=["POST"]),
    Route("/api/session/acting", stop_acting, methods=["DELETE"]),
    Route("/admin/account/stop-acting", do_stop_acting, methods=["POST"]),
)
