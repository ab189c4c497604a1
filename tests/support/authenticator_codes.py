"""The codes that an authenticator app shows."""

from __future__ import annotations

import time
from typing import Final

import pyotp

from fieldstone.platform.identity.totp import STEP_S

_TIME_TO_SEND_S: Final = 5


def code_of(key: str, steps: int = 0) -> str:
    """Give the code that an app shows now, or so many steps away, with time left to send it."""
    left = STEP_S - time.time() % STEP_S
    if left < _TIME_TO_SEND_S:
        time.sleep(left)
    return pyotp.TOTP(key).at(int(time.time()) + steps * STEP_S)
