"""Codes of authenticator apps: six digits, new every thirty seconds (RFC 6238)."""

from __future__ import annotations

import hmac
import re
from datetime import datetime
from io import BytesIO
from typing import Final

import pyotp
import segno

STEP_S: Final = 30
_AROUND: Final = (0, -1, 1)
_CODE: Final = re.compile(r"[0-9]{6}")


def make_key() -> str:
    """Make the key that an app and we share: 160 bits in base 32 (RFC 4226, section 4)."""
    return pyotp.random_base32(32)


def address_of(key: str, email: str, issuer: str) -> str:
    """Give the address by which an app learns a key."""
    return pyotp.TOTP(key).provisioning_uri(name=email, issuer_name=issuer.replace(":", " "))


def picture_of(address: str) -> str:
    """Give an address as a QR code: SVG without styles, dark on light whatever the theme."""
    out = BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", scale=4, border=4, xmldecl=False, dark="#000", light="#fff", omitsize=False
    )
    return out.getvalue().decode()


def read_code(text: str) -> str | None:
    """Give the six digits that somebody typed, however they parted them; None for other texts."""
    digits = re.sub(r"[\s-]", "", text[:40])
    return digits if _CODE.fullmatch(digits) else None


def step_of(key: str, code: str, now: datetime, last_step: int) -> int | None:
    """Give the step that a code belongs to: now, the one before or after, and none used already.

    All are compared, so that how long it takes tells nothing.
    """
    current, otp = int(now.timestamp()) // STEP_S, pyotp.TOTP(key)
    steps = [current + around for around in _AROUND]
    fitting = [
        step
        for step in steps
        if hmac.compare_digest(otp.generate_otp(step), code) and step > last_step
    ]
    return fitting[0] if fitting else None
