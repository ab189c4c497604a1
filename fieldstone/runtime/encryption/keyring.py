"""Keys of encrypted values, and what is done with them.

AES-256-GCM (NIST SP 800-38D) under a key for each field, which follows from a key of the ring and
the field's salt by HKDF (RFC 5869). A token is bound to its record and field: put elsewhere, it
does not open. The likeness of deterministic values is an HMAC-SHA256 under another key of the
field, cut to 128 bits, so that equal values of two fields, or tenants, have nothing in common.
"""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldstone.errors import Unavailable
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.encryption import VERSION, EncryptedType, Encryption, key_of
from fieldstone.metadata.values import Json, read_json, write_json_bytes

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_LIKENESS_BYTES: Final = 16
_KEPT: Final = 4_096


class KeyMissing(Unavailable):
    """An encrypted value whose key this installation does not have, or that was changed since."""

    code = "encryption.key_missing"


@lru_cache(maxsize=_KEPT)
def _derived(key: bytes, salt: str, purpose: str) -> bytes:
    """Give the key of a field. What is kept is worth no more than what it follows from."""
    info = f"fieldstone.encryption.{purpose}".encode()
    return HKDF(SHA256(), KEY_BYTES, salt=bytes.fromhex(salt), info=info).derive(key)


class Keyring:
    """The keys of an installation. current: the id of the one that new values are sealed with.

    made: the days on which keys were made, as far as they were written down.
    """

    def __init__(
        self, current: str, keys: Mapping[str, bytes], made: Mapping[str, date] | None = None
    ) -> None:
        assert current in keys
        self.current = current
        self._keys = dict(keys)
        self._made = dict(made or {})

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, the current one first."""
        return (self.current, *(one for one in self._keys if one != self.current))

    def made_on(self, key_id: str) -> date | None:
        """Give the day on which a key was made; None if it is not known."""
        return self._made.get(key_id)

    def seal(self, field: Field, record_id: int, value: Json) -> str:
        """Give the token of an encoded value of a record."""
        key, nonce = self._keys[self.current], os.urandom(_NONCE_BYTES)
        cipher = AESGCM(_derived(key, field.salt, "value"))
        sealed = nonce + cipher.encrypt(nonce, write_json_bytes(value), _place(field, record_id))
        told = ""
        if field.encryption is Encryption.DETERMINISTIC:
            told = self._likeness(self.current, field, value)
        return f"{VERSION}.{self.current}.{told}.{_text(sealed)}"

    def open(self, field: Field, record_id: int, token: str) -> Json:
        """Give the encoded value of a token. Raises KeyMissing."""
        try:
            _, used, _, text = token.split(".")
            key = self._keys[used]
            sealed = _bytes(text)
            cipher = AESGCM(_derived(key, field.salt, "value"))
            nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return read_json(cipher.decrypt(nonce, rest, _place(field, record_id)))
        except (InvalidTag, KeyError, ValueError):
            raise KeyMissing(
                f"A value of {field.label} cannot be read with the keys of this server.",
                hint="Start it with all keys under which there are values: crm encryption status.",
            ) from None

    def likenesses(self, field: Field, value: Json) -> list[str]:
        """Give the likenesses of an encoded value under each key, the current one first."""
        return [self._likeness(one, field, value) for one in self.ids]

    def seal_text(self, text: str, place: str) -> str:
        """Give a text that is no value of a record sealed. place: what it is bound to."""
        nonce = os.urandom(_NONCE_BYTES)
        cipher = AESGCM(_derived(self._keys[self.current], "", "text"))
        sealed = nonce + cipher.encrypt(nonce, text.encode(), place.encode())
        return f"{VERSION}.{self.current}..{_text(sealed)}"

    def open_text(self, token: str, place: str) -> str | None:
        """Give what was sealed as a text; None where it cannot be read any more."""
        _, used, _, text = token.split(".")
        if used not in self._keys:
            return None
        sealed = _bytes(text)
        cipher = AESGCM(_derived(self._keys[used], "", "text"))
        try:
            nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return cipher.decrypt(nonce, rest, place.encode()).decode()
        except InvalidTag:
            return None

    def is_current(self, token: str) -> bool:
        """Tell whether a token was made with the current key."""
        return key_of(token) == self.current

    def _likeness(self, key_id: str, field: Field, value: Json) -> str:
        kind = field.type
        assert isinstance(kind, EncryptedType)
        told = kind.likened(kind.inner.decode(value), field.options)
        key = _derived(self._keys[key_id], field.salt, "likeness")
        return _text(hmac.digest(key, told.encode(), "sha256")[:_LIKENESS_BYTES])


def _place(field: Field, record_id: int) -> bytes:
    """Give what a token is bound to."""
    return f"{field.key}:{record_id:x}".encode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
