"""What a provider calls a session that it vouched for, so that either side can end it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Self

import msgspec

LONGEST: Final = 1_000
"""How long a name, or what a session is called, may be."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """A session as the provider that let somebody in knows it (SAML 2.0 Core, section 3.7).

    provider: what it is called here. issuer: what it calls itself. name: what it calls somebody,
    with its format and qualifiers. index: what it calls the session; "" where it does not.
    """

    provider: str
    issuer: str
    name: str
    format: str = ""
    qualifier: str = ""
    service_qualifier: str = ""
    index: str = ""

    @property
    def digest(self) -> bytes:
        """Whom it is of, by what the sessions of one person at one provider are found."""
        return digest_of(self.issuer, self.name)

    def to_text(self) -> str:
        """Give what is kept of it."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def of_text(cls, text: str | None) -> Self | None:
        """Give what was kept; None for nothing."""
        return None if text is None else msgspec.json.decode(text, type=cls)


def digest_of(issuer: str, name: str) -> bytes:
    """Give by what the sessions of somebody are found, whom a provider calls by a name."""
    return hashlib.sha256(msgspec.json.encode((issuer, name))).digest()
