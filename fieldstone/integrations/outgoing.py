"""Requests to addresses that people typed: to public servers alone, bounded in time and size.

A name is looked up once, and the connection goes to what was found then: a name that means
something else a moment later reaches nothing else. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

import httpx

from fieldstone.errors import InvalidInput, Unavailable

_LIMIT_BYTES: Final = 1_000_000
_TIME_S: Final = 10.0
Address = IPv4Address | IPv6Address


class PrivateAddress(InvalidInput):
    """An address within this network, or without TLS, to which the server sends nothing."""

    code = "outgoing.private_address"


class OutgoingFailed(Unavailable):
    """Another server could not be reached, took too long or sent too much."""

    code = "outgoing.failed"


@dataclass(frozen=True, slots=True)
class Answered:
    """What another server answered. body: whole, within the limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Sends requests. allow_private: also within this network and without TLS, as in tests."""

    allow_private: bool = False
    time_s: float = _TIME_S
    limit_bytes: int = _LIMIT_BYTES

    async def get(self, address: str, headers: Mapping[str, str] | None = None) -> Answered:
        """Fetch an address. Raises PrivateAddress, OutgoingFailed."""
        return await self._send(httpx.Request("GET", _url(address), headers=headers))

    async def post_form(
        self, address: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Answered:
        """Send a form to an address. Raises PrivateAddress, OutgoingFailed."""
        return await self._send(httpx.Request("POST", _url(address), data=form, headers=headers))

    async def _send(self, request: httpx.Request) -> Answered:
        host = request.url.host
        try:
            async with asyncio.timeout(self.time_s), self._client() as client:
                pinned = await self._pinned(request)
                answer = await client.send(pinned, stream=True, follow_redirects=False)
                try:
                    body = await self._read(answer)
                finally:
                    await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise OutgoingFailed(
                f"{host} cannot be reached.", hint="Look at the address, or try again later."
            ) from error
        return Answered(answer.status_code, dict(answer.headers), body)

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[httpx.AsyncClient]:
        # Neither proxies nor credentials of the environment are for addresses that people typed.
        async with httpx.AsyncClient(trust_env=False, timeout=self.time_s) as client:
            yield client

    async def _pinned(self, request: httpx.Request) -> httpx.Request:
        """Give a request that goes to what its name means now. Raises PrivateAddress."""
        url = request.url
        if url.scheme != "https" and not (url.scheme == "http" and self.allow_private):
            raise PrivateAddress(
                f"{url.host} is asked by https alone.", hint="Write https://… instead."
            )
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await asyncio.get_running_loop().getaddrinfo(
            url.host, port, type=socket.SOCK_STREAM
        )
        addresses = [ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        if not self.allow_private and not all(map(is_public, addresses)):
            raise PrivateAddress(f"{url.host} is an address within a private network.")
        request.extensions = {**request.extensions, "sni_hostname": url.host}
        request.headers.setdefault("host", url.netloc.decode())
        request.url = url.copy_with(host=str(addresses[0]))
        return request

    async def _read(self, answer: httpx.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > self.limit_bytes:
                raise OutgoingFailed("Another server sent more than it may.")
            parts.append(part)
        return b"".join(parts)


def is_public(address: Address) -> bool:
    """Tell whether an address is somebody's on the Internet, not of this machine or network."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _translated(address)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _translated(address: IPv6Address) -> IPv4Address | None:
    """Give the address that a translator (RFC 6052) would send to; None for any other."""
    packed = address.packed
    if packed[:12] == b"\x00\x64\xff\x9b" + bytes(8):
        return IPv4Address(packed[12:])
    return None


def _url(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise PrivateAddress(f"{address[:200]!r} is no address.") from None
    if not url.host or url.userinfo:
        raise PrivateAddress(f"{address[:200]!r} is no address.")
    return url
