"""Our key pairs at a SAML provider, kept encrypted: what we sign with, and what is told us alone.

There are two at most. A fresh one stands in our metadata beside the one that signs, until the
provider knows it; then it signs, and the one before goes. Both open what was encrypted for us.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID
from starlette.requests import Request

from fieldstone.metadata.values import fold
from fieldstone.platform.identity.providers.client_secrets import (
    check_administrator,
    find_provider,
)
from fieldstone.platform.identity.providers.errors import (
    KeyInUse,
    ProviderNotReady,
    UnknownKey,
    UnknownProvider,
)
from fieldstone.platform.identity.providers.parts import parts_of
from fieldstone.platform.identity.providers.statements import (
    DROP_SECRET,
    FIND_SECRET,
    HOLD_SECRET,
    KEEP_SECRET,
)
from fieldstone.platform.identity.sealing import Sealer, Unsealable
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.transactions import Transaction

_PURPOSE: Final = "saml_keys"
_MOST: Final = 2
_BITS: Final = 3072
_EXPONENT: Final = 65_537
_LASTS: Final = timedelta(days=3 * 365)
_EARLIER: Final = timedelta(hours=1)
"""How much earlier a certificate holds than it is made: clocks of providers go slow."""

_NAMED: Final = 16


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key of ours at a provider, and the certificate that tells its other half; both as PEM.

    fingerprint: of the certificate (SHA-256). signs: whether it is what we sign with.
    """

    fingerprint: str
    key: str
    certificate: str
    made_at: datetime
    expires_at: datetime
    signs: bool

    @property
    def id(self) -> str:
        """What it is called in addresses."""
        return self.fingerprint[:_NAMED]


