"""An ID token holds only if the provider signed it, now, for us and for this departure."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

from fieldstone.errors import FieldstoneError
from fieldstone.integrations.outgoing import Outgoing
from fieldstone.platform.identity.providers.configuration import ProviderStore
from fieldstone.platform.identity.providers.errors import ProviderFailed, ProviderRefused
from fieldstone.platform.identity.providers.id_token import read_id_token

OWN = RSAKey.generate_key(2048, {"kid": "own"})
NEXT = ECKey.generate_key("P-256", {"kid": "next"})
STRANGE = RSAKey.generate_key(2048, {"kid": "own"})


@dataclass
class CrookedProvider:
    """A provider that says whatever a test wants it to."""

    issuer: str = ""
    configuration: dict[str, Any] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=lambda: [OWN])
    asked: int = 0

    def answer(self, path: str) -> bytes:
        if path == "/keys":
            self.asked += 1
            return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()
        places = ("authorization_endpoint", "token_endpoint")
        told = {name: f"{self.issuer}/{name}" for name in places}
        told |= {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        return json.dumps({**told, **self.configuration}).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        body = self.answer(head.split(" ")[1])
        top = f"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(top.encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def provider() -> AsyncIterator[CrookedProvider]:
    crooked = CrookedProvider()
    server = await asyncio.start_server(crooked.serve, "127.0.0.1", 0)
    async with server:
        crooked.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield crooked


def claims_of(provider: CrookedProvider, **more: Any) -> dict[str, Any]:
    now = int(time.time())
    usual = {"iss": provider.issuer, "aud": "us", "sub": "1", "nonce": "n"}
    return {**usual, "exp": now + 300, "iat": now, **more}


def signed(claims: dict[str, Any], key: Any = OWN, alg: str = "RS256") -> str:
    header = {"alg": alg, "kid": key.kid or "own"}
    return jwt.encode(header, claims, key, algorithms=[alg])


def encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


async def read(provider: CrookedProvider, text: object, store: ProviderStore | None = None) -> Any:
    store = store or ProviderStore(Outgoing(allow_private=True))
    return await read_id_token(store, text, provider.issuer, "us", "n")


async def test_token_of_the_provider_holds(provider: CrookedProvider) -> None:
    claims = await read(provider, signed(claims_of(provider)))

    assert claims["sub"] == "1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"},
        {"aud": "them"},
        {"aud": ["us", "them"]},
        {"aud": ["us", "them"], "azp": "them"},
        {"azp": "them"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": int(time.time()) - 3600},
        {"exp": "never"},
        {"nbf": int(time.time()) + 3600},
        {"iat": int(time.time()) + 3600},
        {"sub": ""},
        {"sub": 1},
        {"sub": "x" * 256},
    ],
)
async def test_token_with_another_claim_does_not_hold(
    provider: CrookedProvider, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ProviderRefused):
        await read(provider, signed(claims_of(provider, **wrong)))


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "exp", "iat", "nonce"])
async def test_token_without_a_claim_does_not_hold(provider: CrookedProvider, missing: str) -> None:
    claims = claims_of(provider)
    del claims[missing]

    with pytest.raises(ProviderRefused):
        await read(provider, signed(claims))


async def test_token_of_another_key_does_not_hold(provider: CrookedProvider) -> None:
    with pytest.raises(ProviderRefused):
        await read(provider, signed(claims_of(provider), STRANGE))


@pytest.mark.parametrize("algorithm", ["HS256", "none", "None", ""])
async def test_token_that_anybody_could_have_made_does_not_hold(
    provider: CrookedProvider, algorithm: str
) -> None:
    head = json.dumps({"alg": algorithm, "kid": "own"}).encode()
    parts = b".".join(map(encoded, (head, json.dumps(claims_of(provider)).encode())))
    secret = OWN.as_pem(private=False)
    signature = hmac.digest(secret, parts, "sha256") if algorithm == "HS256" else b""
    text = (parts + b"." + encoded(signature)).decode()

    with pytest.raises(ProviderRefused):
        await read(provider, text)


@pytest.mark.parametrize("text", ["", "a.b.c", "x" * 30_000, None, 7, "..", "{}"])
async def test_what_is_no_token_does_not_hold(provider: CrookedProvider, text: object) -> None:
    with pytest.raises(ProviderRefused):
        await read(provider, text)


async def test_key_that_came_since_is_fetched_and_made_up_keys_are_not_hunted(
    provider: CrookedProvider,
) -> None:
    clock = [0.0]
    store = ProviderStore(Outgoing(allow_private=True), lambda: clock[0])
    await read(provider, signed(claims_of(provider)), store)
    provider.keys = [OWN, NEXT]
    with pytest.raises(ProviderRefused):
        await read(provider, signed(claims_of(provider), NEXT, "ES256"), store)
    early = provider.asked

    clock[0] = 30.0
    claims = await read(provider, signed(claims_of(provider), NEXT, "ES256"), store)

    assert claims["sub"] == "1"
    assert (early, provider.asked) == (1, 2)


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "https://another.example"},
        {"jwks_uri": None},
        {"token_endpoint": "javascript:alert(1)"},
    ],
)
async def test_configuration_of_another_is_refused(
    provider: CrookedProvider, configuration: dict[str, Any]
) -> None:
    provider.configuration = configuration

    with pytest.raises(ProviderFailed):
        await read(provider, signed(claims_of(provider)))


async def test_keys_that_are_none_are_refused(provider: CrookedProvider) -> None:
    provider.configuration = {"jwks_uri": f"{provider.issuer}/.well-known/none"}

    with pytest.raises(FieldstoneError):
        await read(provider, signed(claims_of(provider)))
