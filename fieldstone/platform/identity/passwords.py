"""Passwords: what they must be, and how they are kept (argon2id, RFC 9106)."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fieldstone.platform.identity.errors import WeakPassword
from fieldstone.platform.identity.password_strength import why_weak

T = TypeVar("T")
SHORTEST: Final = 12
LONGEST: Final = 128
# Those of earlier versions could be longer, and still let their owners in.
_LONGEST_TRIED: Final = 256
_FEWEST_CHARACTERS: Final = 5
# Each hash takes 64 MiB and a processor: a thread of its own, so that nothing else waits for them.
_HASHING: Final = ThreadPoolExecutor(1, thread_name_prefix="passwords")
_HASHER: Final = PasswordHasher()
# Verified where there is no account, so that an answer takes as long as where there is one.
_NOBODYS: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$6VBzEuiVDRxM6Vwrc9is/Q"
    "$9vkKN4iX9Yg4lt2HxD+yqJ0zc5TVfUFs4Lv1hHIUlxw"
)


async def hash_password(password: str, *, email: str, about: Sequence[str] = ()) -> str:
    """Give what is kept of a password. about: what others know of its owner. Raises WeakPassword.

    Such as their name and that of their organization, of which no password is made.
    """
    _check(password)
    reason = await _apart(lambda: why_weak(_normal(password), (email, *about)))
    if reason is not None:
        raise WeakPassword(
            reason,
            at="/password",
            hint="Three or four unrelated words are easy to remember and hard to guess.",
        )
    return await _apart(lambda: _HASHER.hash(_normal(password)))


async def is_password(password: str, kept: str | None) -> bool:
    """Tell whether a password is the one of which this was kept; it takes as long without one."""
    matches = await _apart(lambda: _verify(password[: _LONGEST_TRIED + 1], kept or _NOBODYS))
    return matches and kept is not None


async def rehashed(password: str, kept: str | None) -> str | None:
    """Give what is to be kept from now on of a right password; None where nothing changed.

    It changes when the parameters of the method do, and only who knows the password can do it.
    """
    if kept is None or not _HASHER.check_needs_rehash(kept):
        return None
    return await _apart(lambda: _HASHER.hash(_normal(password)))


async def _apart(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_HASHING, work)


def _verify(password: str, kept: str) -> bool:
    try:
        return _HASHER.verify(kept, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


def _check(password: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(
            f"A password has {SHORTEST} to {LONGEST} characters.",
            at="/password",
            hint="Three or four unrelated words are easy to remember and hard to guess.",
        )
    if len(set(_normal(password).casefold())) < _FEWEST_CHARACTERS:
        raise WeakPassword("This password is easy to guess.", at="/password")


def _normal(password: str) -> str:
    """Give the same text for the same keys on every machine (NIST SP 800-63B, section 5.1.1)."""
    return unicodedata.normalize("NFKC", password)
