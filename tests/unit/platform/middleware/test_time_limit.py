"""A request that gets nowhere is cut; one that goes on, however slowly, is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fieldstone.platform.middleware.errors import Errors
from fieldstone.platform.middleware.request_id import RequestId
from fieldstone.platform.middleware.time_limit import RequestTimedOut, TimeLimit
from tests.support.app import problems_of

LIMIT_S = 0.15
STEP_S = 0.1


def limited(serve: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    """Give an application of one endpoint."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await serve(Request(scope, receive))
        await response(scope, receive, send)

    return RequestId(Errors(TimeLimit(app, LIMIT_S)))


async def send(app: ASGIApp, content: AsyncIterator[bytes] | None = None) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.post("/", content=content)


async def slowly() -> AsyncIterator[bytes]:
    for _ in range(5):
        await asyncio.sleep(STEP_S)
        yield b"part"


async def test_request_that_gets_nowhere_is_cancelled_and_told() -> None:
    ends: list[str] = []

    async def wait(request: Request) -> Response:
        try:
            await asyncio.sleep(10)
        finally:
            ends.append("cancelled")
        return Response()

    answer = await send(limited(wait))

    [problem] = problems_of(answer)
    assert (answer.status_code, problem["code"]) == (503, "request.timeout")
    assert "retry-after" in answer.headers
    assert ends == ["cancelled"]


async def test_upload_that_goes_on_may_take_longer_in_all() -> None:
    async def read(request: Request) -> Response:
        return Response(await request.body())

    answer = await send(limited(read), slowly())

    assert (answer.status_code, answer.content) == (200, b"part" * 5)


async def test_download_that_goes_on_may_take_longer_in_all() -> None:
    async def write(request: Request) -> Response:
        return StreamingResponse(slowly())

    answer = await send(limited(write))

    assert (answer.status_code, answer.content) == (200, b"part" * 5)


async def test_download_that_stops_is_broken_off() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"part"
        await asyncio.sleep(10)

    async def write(request: Request) -> Response:
        return StreamingResponse(parts())

    with pytest.raises(RequestTimedOut):
        await send(limited(write))


async def test_upload_that_stops_is_cut() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"part"
        await asyncio.sleep(10)

    async def read(request: Request) -> Response:
        return Response(await request.body())

    assert (await send(limited(read), parts())).status_code == 503


async def test_time_limits_within_a_request_stay_their_own() -> None:
    async def wait_a_little(request: Request) -> Response:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(10)
        return Response(b"done")

    assert (await send(limited(wait_a_little))).content == b"done"


async def test_timeouts_of_others_are_not_taken_for_ours() -> None:
    async def fail(request: Request) -> Response:
        raise TimeoutError

    [problem] = problems_of(await send(limited(fail)))

    assert problem["code"] == "service.database"
