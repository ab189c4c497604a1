"""Endpoints for the second step of signing in, for passkeys alone, and for proof on the way."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import BadJson, json_response, read_object
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.platform.identity import second_step
from fieldstone.platform.identity.endpoints import (
    door_of,
    entered_answer,
    own_session,
    text_in,
)
from fieldstone.platform.identity.factors import Enrolment
from fieldstone.platform.identity.passkeys import described, site_of_request


async def take_second_step(request: Request) -> Response:
    """POST /api/session/second: {"token", "code"} or {"token", "credential"} signs in."""
    body = await read_object(request)
    token, door = text_in(body, "token"), door_of(request)
    if "credential" in body:
        site = site_of_request(request)
        opened = await second_step.take_passkey(door, site, token, described(body))
    else:
        opened = await second_step.take_code(door, token, text_in(body, "code"))
    return entered_answer(request, opened)


async def ask_passkey(request: Request) -> Response:
    """POST /api/session/second/options: {"token"}: what a browser needs to ask for a passkey."""
    body = await read_object(request)
    site = site_of_request(request)
    options = await second_step.ask_passkey(door_of(request), site, text_in(body, "token"))
    return json_response({"options": options})


async def begin_passkey(request: Request) -> Response:
    """POST /api/session/passkey/options: what a browser needs to sign in with a passkey alone."""
    begun, options = await second_step.begin_alone(door_of(request), site_of_request(request))
    return json_response({"token": begun.token, "options": options})


async def take_passkey(request: Request) -> Response:
    """POST /api/session/passkey: {"token", "credential"} signs in with a passkey alone."""
    body = await read_object(request)
    site, token = site_of_request(request), text_in(body, "token")
    opened = await second_step.take_alone(door_of(request), site, token, described(body))
    return entered_answer(request, opened)


async def begin_enrolment(request: Request) -> Response:
    """POST /api/session/enrol/authenticator: {"token"}: a key for an app, before one is in."""
    body = await read_object(request)
    made = await second_step.begin_enrolment(door_of(request), text_in(body, "token"))
    return json_response(shown_enrolment(made), 201)


async def ask_enrolment(request: Request) -> Response:
    """POST /api/session/enrol/passkey: {"token"}: what a browser needs to make a passkey."""
    body = await read_object(request)
    site = site_of_request(request)
    options = await second_step.ask_enrolment(door_of(request), site, text_in(body, "token"))
    return json_response({"options": options})


async def enrol(request: Request) -> Response:
    """POST /api/session/enrol: {"token", "code"} or {"token", "credential", "name"?} signs in."""
    body = await read_object(request)
    token, door = text_in(body, "token"), door_of(request)
    if "credential" in body:
        site = site_of_request(request)
        opened, codes = await second_step.enrol_passkey(
            door, site, token, described(body), name_in(body)
        )
    else:
        opened, codes = await second_step.enrol_code(door, token, text_in(body, "code"))
    return entered_answer(request, opened, more={"recovery_codes": list(codes)})


async def prove(request: Request) -> Response:
    """POST /api/session/proof: {"password"}, {"code"} or {"token", "credential"}."""
    viewer, session = own_session(request)
    body, door = await read_object(request), door_of(request)
    if "credential" in body:
        site, token = site_of_request(request), text_in(body, "token")
        await second_step.prove_by_passkey(door, site, (viewer, session), token, described(body))
    elif "code" in body:
        await second_step.prove_by_code(door, viewer, session, text_in(body, "code"))
    elif "password" in body:
        await second_step.prove_by_password(door, viewer, session, text_in(body, "password"))
    else:
        raise BadJson("Send password, code, or token and credential.")
    return Response(status_code=204)


async def ask_proof(request: Request) -> Response:
    """POST /api/session/proof/options: what a browser needs to prove it with a passkey."""
    viewer, _ = own_session(request)
    begun, options = await second_step.ask_proof(door_of(request), site_of_request(request), viewer)
    return json_response({"token": begun.token, "options": options})


def shown_enrolment(made: Enrolment) -> dict[str, Json]:
    """Give a key for an app as callers see it. picture: the address as an SVG of a QR code."""
    return {"key": made.key, "address": made.address, "picture": made.picture}


def name_in(body: JsonObject) -> str:
    """Give what something is to be called; nothing where that is left out. Raises BadJson."""
    return text_in(body, "name") if body.get("name") is not None else ""


ROUTES: Final = (
    Route("/api/session/second", take_second_step, methods=["POST"]),
    Route("/api/session/second/options", ask_passkey, methods=["POST"]),
    Route("/api/session/passkey", take_passkey, methods=["POST"]),
    Route("/api/session/passkey/options", begin_passkey, methods=["POST"]),
    Route("/api/session/enrol", enrol, methods=["POST"]),
    Route("/api/session/enrol/authenticator", begin_enrolment, methods=["POST"]),
    Route("/api/session/enrol/passkey", ask_enrolment, methods=["POST"]),
    Route("/api/session/proof", prove, methods=["POST"]),
    Route("/api/session/proof/options", ask_proof, methods=["POST"]),
)
