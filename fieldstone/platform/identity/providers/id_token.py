"""Checks what a provider says of somebody: the ID token (OpenID Connect Core 1.0, 3.1.3.7)."""

from __future__ import annotations

from typing import Any, Final

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from fieldstone.metadata.values import JsonObject
from fieldstone.platform.identity.providers.configuration import ProviderStore
from fieldstone.platform.identity.providers.errors import ProviderRefused

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
)
"""Signatures by a key that the provider alone has: neither none nor one of a shared secret."""

_LEEWAY_S: Final = 60
_LONGEST: Final = 20_000
_LONGEST_SUBJECT: Final = 255


async def read_id_token(
    store: ProviderStore, text: object, issuer: str, client_id: str, nonce: str
) -> JsonObject:
    """Give what an ID token says, if all of it holds. Raises ProviderRefused."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ProviderRefused("The provider sent no token that says who you are.")
    try:
        claims = await _verified(store, text, issuer)
        _check(claims, issuer, client_id, nonce)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderRefused(
            "What the provider says of you does not hold.", hint="Sign in once more."
        ) from error
    return claims


async def _verified(store: ProviderStore, text: str, issuer: str) -> JsonObject:
    try:
        return _decode(text, await store.keys(issuer))
    except (InvalidKeyIdError, ValueError):
        # A key of which we have not heard: the provider may have changed it meanwhile.
        return _decode(text, await store.keys(issuer, fresh=True))


def _decode(text: str, keys: KeySet) -> JsonObject:
    claims: dict[str, Any] = jwt.decode(text, keys, algorithms=list(ALGORITHMS)).claims
    return claims


def _check(claims: JsonObject, issuer: str, client_id: str, nonce: str) -> None:
    registry = jwt.JWTClaimsRegistry(
        leeway=_LEEWAY_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    registry.validate(dict(claims))
    audience, authorized = claims.get("aud"), claims.get("azp")
    if isinstance(audience, list) and len(audience) > 1 and authorized is None:
        raise ValueError("several audiences, and none that was authorized")
    if authorized is not None and authorized != client_id:
        raise ValueError("made for somebody else")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise ValueError("no subject")
