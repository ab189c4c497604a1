"""Reads what a program asks of somebody's browser (RFC 6749, section 4.1.1; RFC 7636; RFC 9207)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fieldstone.metadata.catalog import Catalog
from fieldstone.platform.identity.oauth.apps import App, find_app, returns_to
from fieldstone.platform.identity.oauth.asked_scopes import read_scopes
from fieldstone.platform.identity.oauth.errors import (
    OAuthRefusal,
    UnknownApp,
    WrongReturnAddress,
    invalid_request,
)
from fieldstone.platform.identity.oauth.grants import BY_CODE
from fieldstone.platform.identity.providers.round_trip import with_query

PARAMETERS: Final = (
    *("client_id", "redirect_uri", "response_type", "scope", "state"),
    *("code_challenge", "code_challenge_method", "prompt"),
)
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_STATE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is sent back to, whatever comes of it. state: what the program gets back."""

    app: App
    redirect_uri: str
    state: str
    issuer: str

    def with_error(self, refusal: OAuthRefusal) -> str:
        """Give the address that tells the program what is wrong."""
        told = {"error": refusal.error, "error_description": refusal.problem.message}
        return self._with(told)

    def with_code(self, code: str) -> str:
        """Give the address that brings the program its code."""
        return self._with({"code": code})

    def _with(self, told: Mapping[str, str]) -> str:
        state = {"state": self.state} if self.state else {}
        return with_query(self.redirect_uri, **told, **state, iss=self.issuer)


@dataclass(frozen=True, slots=True)
class Asking:
    """What a program asks for, read whole. prompt: whether somebody must, or must not, be asked."""

    scopes: tuple[str, ...]
    challenge: str
    prompt: str


def read_place(catalog: Catalog, sent: Mapping[str, str], issuer: str) -> Place:
    """Give where to send somebody back to. Raises UnknownApp, WrongReturnAddress.

    Until both are known to be right, nobody is sent anywhere.
    """
    app = find_app(catalog, sent.get("client_id", ""))
    if app is None:
        raise UnknownApp("This program is not known here.", hint="Ask whoever made it.")
    address = sent.get("redirect_uri", "")
    if not returns_to(app, address):
        raise WrongReturnAddress(
            f"{app.body.label} wants you sent to an address that is not its own.",
            hint="An administrator can add it to the connected app.",
        )
    return Place(app, address, sent.get("state", "")[:_LONGEST_STATE], issuer)


def read_asking(place: Place, sent: Mapping[str, str]) -> Asking:
    """Read the rest of what a program asks for. Raises OAuthRefusal."""
    body = place.app.body
    if sent.get("response_type") != "code":
        raise OAuthRefusal("unsupported_response_type", "There are codes alone.")
    if BY_CODE not in body.grants:
        raise OAuthRefusal("unauthorized_client", "This client asks nobody.")
    challenge = sent.get("code_challenge", "")
    if sent.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise invalid_request("PKCE with the method S256 is needed.")
    return Asking(read_scopes(place.app, sent.get("scope", "")), challenge, sent.get("prompt", ""))
