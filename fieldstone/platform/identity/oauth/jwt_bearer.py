"""Programs that sign whom they act as (RFC 7523): no person is asked, for they were before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from fieldstone.metadata.kinds.connected_app import ConnectedAppBody
from fieldstone.platform.identity.oauth.errors import OAuthRefusal, invalid_grant
from fieldstone.platform.identity.oauth.statements import FORGET_SEEN, SEE_ONCE
from fieldstone.platform.identity.providers.id_token import ALGORITHMS
from fieldstone.runtime.transactions import Transaction

_LEEWAY_S: Final = 30
_LONGEST: Final = 10_000
_LASTS_AT_MOST: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a program signed. subject: the address of whom it acts as. digest: of the whole."""

    issuer: str
    subject: str
    expires_at: datetime
    digest: bytes


def issuer_in(text: str) -> str:
    """Give who says to have signed an assertion, to know whose keys to take. Raises OAuthRefusal.

    Nothing is believed of it yet: read_assertion checks the whole.
    """
    try:
        claims = msgspec.json.decode(jws.extract_compact(text[:_LONGEST].encode()).payload)
    except (JoseError, ValueError, TypeError):
        raise _refusal() from None
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    if not isinstance(issuer, str):
        raise _refusal()
    return issuer


def read_assertion(
    text: str, body: ConnectedAppBody, audiences: tuple[str, ...], now: datetime
) -> Assertion:
    """Give what a program signed with one of its keys, for us and for a short time.

    Raises OAuthRefusal.
    """
    try:
        keys = KeySet.import_key_set({"keys": [dict(key) for key in body.public_keys]})
        claims = jwt.decode(text[:_LONGEST], keys, algorithms=list(ALGORITHMS)).claims
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            now=int(now.timestamp()),
            iss={"essential": True},
            sub={"essential": True},
            aud={"essential": True, "values": list(audiences)},
            exp={"essential": True},
        )
        registry.validate(claims)
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (JoseError, ValueError, TypeError, KeyError, OverflowError, OSError) as error:
        raise _refusal() from error
    if expires_at > now + _LASTS_AT_MOST + timedelta(seconds=_LEEWAY_S):
        raise invalid_grant("An assertion may hold for ten minutes at most.")
    digest = hashlib.sha256(text.encode()).digest()
    return Assertion(str(claims["iss"]), str(claims["sub"]), expires_at, digest)


async def see_once(tx: Transaction, digest: bytes, expires_at: datetime) -> bool:
    """Note that something was sent that works once; whether it is for the first time."""
    await tx.run(FORGET_SEEN, tenant=tx.tenant.id, now=tx.now - timedelta(seconds=2 * _LEEWAY_S))
    return await tx.run(SEE_ONCE, tenant=tx.tenant.id, digest=digest, expires_at=expires_at) > 0


def _refusal() -> OAuthRefusal:
    return invalid_grant("This assertion does not hold.")
