"""Turns every error into an answer of the one shape; what is unknown says nothing but its id."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldstone.errors import FieldstoneError, Problem, Unavailable
from fieldstone.metadata.values import write_json_bytes
from fieldstone.platform.errors import error_body, headers_of, status_of, translated
from fieldstone.platform.middleware.host import host_of

LOGGER: Final = logging.getLogger("fieldstone.requests")
_WORDS: Final = {404: "There is nothing at this address.", 405: "This address takes other methods."}
_CODES: Final = {404: "request.unknown_address", 405: "request.wrong_method"}

Page = Callable[[Request, int, tuple[Problem, ...]], Response]


class Errors:
    """Catches what the inner application raises. show_page renders errors of pages for people."""

    def __init__(self, app: ASGIApp, show_page: Page | None = None) -> None:
        self._app = app
        self._show_page = show_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watching(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watching)
        except Exception as error:
            if started:
                # Half an answer is out already; only breaking off tells the client so.
                raise
            response = self._respond(Request(scope, receive), error)
            await response(scope, receive, send)

    def _respond(self, request: Request, error: Exception) -> Response:
        request_id = request.scope["state"]["request_id"]
        status, problems, headers = _read(error, request_id)
        if self._show_page is not None and _is_page(request):
            shown = self._show_page(request, status, problems)
            shown.headers.update(headers)
            return shown
        body = write_json_bytes(error_body(problems, request_id))
        return Response(body, status, headers, media_type="application/json")


def _read(error: Exception, request_id: str) -> tuple[int, tuple[Problem, ...], dict[str, Any]]:
    if isinstance(error, HTTPException):
        message = _WORDS.get(error.status_code, f"{error.detail}.")
        headers = dict(error.headers or {})
        return (
            error.status_code,
            (Problem(_CODES.get(error.status_code, "request.refused"), message),),
            headers,
        )
    known: FieldstoneError | None = translated(error)
    if known is not None:
        if known is not error and isinstance(known, Unavailable):
            LOGGER.warning("request %s: %s", request_id, error)
        return status_of(known), known.problems, headers_of(known)
    LOGGER.error("request %s failed", request_id, exc_info=error)
    problem = Problem(
        "internal.error",
        "Something went wrong on our side.",
        hint=f"Quote {request_id} when you report it.",
    )
    return 500, (problem,), {}


def _is_page(request: Request) -> bool:
    """Tell whether a person looks at the answer; not where Host is no name, of which no page is."""
    path: str = request.scope["path"]
    is_page = path in {"/", "/admin", "/sign-in", "/oauth/authorize"} or path.startswith(
        ("/admin/", "/welcome/")
    )
    return is_page and host_of(request) != ""
