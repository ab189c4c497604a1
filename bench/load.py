"""A load generator: so many connections, each with one request under way at any time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter
from typing import Any

import httptools

_WAIT_S = 60.0


class Refused(Exception):
    """An answer that is none: the server did not do what was measured."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of one server, over and over. requests: whole requests as bytes."""

    port: int
    requests: tuple[bytes, ...]


@dataclass(slots=True)
class _Turn:
    """One stretch of measuring."""

    requests: Iterator[bytes]
    done: asyncio.Event = field(default_factory=asyncio.Event)
    end: float = 0.0
    answered: int = 0
    error: Exception | None = None


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as an answer is there."""

    def __init__(self, turn: _Turn) -> None:
        self._turn = turn
        self._parser = httptools.HttpResponseParser(self)
        self._transport: Any = None  # uvloop's is none of asyncio's classes.
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.write(next(self._turn.requests))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Keep the beginning of an answer, for the case that it is a refusal."""
        self._body = body[:500]

    def on_message_complete(self) -> None:
        """Count the answer and ask again."""
        turn = self._turn
        if self._parser.get_status_code() >= 300:
            turn.error = Refused(f"{self._parser.get_status_code()}: {self._body.decode()}")
        turn.answered += 1
        if turn.error is None and perf_counter() < turn.end:
            self._transport.write(next(turn.requests))
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._turn.error = self._turn.error or exc
        self._turn.done.set()


async def answers_per_second(target: Target, seconds: float, connections: int) -> float:
    """Ask a server for a while and give how many answers came in a second. Raises Refused."""
    loop = asyncio.get_running_loop()
    turns = [_Turn(requests) for requests in _spread(target.requests, connections)]
    begun = perf_counter()
    for turn in turns:
        turn.end = begun + seconds
        await loop.create_connection(lambda turn=turn: _Connection(turn), "127.0.0.1", target.port)  # type: ignore[misc]
    for turn in turns:
        await asyncio.wait_for(turn.done.wait(), seconds + _WAIT_S)
        if turn.error is not None:
            raise turn.error
    return sum(turn.answered for turn in turns) / (perf_counter() - begun)


def _spread(requests: tuple[bytes, ...], connections: int) -> Iterator[Iterator[bytes]]:
    """Give each connection a place of its own to begin at, so that none ask the same at once."""
    for number in range(connections):
        start = number * len(requests) // connections
        yield cycle(requests[start:] + requests[:start])


def request_bytes(
    method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """Write a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join((*lines, "", "")).encode() + body
