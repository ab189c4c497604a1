"""How commands reach the platform: a running server by its address, or a data directory itself.

With a data directory the platform runs for as long as the command does, so that both ways give
the same answers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click
import httpx

from fieldstone.errors import FieldstoneError, Problem, Span, Unavailable
from fieldstone.metadata.values import Json, read_json
from fieldstone.platform.identity.operator import operator_note
from fieldstone.platform.servers import servers
from fieldstone.platform.settings import LOOPBACK, Settings, find_secret_key, load_settings
from fieldstone.platform.supervisor import Supervisor

_TIMEOUT_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Where:
    """Which platform a command means: url of a server, or data, a directory of its own.

    tenant: its name; "" for the one of the address.
    """

    url: str | None
    data: Path | None
    tenant: str


Command = Callable[..., None]


def reaches_platform(command: Command) -> Command:
    """Give a command the options --url, --data and --tenant."""
    for option in (
        click.option(
            "--tenant", default="", help="Name of the tenant.  [default: the one of the address]"
        ),
        click.option("--data", type=click.Path(path_type=Path), help="Work on this directory."),
        click.option("--url", help="Address of the server.  [default: the local one]"),
    ):
        command = option(command)
    return command


class ServerUnreachable(Unavailable):
    """No server answers at the address."""

    code = "client.unreachable"


class ServerRefused(FieldstoneError):
    """What the server answered instead of what was asked for."""

    code = "client.refused"

    def __init__(self, status: int, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems[0].message if problems else f"The server answered {status}.")
        self.status = status
        self.problems = problems or self.problems


@dataclass(frozen=True, slots=True)
class Client:
    """Sends the requests of one command."""

    http: httpx.Client

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """Send a request, give the JSON of its answer. Raises ServerRefused, ServerUnreachable."""
        try:
            return checked(self.http.request(method, path, **request))
        except httpx.TransportError as error:
            raise ServerUnreachable(
                f"No server answers at {self.http.base_url}.",
                hint="Start one with ./crm serve, or name another with --url.",
            ) from error


def pages_of(client: Client, path: str, key: str) -> list[dict[str, Any]]:
    """Ask for a list, page by page. key: what the answers have it under."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        asked = {"limit": 500, **({"cursor": cursor} if cursor else {})}
        page = client.ask("GET", path, params=asked)
        found.extend(page[key])
        cursor = page["next"]
    return found


@contextmanager
def connected(where: Where) -> Iterator[Client]:
    """Connect to the server that a command names, or run one on its data for the block."""
    if where.data is None:
        settings = load_settings(os.environ, {"server_url": where.url})
        with _client(settings.url, where.tenant, _bearer(settings)) as client:
            yield client
        return
    chosen = {"data": where.data, "host": "127.0.0.1", "port": 0}
    settings = replace(load_settings(os.environ, chosen), server_url=None)
    with (
        servers(settings, _say_nothing) as ready,
        Supervisor(ready, _say_nothing).started() as url,
        _client(url, where.tenant, _note(settings)) as client,
    ):
        yield client


@contextmanager
def _client(url: str, tenant: str, bearer: str | None) -> Iterator[Client]:
    headers = {"X-Tenant": tenant} if tenant else {}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    with httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT_S, trust_env=False) as http:
        yield Client(http)


def _bearer(settings: Settings) -> str | None:
    """Give what says who runs a command: their token; on the machine itself, the operator's note.

    Nobody else is told it: whoever could read the note might send it on.
    """
    if settings.token:
        return settings.token
    return _note(settings) if urlsplit(settings.url).hostname in LOOPBACK else None


def _note(settings: Settings) -> str | None:
    """Give the operator's note to whoever may read the key; None for others."""
    try:
        key = find_secret_key(settings)
    except OSError:
        return None
    return None if key is None else operator_note(key)


def _say_nothing(text: str) -> None:
    """Keep the messages of a server that runs for one command to itself."""


def checked(answer: httpx.Response) -> Json:
    """Give the JSON of an answer. Raises ServerRefused with the server's own problems."""
    if answer.is_success:
        return read_json(answer.content) if answer.content else None
    try:
        body = read_json(answer.content)
    except ValueError:
        body = None
    errors = body.get("errors") if isinstance(body, dict) else None
    found = errors if isinstance(errors, list) else []
    raise ServerRefused(answer.status_code, tuple(_problem(one) for one in found))


def _problem(error: Any) -> Problem:
    at = error.get("at")
    place = Span(at["line"], at["column"], at["length"]) if isinstance(at, dict) else at
    return Problem(error["code"], error["message"], place, error.get("hint"))
