"""Secrets that must be read again, such as those that other servers know us by, kept encrypted.

AES-256-GCM (NIST SP 800-38D) under keys that follow from the installation's secret key by HKDF
(RFC 5869), one for each purpose. What is sealed for one place cannot be opened in another.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldstone.errors import Unavailable

_VERSION: Final = b"\x01"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Unsealable(Unavailable):
    """What was sealed under another secret key, or for another place, or changed since."""

    code = "access.unsealable"


class Sealer:
    """Seals and opens secrets of one purpose. secret_key: the installation's."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        info = f"fieldstone.sealing.{purpose}".encode()
        derived = HKDF(SHA256(), _KEY_BYTES, salt=None, info=info).derive(secret_key.encode())
        self._cipher = AESGCM(derived)

    def seal(self, secret: bytes, place: str) -> bytes:
        """Encrypt a secret. place: what it belongs to, such as the ids of tenant and user."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Give a secret back. Raises Unsealable where key or place are not those of the sealing."""
        version, nonce = sealed[:1], sealed[1 : 1 + _NONCE_BYTES]
        try:
            if version != _VERSION:
                raise InvalidTag
            return self._cipher.decrypt(nonce, sealed[1 + _NONCE_BYTES :], place.encode())
        except (InvalidTag, ValueError):
            raise Unsealable(
                "A secret cannot be read with this server's secret key.",
                hint="Start with the secret key that it was kept under, or give the secret anew.",
            ) from None
