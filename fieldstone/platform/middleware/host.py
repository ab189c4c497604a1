"""Which host a request was sent to, read from headers that may hold anything."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

_HOST: Final = re.compile(
    r"(?P<name>[a-z0-9._~-]{1,253}|\[[0-9a-f:.]{2,45}\])(?P<port>:[0-9]{0,5})?"
)


def host_of(request: Request) -> str:
    """Give the name in the header Host, without port and brackets; "" if that is no name.

    A client too old to send one is taken to mean the address it reached.
    """
    given = request.headers.get("host")
    if given is None:
        server = request.scope.get("server") or ("", None)
        return str(server[0])
    match = _HOST.fullmatch(given.strip().lower())
    return match["name"].strip("[]") if match else ""


def port_of(request: Request) -> str:
    """Give the port in the header Host, with its colon; "" where it names none."""
    match = _HOST.fullmatch(request.headers.get("host", "").strip().lower())
    named = match["port"] if match else None
    return named if named and named != ":" else ""


def is_origin_of(origin: str, request: Request) -> bool:
    """Tell whether the page that sent a request came from the host that it was sent to."""
    try:
        return urlsplit(origin).netloc == request.headers.get("host")
    except ValueError:
        return False
