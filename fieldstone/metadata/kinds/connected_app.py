"""The kind connected_app: a program that works here in somebody's name (OAuth 2, RFC 6749)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.api_scopes import API_SCOPES
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.names import NAME, suggestion
from fieldstone.metadata.scope import Scope

GrantName = Literal["authorization_code", "client_credentials", "jwt_bearer"]
Short = Annotated[str, Meta(min_length=1, max_length=120)]
_LOCAL: Final = frozenset({"127.0.0.1", "[::1]", "localhost"})
_KEY_KINDS: Final = frozenset({"RSA", "EC", "OKP"})
_PRIVATE_PARTS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_DANGEROUS: Final = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})


@dataclass(frozen=True, slots=True)
class ConnectedAppBody:
    """A program. Its name is its client id; a digest of its secret is kept apart.

    redirect_uris: where people are sent back to, compared letter by letter. grants: how it gets
    tokens; with authorization_code it is given refresh tokens too, if refresh is set. public: a
    program that can keep no secret, such as one on a phone. scopes: the most that it is given.
    service_user: the address of the service user that it acts as by itself. public_keys: JSON Web
    Keys (RFC 7517) that check what it signs, for jwt_bearer.
    """

    label: Short
    redirect_uris: Annotated[
        tuple[Annotated[str, Meta(min_length=4, max_length=1000)], ...], Meta(max_length=20)
    ] = ()
    grants: Annotated[tuple[GrantName, ...], Meta(min_length=1)] = ("authorization_code",)
    refresh: bool = True
    public: bool = False
    scopes: Annotated[tuple[Short, ...], Meta(min_length=1, max_length=20)] = ("api",)
    service_user: Annotated[str, Meta(min_length=3, max_length=320)] | None = None
    public_keys: Annotated[tuple[dict[str, Any], ...], Meta(max_length=10)] = ()
    access_minutes: Annotated[int, Meta(ge=1, le=1440)] = 60
    refresh_days: Annotated[int, Meta(ge=1, le=400)] = 60
    active: bool = True
    description: Annotated[str, Meta(max_length=4000)] = ""


class ConnectedAppKind(Kind[ConnectedAppBody]):
    """A program of somebody else that people let work here in their name."""

    name = "connected_app"
    body_class = ConnectedAppBody
    shipped = False
    for_administrators = True

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield what would let the program in in no way, or others in its place."""
        body = self.read(component)
        if not NAME.fullmatch(component.name):
            hint = "Names look like Mail_Sync."
            yield _wrong("/name", "This name is of no app.", hint)
        for number, address in enumerate(body.redirect_uris):
            if not is_redirect_uri(address):
                hint = (
                    "Such as https://app.example/back, http://127.0.0.1/back or com.example:/back."
                )
                yield _wrong(f"/redirect_uris/{number}", "People cannot be sent there.", hint)
        for number, word in enumerate(body.scopes):
            if word not in API_SCOPES:
                hint = suggestion(word, API_SCOPES) or f"Known are: {', '.join(API_SCOPES)}."
                yield _wrong(f"/scopes/{number}", f"There is no scope {word}.", hint)
        for number, key in enumerate(body.public_keys):
            if not _is_public_key(key):
                hint = 'A public key looks like {"kty": "RSA", "n": "…", "e": "AQAB"}.'
                yield _wrong(f"/public_keys/{number}", "This is no public key.", hint)
        yield from _grant_problems(body)


def is_redirect_uri(address: str) -> bool:
    """Tell whether people may be sent to an address: by TLS, to this machine, or to an app.

    Schemes of one's own have a point (RFC 8252, section 7.1); a fragment is never allowed.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    printed = address.isascii() and address.isprintable() and not set(' <>"\\^`{|}') & set(address)
    if not printed or "#" in address or parts.scheme in _DANGEROUS:
        return False
    if parts.scheme in ("https", "http"):
        local = parts.netloc.rpartition(":")[0] in _LOCAL or parts.netloc in _LOCAL
        return (
            bool(parts.hostname) and "@" not in parts.netloc and (parts.scheme == "https" or local)
        )
    return "." in parts.scheme


def _grant_problems(body: ConnectedAppBody) -> Iterator[Problem]:
    if "authorization_code" in body.grants and not body.redirect_uris:
        yield _wrong("/redirect_uris", "People must be sent back somewhere.", "Add an address.")
    if "client_credentials" in body.grants and body.public:
        message = "A public program cannot prove that it is itself."
        yield _wrong("/grants", message, "Leave client_credentials out, or public.")
    if "client_credentials" in body.grants and body.service_user is None:
        yield _wrong("/service_user", "By itself it must act as somebody.", "Name a service user.")
    if "jwt_bearer" in body.grants and not body.public_keys:
        yield _wrong("/public_keys", "What it signs cannot be checked.", "Add its public key.")


def _is_public_key(key: Mapping[str, Any]) -> bool:
    return key.get("kty") in _KEY_KINDS and not _PRIVATE_PARTS & key.keys()


def _wrong(pointer: str, message: str, hint: str) -> Problem:
    return Problem("metadata.invalid", message, pointer, hint)
