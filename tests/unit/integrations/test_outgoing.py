"""What the server asks of others stays on the Internet, and within its limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from fieldstone.integrations.outgoing import Outgoing, OutgoingFailed, PrivateAddress, is_public

INSIDE = Outgoing(allow_private=True, time_s=1.0, limit_bytes=1000)


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1"),
        *("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "ff02::1"),
    ],
)
def test_address_inside_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_address_on_the_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "address",
    [
        *("https://127.0.0.1/x", "https://localhost:9/", "https://[::1]/", "http://93.184.215.14/"),
        *("https://2130706433/", "https://0x7f.1/", "file:///etc/passwd", "https://u:p@1.1.1.1/"),
        *("//1.1.1.1/", "", "https://", "gopher://1.1.1.1/"),
    ],
)
async def test_nothing_is_sent_into_the_network(address: str) -> None:
    with pytest.raises(PrivateAddress):
        await Outgoing().get(address)


@asynccontextmanager
async def a_server(answer: bytes) -> AsyncIterator[str]:
    """Serve one answer; none at all where it is empty, until whoever asked gives up."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if not answer:
            await reader.read()
        writer.close()
        done.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await done.wait()


async def test_answer_is_given_with_its_status() -> None:
    async with a_server(b"HTTP/1.1 404 No\r\ncontent-length: 4\r\n\r\nnope") as address:
        answered = await INSIDE.get(address)

    assert (answered.status, answered.body) == (404, b"nope")


async def test_redirect_is_not_followed() -> None:
    head = b"HTTP/1.1 302 Go\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
    async with a_server(head) as address:
        answered = await INSIDE.get(address)

    assert answered.status == 302


async def test_answer_beyond_the_limit_is_refused() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n"
    async with a_server(head + b"x" * 2000) as address:
        with pytest.raises(OutgoingFailed):
            await INSIDE.get(address)


async def test_answer_that_takes_too_long_is_refused() -> None:
    async with a_server(b"") as address:
        with pytest.raises(OutgoingFailed):
            await INSIDE.get(address)


async def test_server_that_is_away_is_told_of() -> None:
    with pytest.raises(OutgoingFailed):
        await INSIDE.get("http://127.0.0.1:9/")
