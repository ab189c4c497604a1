"""What a provider says of itself (OpenID Connect Discovery 1.0), and the keys that it signs with.

Both are kept for some minutes; a key that is not known yet has them fetched again, for keys change.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from fieldstone.integrations.outgoing import Answered, Outgoing
from fieldstone.metadata.values import JsonObject, read_json
from fieldstone.platform.identity.providers.errors import ProviderFailed

_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_FRESH_S: Final = 600.0
_AT_MOST_EVERY_S: Final = 20.0
_KEPT: Final = 200
_MOST_KEYS: Final = 100
_SIGNING: Final = frozenset({"RSA", "EC", "OKP"})
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Configuration:
    """Where a provider is asked.

    userinfo: None where it has none. methods: how clients say who they are there.
    """

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str | None = None
    methods: tuple[str, ...] = ("client_secret_basic",)


@dataclass(slots=True)
class _Known:
    configuration: Configuration
    keys: KeySet
    at: float


class ProviderStore:
    """Knows the configuration and the keys of providers, fetched when they are needed.

    now: seconds of a clock that is never set back.
    """

    def __init__(self, outgoing: Outgoing, now: Callable[[], float] = monotonic) -> None:
        self.outgoing = outgoing
        self._now = now
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def configuration(self, issuer: str) -> Configuration:
        """Give where a provider is asked. Raises ProviderFailed, PrivateAddress, OutgoingFailed."""
        return (await self._find(issuer)).configuration

    async def keys(self, issuer: str, *, fresh: bool = False) -> KeySet:
        """Give the keys that a provider signs with. fresh: because one of them was not known."""
        return (await self._find(issuer, fresh=fresh)).keys

    async def _find(self, issuer: str, *, fresh: bool = False) -> _Known:
        known = self._known.get(issuer)
        # Tokens with made-up keys shall not have the provider asked again and again.
        old = known is None or self._now() - known.at > (_AT_MOST_EVERY_S if fresh else _FRESH_S)
        if known is None or old:
            known = await self._fetch(issuer)
            self._known[issuer] = known
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(issuer)
        return known

    async def _fetch(self, issuer: str) -> _Known:
        told = json_of(await self.outgoing.get(issuer.rstrip("/") + _WELL_KNOWN), "configuration")
        configuration = _read(told, issuer)
        keys = json_of(await self.outgoing.get(configuration.keys), "keys")
        return _Known(configuration, _key_set(keys), self._now())


def json_of(answered: Answered, noun: str) -> JsonObject:
    """Give the JSON object that a provider answered with. Raises ProviderFailed."""
    if answered.status != _OK:
        raise ProviderFailed(f"The provider answered {answered.status} instead of its {noun}.")
    try:
        told = read_json(answered.body.decode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        told = None
    if not isinstance(told, dict):
        raise ProviderFailed(f"The provider's {noun} cannot be read.")
    return told


def _read(told: JsonObject, issuer: str) -> Configuration:
    """Read a configuration; it must be that of the issuer, letter by letter (section 4.3)."""
    if told.get("issuer") != issuer:
        raise ProviderFailed(
            "The provider says that it is another one.",
            hint="Write the issuer as the provider does, with or without a slash at its end.",
        )
    methods = told.get("token_endpoint_auth_methods_supported")
    userinfo = told.get("userinfo_endpoint")
    return Configuration(
        issuer,
        _text(told, "authorization_endpoint"),
        _text(told, "token_endpoint"),
        _text(told, "jwks_uri"),
        userinfo if isinstance(userinfo, str) else None,
        tuple(map(str, methods)) if isinstance(methods, list) else ("client_secret_basic",),
    )


def _text(told: JsonObject, name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        raise ProviderFailed(f"The provider's configuration has no {name}.")
    return value


def _key_set(told: JsonObject) -> KeySet:
    """Read the keys that sign; what is for encryption or of an unknown sort is passed over."""
    listed = told.get("keys")
    keys: list[Mapping[str, Any]] = [
        one
        for one in (listed if isinstance(listed, list) else [])[:_MOST_KEYS]
        if isinstance(one, dict) and one.get("kty") in _SIGNING and one.get("use") != "enc"
    ]
    try:
        return KeySet.import_key_set({"keys": [dict(key) for key in keys]})
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise ProviderFailed("The provider's keys cannot be read.") from error
