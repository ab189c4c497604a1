"""Bodies beyond the limit are refused before they are read, whether or not they were announced."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fieldstone.platform.middleware.body_limit import BodyLimit
from fieldstone.platform.middleware.errors import Errors
from fieldstone.platform.middleware.request_id import RequestId
from tests.support.app import problems_of

LIMIT = 1000
FORM_LIMIT = 5000
FORM = {"content-type": "Multipart/Form-Data; boundary=x"}


class Endpoint:
    """Reads all that is sent, and notes how much that was."""

    def __init__(self) -> None:
        self.read_bytes = 0
        self.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        async for part in Request(scope, receive).stream():
            self.read_bytes += len(part)
        await Response(f"{self.read_bytes}")(scope, receive, send)


async def post(
    endpoint: Endpoint, content: object, headers: dict[str, str] | dict[str, bytes]
) -> httpx.Response:
    app = RequestId(Errors(BodyLimit(endpoint, LIMIT, FORM_LIMIT)))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.post("/", content=content, headers=headers)  # type: ignore[arg-type]


async def pieces(number: int) -> AsyncIterator[bytes]:
    for _ in range(number):
        yield b"x" * 100


@pytest.mark.parametrize(("size", "headers"), [(LIMIT, {}), (FORM_LIMIT, FORM)])
async def test_body_of_just_the_limit_is_let_through(size: int, headers: dict[str, str]) -> None:
    answer = await post(Endpoint(), b"x" * size, headers)

    assert (answer.status_code, answer.text) == (200, f"{size}")


@pytest.mark.parametrize(("size", "headers"), [(LIMIT, {}), (FORM_LIMIT, FORM)])
async def test_announced_length_is_refused_before_anything_is_read(
    size: int, headers: dict[str, str]
) -> None:
    endpoint = Endpoint()

    answer = await post(endpoint, b"x" * (size + 1), headers)

    assert answer.status_code == 413
    [problem] = problems_of(answer)
    assert problem["code"] == "request.too_large"
    assert f"larger than {size} bytes" in problem["message"]
    assert endpoint.calls == 0


@pytest.mark.parametrize(("size", "headers"), [(LIMIT, {}), (FORM_LIMIT, FORM)])
async def test_body_that_announces_nothing_is_read_to_the_limit_and_no_further(
    size: int, headers: dict[str, str]
) -> None:
    endpoint = Endpoint()

    answer = await post(endpoint, pieces(1000), headers)

    assert answer.status_code == 413
    assert endpoint.read_bytes == size
    problems_of(answer)


@pytest.mark.parametrize(("length", "calls"), [("²", 1), ("-1", 1), ("", 1), ("9" * 5000, 0)])
async def test_length_that_lies_helps_nobody(length: str, calls: int) -> None:
    endpoint = Endpoint()

    answer = await post(endpoint, b"x" * 2000, {"content-length": length.encode("latin-1")})

    assert answer.status_code == 413
    assert endpoint.calls == calls
