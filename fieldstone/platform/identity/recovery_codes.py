"""Recovery codes: for whoever lost every other second factor; each works once."""

from __future__ import annotations

import re
import secrets
from typing import Final

from fieldstone.platform.identity.keys import Keys

MADE: Final = 10
_PARTS: Final = 3
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike: i, l and 1, o and 0."""

_CODE: Final = re.compile(f"[{_LETTERS}]{{12}}")


def make_codes() -> tuple[str, ...]:
    """Make ten codes of 59 bits, such as x7kp-m2wd-qrt5."""
    return tuple("-".join(_part() for _ in range(_PARTS)) for _ in range(MADE))


def read_code(text: str) -> str | None:
    """Give a code as it is digested, however it was typed; None for what is none."""
    typed = re.sub(r"[\s-]", "", text[:60]).lower()
    return typed if _CODE.fullmatch(typed) else None


def code_digest(keys: Keys, tenant_id: int, user_id: int, code: str) -> bytes:
    """Give what is kept of a code. code: as read_code gives it."""
    return keys.digest(code, f"recovery {tenant_id} {user_id}")


def _part() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(4))
