"""Cuts requests that take too long; PostgreSQL gives up what it was doing for them."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldstone.errors import Unavailable
from fieldstone.runtime.asking import TIME_GRANT


class RequestTimedOut(Unavailable):
    """The request took longer than one may."""

    code = "request.timeout"


class TimeLimit:
    """Cancels what a request does once nothing has come of it for limit_s.

    An upload or a download may take longer in all, as long as parts of it go through. What is
    known to take longer until its next part asks for that (asking.give_time).
    """

    def __init__(self, app: ASGIApp, limit_s: float) -> None:
        self._app = app
        self._limit_s = limit_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises RequestTimedOut."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = asyncio.timeout(self._limit_s)

        def grant(seconds: float) -> None:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time() + max(seconds, self._limit_s))

        def begin_again(message: Message) -> None:
            # The last part of all changes nothing, so that most requests set one timer only.
            if message.get("more_body") and not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time() + self._limit_s)

        async def receiving() -> Message:
            message = await receive()
            begin_again(message)
            return message

        async def sending(message: Message) -> None:
            await send(message)
            begin_again(message)

        try:
            async with limit:
                await self._app({**scope, TIME_GRANT: grant}, receiving, sending)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise RequestTimedOut(
                "The request took too long and was cut.",
                hint="Ask for less at a time; look what became of a write before you repeat it.",
            ) from error
