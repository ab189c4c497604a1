"""Somebody as a provider knows them, by whatever protocol it said so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fieldstone.errors import BadValue
from fieldstone.platform.identity.people import read_email
from fieldstone.platform.identity.vouched import Vouched

_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody as a provider knows them.

    email: "" unless it is theirs for certain. proved_at: when they last showed the provider who
    they are; None where it does not say. vouched: what it calls their session, if it does.
    """

    issuer: str
    subject: str
    email: str
    name: str
    proved_at: datetime | None
    vouched: Vouched | None = None


def address_in(told: object) -> str:
    """Give the address that a provider told; "" where that is none."""
    try:
        return read_email(told) if isinstance(told, str) else ""
    except BadValue:
        return ""


def name_in(told: object) -> str:
    """Give the name that a provider told; "" where that is none."""
    return told.strip()[:_LONGEST_NAME] if isinstance(told, str) else ""
