"""Signatures of packages: Ed25519 (RFC 8032) over all that a package holds.

Every tenant has a key of its own, which follows from the installation's secret key, so that none is
kept anywhere and a restored installation signs as before.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fieldstone.ids import TenantId
from fieldstone.metadata.package_files import content_digest, with_manifest
from fieldstone.metadata.packages import Manifest, Signature

_KEY_BYTES: Final = 32


class SignatureState(StrEnum):
    """What a signature tells: nobody signed, somebody did, or the files were changed since."""

    MISSING = "missing"
    GOOD = "good"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class PackageKeys:
    """The keys that the tenants of an installation sign packages with."""

    secret_key: str

    def public(self, tenant_id: TenantId) -> str:
        """Give what others know a tenant's signature by, in base64."""
        raw = self._private(tenant_id).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    def sign(
        self, files: Mapping[str, str], manifest: Manifest, tenant_id: TenantId
    ) -> dict[str, str]:
        """Give the files of a package with a tenant's signature in the manifest."""
        value = self._private(tenant_id).sign(content_digest(files))
        signature = Signature(self.public(tenant_id), base64.b64encode(value).decode())
        return with_manifest(files, replace(manifest, signature=signature))

    def _private(self, tenant_id: TenantId) -> Ed25519PrivateKey:
        info = b"fieldstone.packages:" + str(tenant_id).encode()
        kdf = HKDF(SHA256(), _KEY_BYTES, salt=None, info=info)
        return Ed25519PrivateKey.from_private_bytes(kdf.derive(self.secret_key.encode()))


def signature_state(files: Mapping[str, str], signature: Signature | None) -> SignatureState:
    """Tell whether the signature of a package is that of its files by the key that it names."""
    if signature is None:
        return SignatureState.MISSING
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signature.key))
    try:
        key.verify(base64.b64decode(signature.value), content_digest(files))
    except InvalidSignature:
        return SignatureState.BROKEN
    return SignatureState.GOOD