def make_pair(common_name: str, now: datetime) -> KeyPair:
    """Make a key pair, which takes a while. common_name: whom its certificate names."""
    key = rsa.generate_private_key(_EXPONENT, _BITS)
    name = Name([NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
    expires_at = now + _LASTS
    certificate = (
        CertificateBuilder()
        .issuer_name(name)
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(expires_at)
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    told = certificate.public_bytes(Encoding.PEM).decode()
    return KeyPair(certificate.fingerprint(SHA256()).hex(), pem, told, now, expires_at, signs=False)


async def find_keys(tx: Transaction, sealer: Sealer, name: str) -> tuple[KeyPair, ...]:
    """Give our key pairs at a provider, the one that signs first. Raises ProviderNotReady."""
    return _opened(tx, sealer, name, await tx.value(FIND_SECRET, **_values(tx, name)))


def signing_key(keys: tuple[KeyPair, ...]) -> KeyPair:
    """Give the key pair that signs. Raises ProviderNotReady."""
    if not keys:
        raise ProviderNotReady(
            "There is no key to sign with.",
            hint="An administrator can make one, which the provider then has to know.",
        )
    return keys[0]


async def list_keys(tx: Transaction, sealer: Sealer, name: str) -> tuple[KeyPair, ...]:
    """Give our key pairs at a provider to an administrator. Raises UnknownProvider, Forbidden."""
    return await find_keys(tx, sealer, _saml_provider(tx, name))


async def add_pair(tx: Transaction, sealer: Sealer, name: str, pair: KeyPair) -> KeyPair:
    """Keep another key pair; the first of a provider signs. Raises KeyInUse, UnknownProvider."""
    known = _saml_provider(tx, name)
    kept = await _held(tx, sealer, known)
    if len(kept) >= _MOST:
        raise _too_many()
    added = replace(pair, signs=not kept)
    await _keep(tx, sealer, known, (*kept, added))
    await note_event(
        tx, None, Event.PROVIDER_KEY_MADE, provider=known, certificate=added.fingerprint
    )
    return added


async def keep_new_pair(request: Request, name: str) -> KeyPair:
    """Make another key pair and keep it. Raises KeyInUse, UnknownProvider, Forbidden."""
    tenant, sealer = tenant_of(request), parts_of(request).secrets
    async with database_of(request).read(tenant, viewer_of(request)) as tx:
        room = len(await list_keys(tx, sealer, name)) < _MOST
        now = tx.now
    if not room:
        raise _too_many()
    # Outside of the transactions: it takes long, and connections are few.
    pair = await asyncio.to_thread(make_pair, f"{tenant.name} {name}", now)
    async with database_of(request).write_apart(tenant, viewer_of(request)) as tx:
        return await add_pair(tx, sealer, name, pair)


async def sign_with(tx: Transaction, sealer: Sealer, name: str, wanted: str) -> KeyPair:
    """Sign with this key pair from now on. Raises UnknownKey, UnknownProvider, Forbidden."""
    known = _saml_provider(tx, name)
    kept = await _held(tx, sealer, known)
    chosen = replace(_of_id(kept, wanted), signs=True)
    others = (replace(one, signs=False) for one in kept if one.id != wanted)
    await _keep(tx, sealer, known, (chosen, *others))
    await note_event(
        tx, None, Event.PROVIDER_KEY_SIGNS, provider=known, certificate=chosen.fingerprint
    )
    return chosen


async def drop_pair(tx: Transaction, sealer: Sealer, name: str, wanted: str) -> None:
    """Forget a key pair. Raises UnknownKey, KeyInUse, UnknownProvider, Forbidden."""
    known = _saml_provider(tx, name)
    kept = await _held(tx, sealer, known)
    dropped = _of_id(kept, wanted)
    if dropped.signs and len(kept) > 1:
        raise KeyInUse("This is the key pair that signs.", hint="Let the other one sign first.")
    left = tuple(one for one in kept if one.id != wanted)
    if left:
        await _keep(tx, sealer, known, left)
    else:
        await tx.run(DROP_SECRET, **_values(tx, known))
    await note_event(
        tx, None, Event.PROVIDER_KEY_DROPPED, provider=known, certificate=dropped.fingerprint
    )


def _too_many() -> KeyInUse:
    return KeyInUse(
        "There are two key pairs already.", hint="Forget the one that does not sign any more."
    )


def _saml_provider(tx: Transaction, name: str) -> str:
    check_administrator(tx)
    known, body = find_provider(tx.catalog, name)
    if body.protocol != "saml":
        raise UnknownProvider("This provider does not speak SAML.")
    return known


def _of_id(kept: tuple[KeyPair, ...], wanted: str) -> KeyPair:
    for one in kept:
        if one.id == wanted:
            return one
    raise UnknownKey("There is no such key pair.")


async def _held(tx: Transaction, sealer: Sealer, name: str) -> tuple[KeyPair, ...]:
    """Give the key pairs, and hold them until the transaction ends."""
    return _opened(tx, sealer, name, await tx.value(HOLD_SECRET, **_values(tx, name)))


def _opened(tx: Transaction, sealer: Sealer, name: str, sealed: object) -> tuple[KeyPair, ...]:
    if not isinstance(sealed, bytes | bytearray | memoryview):
        return ()
    try:
        opened = sealer.open(bytes(sealed), _place(tx, name))
    except Unsealable:
        raise ProviderNotReady(
            "Our keys at this provider belong to another secret key of the server.",
            hint="Start with the secret key that they were kept under.",
        ) from None
    return msgspec.json.decode(opened, type=tuple[KeyPair, ...])


async def _keep(tx: Transaction, sealer: Sealer, name: str, keys: tuple[KeyPair, ...]) -> None:
    sealed = sealer.seal(msgspec.json.encode(keys), _place(tx, name))
    me = tx.viewer.user_id
    await tx.run(KEEP_SECRET, **_values(tx, name), sealed=sealed, now=tx.now, changed_by=me)


def _values(tx: Transaction, name: str) -> dict[str, Any]:
    return {"tenant": tx.tenant.id, "purpose": _PURPOSE, "name": fold(name)}


def _place(tx: Transaction, name: str) -> str:
    return f"{tx.tenant.id} {_PURPOSE} {fold(name)}"
