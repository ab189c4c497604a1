"""What follows from the installation's secret key: a seal for shared keys, and digests of codes.

What is sealed or digested names what it is about, so that a value of one person is worth nothing
in the row of another.
"""

from __future__ import annotations

import hmac
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldstone.platform.identity.sealing import Sealer

_KEY_BYTES: Final = 32


class Keys:
    """Seals what authenticator apps share with us, and digests what is too short for a hash."""

    def __init__(self, secret_key: str) -> None:
        self.authenticators = Sealer(secret_key, "authenticator")
        kdf = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"fieldstone.digests")
        self._digests = kdf.derive(secret_key.encode())

    def digest(self, text: str, about: str) -> bytes:
        """Give what is kept of a value that has only to be recognised (HMAC-SHA256).

        Without the key nobody can try all values, however short they are.
        """
        return hmac.digest(self._digests, f"{about}\0{text}".encode(), "sha256")
