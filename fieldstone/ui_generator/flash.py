"""Flashes: what just happened, told once on the next page, with the way to undo it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict, dataclass
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fieldstone.metadata.values import write_json_bytes

_COOKIE: Final = "fs_flash"
_LONGEST: Final = 2000
_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Flash:
    """text: what happened. undo: the address that takes a POST to undo it; "" for none."""

    text: str
    undo: str = ""


def put_flash(response: Response, flash: Flash) -> None:
    """Have a flash told on the next page."""
    packed = base64.urlsafe_b64encode(write_json_bytes(asdict(flash))).decode()
    if len(packed) <= _LONGEST:
        response.set_cookie(
            _COOKIE, packed, max_age=_SECONDS, httponly=True, samesite="lax", path="/"
        )


def find_flash(request: Request) -> Flash | None:
    """Give the flash that the last answer left; None if it left none that can be trusted."""
    packed = request.cookies.get(_COOKIE, "")
    if not packed or len(packed) > _LONGEST:
        return None
    try:
        flash = msgspec.json.decode(base64.urlsafe_b64decode(packed), type=Flash)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    return flash if flash.undo == "" or flash.undo.startswith("/admin/") else None


def drop_flash(response: Response) -> None:
    """Take the flash away once it was told."""
    response.delete_cookie(_COOKIE, path="/")
