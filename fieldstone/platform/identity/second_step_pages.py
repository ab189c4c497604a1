"""Pages: the second step of signing in, setting one up where it is needed, and passkeys alone."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.api.requests import json_response
from fieldstone.errors import FieldstoneError
from fieldstone.metadata.values import JsonObject, read_json
from fieldstone.platform.identity import second_step
from fieldstone.platform.identity.cookies import keep_session
from fieldstone.platform.identity.door_forms import (
    door_page,
    drop_step,
    keep_step,
    let_in,
    read_small,
    sign_in_door,
    step_of_browser,
    text_of,
    way_back,
)
from fieldstone.platform.identity.endpoints import door_of
from fieldstone.platform.identity.errors import StepEnded, WrongFactor
from fieldstone.platform.identity.passkeys import has_passkeys, site_of_request
from fieldstone.platform.identity.sign_in import Opened

_SIGN_IN: Final = "/sign-in"


async def show_second(request: Request) -> Response:
    """GET /sign-in/second: a code, or a passkey."""
    return await _second(request, way_back(request.query_params.get("next")))


async def do_second(request: Request) -> Response:
    """POST /sign-in/second: take the second step."""
    form = await read_small(request)
    door, token, back = door_of(request), step_of_browser(request), way_back(text_of(form, "next"))
    signed = text_of(form, "credential")
    try:
        if signed:
            site = site_of_request(request)
            opened = await second_step.take_passkey(door, site, token, read_credential(signed))
        else:
            opened = await second_step.take_code(door, token, text_of(form, "code"))
    except StepEnded as error:
        return await _from_the_start(request, error, back)
    except FieldstoneError as error:
        return await _second(request, back, error)
    return let_in(request, opened, back)


async def ask_second(request: Request) -> Response:
    """POST /sign-in/second/options: what the browser needs to ask for a passkey."""
    await read_small(request)
    token = step_of_browser(request)
    options = await second_step.ask_passkey(door_of(request), site_of_request(request), token)
    return json_response({"options": options})


async def ask_alone(request: Request) -> Response:
    """POST /sign-in/passkey/options: what the browser needs to sign in with a passkey alone."""
    await read_small(request)
    begun, options = await second_step.begin_alone(door_of(request), site_of_request(request))
    response = json_response({"options": options})
    keep_step(response, begun.token, begun.expires_at)
    return response


async def do_alone(request: Request) -> Response:
    """POST /sign-in/passkey: sign in with a passkey alone."""
    form = await read_small(request)
    token, back = step_of_browser(request), way_back(text_of(form, "next"))
    try:
        credential = read_credential(text_of(form, "credential"))
        site = site_of_request(request)
        opened = await second_step.take_alone(door_of(request), site, token, credential)
    except FieldstoneError as error:
        return await _from_the_start(request, error, back)
    return let_in(request, opened, back)


async def show_enrolment(request: Request) -> Response:
    """GET /sign-in/enrol: set up the second factor that the organization wants."""
    return await _enrolment(request, way_back(request.query_params.get("next")))


async def do_enrolment(request: Request) -> Response:
    """POST /sign-in/enrol: the first code, or a new passkey; then one is in."""
    form = await read_small(request)
    door, token, back = door_of(request), step_of_browser(request), way_back(text_of(form, "next"))
    made = text_of(form, "credential")
    try:
        if made:
            site, name = site_of_request(request), text_of(form, "name")
            opened, codes = await second_step.enrol_passkey(
                door, site, token, read_credential(made), name
            )
        else:
            opened, codes = await second_step.enrol_code(door, token, text_of(form, "code"))
    except StepEnded as error:
        return await _from_the_start(request, error, back)
    except FieldstoneError as error:
        return await _enrolment(request, back, error)
    return _codes(request, opened, codes, back)


async def ask_enrolment(request: Request) -> Response:
    """POST /sign-in/enrol/options: what the browser needs to make a passkey."""
    await read_small(request)
    token = step_of_browser(request)
    options = await second_step.ask_enrolment(door_of(request), site_of_request(request), token)
    return json_response({"options": options})


def read_credential(text: str) -> JsonObject:
    """Read what a form has of a passkey. Raises WrongFactor."""
    try:
        found = read_json(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise WrongFactor("There is no passkey in this.", hint="Try again.")
    return found


async def _second(request: Request, back: str, error: FieldstoneError | None = None) -> Response:
    token = step_of_browser(request)
    try:
        methods = await second_step.ways(door_of(request), token)
    except StepEnded as ended:
        return await _from_the_start(request, error or ended, back)
    return door_page(
        request,
        "second_step.html",
        "One more step",
        error,
        methods=methods,
        passkeys="passkey" in methods and has_passkeys(request),
        next=back,
    )


async def _enrolment(request: Request, back: str, error: FieldstoneError | None = None) -> Response:
    token = step_of_browser(request)
    try:
        made = await second_step.begin_enrolment(door_of(request), token, again=True)
    except StepEnded as ended:
        return await _from_the_start(request, error or ended, back)
    return door_page(
        request,
        "second_step_setup.html",
        "A second factor",
        error,
        made=made,
        passkeys=has_passkeys(request),
        next=back,
    )


def _codes(request: Request, opened: Opened, codes: tuple[str, ...], back: str) -> Response:
    if not codes:
        return let_in(request, opened, back)
    response = door_page(request, "door_codes.html", "Recovery codes", codes=codes, next=back)
    keep_session(request, response, opened)
    drop_step(response)
    return response


async def _from_the_start(request: Request, error: FieldstoneError, back: str) -> Response:
    """Show the form to sign in again, with what went wrong."""
    if not step_of_browser(request) and isinstance(error, StepEnded):
        return RedirectResponse(_SIGN_IN, 303)
    response = await sign_in_door(request, back, error)
    drop_step(response)
    return response


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route("/sign-in/second", show_second),
    Route("/sign-in/second", do_second, methods=["POST"]),
    Route("/sign-in/second/options", ask_second, methods=["POST"]),
    Route("/sign-in/passkey", do_alone, methods=["POST"]),
    Route("/sign-in/passkey/options", ask_alone, methods=["POST"]),
    Route("/sign-in/enrol", show_enrolment),
    Route("/sign-in/enrol", do_enrolment, methods=["POST"]),
    Route("/sign-in/enrol/options", ask_enrolment, methods=["POST"]),
)
