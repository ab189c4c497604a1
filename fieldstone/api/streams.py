"""Answers that are sent while they are read: whoever goes away ends the work for them at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from fieldstone.runtime.asking import cause_of, database_of, give_time, tenant_of, viewer_of
from fieldstone.runtime.audit.noted_exports import note_export
from fieldstone.runtime.exports import Form, write_answer
from fieldstone.runtime.queries import Question
from fieldstone.runtime.row_streams import Reading, StreamPlaces
from fieldstone.runtime.terms import Feature


class StreamedAnswer(StreamingResponse):
    """Sends chunks as they are made, no faster than the client takes them.

    Nothing is sent before the first chunk is there, so that an error until then has its status.
    patience_s: how long one chunk may take to be made.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[bytes, None],
        media_type: str,
        headers: Mapping[str, str],
        patience_s: float,
    ) -> None:
        super().__init__(chunks, media_type=media_type, headers=headers)
        self._chunks = chunks
        self._patience_s = patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, or stop making it when the client has gone."""
        gone = asyncio.create_task(_until_gone(receive))
        sending = asyncio.create_task(self._send_all(scope, send))
        try:
            await asyncio.wait((gone, sending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            unfinished = not sending.done()
            gone.cancel()
            sending.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)
            await self._chunks.aclose()
        if not unfinished:
            sending.result()

    async def _send_all(self, scope: Scope, send: Send) -> None:
        chunk = await self._next(scope)
        head = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **head})
        while chunk is not None and scope["method"] != "HEAD":
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = await self._next(scope)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next(self, scope: Scope) -> bytes | None:
        give_time(scope, self._patience_s)
        chunk = await anext(self._chunks, None)
        give_time(scope, 0.0)  # a client that takes nothing has no more patience than usual
        return chunk


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def streamed(
    request: Request, question: Question, form: Form, headers: Mapping[str, str]
) -> StreamedAnswer:
    """Answer a request with what a question gives, in a form; places for streams are few."""
    places: StreamPlaces = request.app.state.streams
    limits, tenant = places.limits, tenant_of(request)
    tenant.terms.require(Feature.EXPORTS)
    reading = Reading(database_of(request), tenant, viewer_of(request), limits)

    async def chunks() -> AsyncGenerator[bytes, None]:
        with places.taken(tenant):
            async with aclosing(write_answer(reading, question, form)) as written:
                noted = False
                async for chunk in written:
                    if not noted:
                        # Before anything leaves: what was refused is no export.
                        noted = await _note(request, question, form)
                    yield chunk

    return StreamedAnswer(chunks(), form.kind.media_type, headers, limits.whole_s)


async def _note(request: Request, question: Question, form: Form) -> bool:
    async with database_of(request).write_apart(
        tenant_of(request), viewer_of(request), cause_of(request)
    ) as tx:
        await note_export(tx, question, form)
    return True
