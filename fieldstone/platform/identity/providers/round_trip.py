"""The way to a provider and back, by one browser: state, nonce and PKCE (RFC 7636).

What has to come back is kept in the browser itself, sealed, for ten minutes: a cookie for each
departure, so that two windows do not get into each other's way.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.platform.identity.sealing import Sealer, Unsealable

_COOKIE: Final = "fs_way_"
_NAMED: Final = 12
_LASTS_S: Final = 600
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody who set out to a provider.

    back: where they go on afterwards. session: of somebody who is in already, and shows once more
    who they are; None for those who sign in.
    """

    tenant: int
    provider: str
    issuer: str
    state: str
    nonce: str
    verifier: str
    back: str
    at: float
    session: int | None = None

    def is_to(self, provider: str, body: IdentityProviderBody) -> bool:
        """Tell whether it was to this provider, as it is declared now."""
        return (self.provider, self.issuer) == (provider, body.issuer)

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier (RFC 7636, section 4.2)."""
        return challenge_of(self.verifier)


def depart(
    tenant: int, provider: tuple[str, str], back: str, session: int | None = None
) -> Departure:
    """Set out, with fresh secrets. provider: its name and issuer."""
    state, nonce, verifier = (secrets.token_urlsafe(_BYTES) for _ in range(3))
    at = datetime.now(UTC).timestamp()
    return Departure(tenant, *provider, state, nonce, verifier, back, at, session)


def answering(departure: Departure, asked: str) -> Departure:
    """Give a departure whose answer has to name what was asked."""
    return replace(departure, nonce=asked)


def challenge_of(verifier: str) -> str:
    """Give the challenge S256 of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def keep(response: Response, departure: Departure, sealer: Sealer) -> None:
    """Let the browser keep what it must bring back; no script reads it."""
    name = _COOKIE + departure.state[:_NAMED]
    sealed = sealer.seal(msgspec.json.encode(departure), name)
    response.set_cookie(
        name,
        base64.urlsafe_b64encode(sealed).decode(),
        max_age=_LASTS_S,
        httponly=True,
        samesite="lax",
        # A cookie that belongs to this host alone is sent to all of its addresses.
        path="/",
    )


def find(request: Request, state: str, sealer: Sealer) -> Departure | None:
    """Give the departure of this browser that a state belongs to; None if there is none."""
    name = _COOKIE + state[:_NAMED]
    try:
        sealed = base64.urlsafe_b64decode(request.cookies.get(name, ""))
        departure = msgspec.json.decode(sealer.open(sealed, name), type=Departure)
    except (Unsealable, ValueError, msgspec.DecodeError):
        return None
    fresh = datetime.now(UTC).timestamp() - departure.at <= _LASTS_S
    mine = secrets.compare_digest(departure.state.encode(), state.encode())
    return departure if fresh and mine else None


def forget(request: Request, response: Response, state: str) -> None:
    """Let the browser forget a departure: a way is gone once."""
    name = _COOKIE + state[:_NAMED]
    if name in request.cookies:
        response.delete_cookie(name, path="/", httponly=True, samesite="lax")


def with_query(address: str, **parameters: str) -> str:
    """Give an address with more parameters."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"
