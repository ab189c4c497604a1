"""What passkeys are made of: sites, owners, and keys that are known or just made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebSite:
    """The site that a passkey belongs to. origin: with scheme and port, as browsers say it."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a passkey is made for. handle: names them to the device, and says nothing of them."""

    handle: bytes
    email: str
    organization: str


@dataclass(frozen=True, slots=True)
class Known:
    """A passkey that somebody has."""

    credential_id: bytes
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """A passkey that was just made. is_synced: whether it may be on several devices."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    is_synced: bool
