"""A seal: what vouches for some entries of the logs, and for all seals before it.

The hash of a seal (SHA-256) goes over the hash of the one before, so that nothing sealed can be
changed, taken away or put in between without breaking every seal behind it. It is signed (Ed25519,
RFC 8032) with a key that follows from the installation's secret key and that the database never
sees: who may write to the database alone cannot make a chain of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fieldstone.metadata.values import Json, write_json_bytes

LEAF_BYTES: Final = 32
NOTHING: Final = bytes(LEAF_BYTES)
"""The hash before the first seal."""

_WITHOUT_KEY: Final = 1
FORMAT: Final = 2
"""Of seals that are made now: their hash goes over the id of their key too. Before, it did not."""

_KEY_BYTES: Final = 32
_KEY_ID_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal. seqs: the places of the entries in order; leaves: what stands for each, joined.

    It vouches for all that was noted behind from_seq and up to to_seq.
    """

    number: int
    at: datetime
    from_seq: int
    to_seq: int
    seqs: Sequence[int]
    leaves: bytes
    hash: bytes
    key_id: str = ""
    signature: bytes = b""

    @classmethod
    def from_row(cls, row: Any) -> Seal:
        """Read one as it is kept."""
        return cls(
            row["number"],
            row["at"],
            row["from_seq"],
            row["to_seq"],
            row["seqs"],
            row["leaves"],
            row["hash"],
            row["key_id"],
            row["signature"],
        )

    def leaf(self, index: int) -> bytes:
        """Give what stands for one of its entries."""
        return self.leaves[index * LEAF_BYTES : (index + 1) * LEAF_BYTES]

    def format_behind(self, tenant_id: int, previous: bytes) -> int:
        """Give the format in which it follows the seal of another hash; 0 if it does in none."""
        for known in (FORMAT, _WITHOUT_KEY):
            if self.hash_behind(tenant_id, previous, known) == self.hash:
                return known
        return 0

    def hash_behind(self, tenant_id: int, previous: bytes, made: int = FORMAT) -> bytes:
        """Give the hash that it must have behind the seal of another hash, in a format."""
        told: dict[str, Json] = {
            "format": made,
            "tenant": tenant_id,
            "number": self.number,
            "at": int(self.at.timestamp() * 1_000_000),
            "from": self.from_seq,
            "to": self.to_seq,
            "seqs": list(self.seqs),
        }
        if made != _WITHOUT_KEY:
            told["key"] = self.key_id
        return sha256(previous + write_json_bytes(told) + self.leaves).digest()


class SealKey:
    """Signs seals, and knows its own. secret_key: the installation's."""

    def __init__(self, secret_key: str) -> None:
        kdf = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"fieldstone.audit")
        self._private = Ed25519PrivateKey.from_private_bytes(kdf.derive(secret_key.encode()))
        public = self._private.public_key()
        self.public = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = sha256(self.public).hexdigest()[:_KEY_ID_LENGTH]

    def sign(self, digest: bytes) -> bytes:
        """Give the signature of the hash of a seal."""
        return self._private.sign(digest)

    def is_signed(self, seal: Seal) -> bool:
        """Tell whether a seal bears this key's signature."""
        try:
            self._private.public_key().verify(seal.signature, seal.hash)
        except InvalidSignature:
            return False
        return True
