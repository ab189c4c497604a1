"""Secrets that stand for somebody: random, shown once, kept as a digest alone."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final

_BYTES: Final = 32
_TEXT: Final = re.compile(r"fs[a-z]_[A-Za-z0-9_-]{43}")
SESSION: Final = "fss_"
ACCESS: Final = "fst_"
INVITATION: Final = "fsi_"
OPERATOR: Final = "fsp_"
STEP: Final = "fsh_"
ACTING: Final = "fsa_"
CODE: Final = "fsg_"
REFRESH: Final = "fsr_"
CLIENT: Final = "fsc_"


@dataclass(frozen=True, slots=True)
class Secret:
    """A new secret. text: what its owner is given. digest: what is kept."""

    text: str
    digest: bytes


def make_secret(prefix: str) -> Secret:
    """Make a secret; its prefix tells scanners of leaked secrets what it is."""
    text = prefix + secrets.token_urlsafe(_BYTES)
    return Secret(text, _digest(text))


def digest_of(text: str, prefix: str) -> bytes | None:
    """Give the digest of a secret; None for what is no secret of this kind."""
    if not text.startswith(prefix) or not _TEXT.fullmatch(text):
        return None
    return _digest(text)


def _digest(text: str) -> bytes:
    """No salt and no stretching: of 256 random bits nobody makes a table."""
    return hashlib.sha256(text.encode()).digest()
