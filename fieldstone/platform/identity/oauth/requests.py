"""How the OAuth 2 server reads requests and answers them, in the shape that the RFCs give."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.api.requests import json_response, read_body
from fieldstone.metadata.values import JsonObject
from fieldstone.platform.identity.endpoints import try_of
from fieldstone.platform.identity.oauth.apps import Credentials, read_credentials
from fieldstone.platform.identity.oauth.errors import OAuthRefusal, invalid_request
from fieldstone.platform.identity.sign_in import (
    REFUSED_MACHINE,
    Try,
    check_machine,
    note_refusal,
    note_try,
)
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.runtime.transactions import Viewer

NOT_KEPT: Final = {"cache-control": "no-store", "pragma": "no-cache"}
_LIMIT_BYTES: Final = 50_000
_FORM: Final = "application/x-www-form-urlencoded"
_NOBODY: Final = Viewer(None, "")
Endpoint = Callable[[Request], Awaitable[Response]]


async def read_oauth_form(request: Request) -> dict[str, str]:
    """Read a form in which nothing stands twice (RFC 6749, section 3.2). Raises OAuthRefusal."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise invalid_request(f"Send a form as {_FORM}.")
    try:
        text = (await read_body(request, _LIMIT_BYTES)).decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise invalid_request("The form cannot be read.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise invalid_request("Something stands twice in the form.")
    return {name: value for name, value in form.items() if value}


def credentials_in(request: Request, form: dict[str, str]) -> Credentials:
    """Read who a program says it is. Raises OAuthRefusal."""
    return read_credentials(request.headers.get("authorization", ""), form)


def in_oauth_shape(endpoint: Endpoint) -> Endpoint:
    """Answer refusals of an endpoint as RFC 6749, section 5.2, says."""

    @wraps(endpoint)
    async def answering(request: Request) -> Response:
        try:
            return await endpoint(request)
        except OAuthRefusal as refusal:
            told = {"error": refusal.error, "error_description": refusal.problem.message}
            response = answer(told, refusal.status)
            if refusal.error == "invalid_client":
                response.headers["www-authenticate"] = 'Basic realm="fieldstone"'
            return response

    return answering


def answer(told: JsonObject, status: int = 200) -> Response:
    """Answer with JSON that nobody keeps."""
    response = json_response(told, status)
    response.headers.update(NOT_KEPT)
    return response


async def check_rate(request: Request, client_id: str) -> Try:
    """Let no program guess: refusals are counted by where they come from. Raises TooManyTries."""
    tried = try_of(request, f"client:{client_id}", "")
    async with database_of(request).write_apart(tenant_of(request), _NOBODY) as tx:
        await check_machine(tx, tried)
    return tried


async def count_refusal(request: Request, tried: Try) -> None:
    """Note that a program was refused, and count it."""
    async with database_of(request).write_apart(tenant_of(request), _NOBODY) as tx:
        await note_try(tx, tried, REFUSED_MACHINE)
        await note_refusal(tx, tried, None, "program")
