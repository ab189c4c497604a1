"""Refuses bodies that are larger than any endpoint may take, before they are in memory."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldstone.api.requests import BodyTooLarge

_FORM: Final = b"multipart/form-data"
_MOST_DIGITS: Final = 18


class BodyLimit:
    """Lets through so many bytes of a body, or of a form, which carries files.

    A length that is announced is looked at before the first byte is read, and what comes is counted
    as it comes. Endpoints have lower limits of their own.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int, form_limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes
        self._form_limit_bytes = form_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises BodyTooLarge, also where the body is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        is_form = headers.get(b"content-type", b"").lower().startswith(_FORM)
        limit_bytes = self._form_limit_bytes if is_form else self._limit_bytes
        if _announces_more(headers.get(b"content-length", b""), limit_bytes):
            raise _too_large(limit_bytes)
        received = 0

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit_bytes:
                raise _too_large(limit_bytes)
            return message

        await self._app(scope, counting, send)


def _announces_more(length: bytes, limit_bytes: int) -> bool:
    """Tell whether Content-Length, which may hold anything, is a number above the limit."""
    return length.isdigit() and (len(length) > _MOST_DIGITS or int(length) > limit_bytes)


def _too_large(limit_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body is larger than {limit_bytes} bytes.", hint="Send it in several requests."
    )
