"""Programs that tests connect, and what a person does for them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.jwk import RSAKey
from starlette.applications import Starlette

from tests.support.app import ADDRESS, Api

ADA = "ada@acme.example"
BEN = "ben@acme.example"
PASSWORD = "correct horse battery"
BACK = "https://app.example/back"
APPS = "/api/metadata/components/connected_app"
TOKEN = f"{ADDRESS}/oauth/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
KEY = RSAKey.generate_key(2048, {"kid": "1"})


def app_body(**more: Any) -> dict[str, Any]:
    usual = {"name": "Mail_Sync", "label": "Mail Sync", "redirect_uris": [BACK]}
    return {**usual, "scopes": ["records:read", "records:write"], **more}


async def claimed(api: Api) -> None:
    await api.post("/api/claim", {"email": ADA, "password": PASSWORD})


async def connected(api: Api, **more: Any) -> str:
    """Claim the tenant as Ada, declare an app and give its secret; "" for a public one."""
    await claimed(api)
    await api.post(APPS, app_body(**more))
    if more.get("public"):
        return ""
    told = await api.post("/api/connected-apps/Mail_Sync/secret", None)
    secret: str = told["client_secret"]
    return secret


@asynccontextmanager
async def a_program(app: Starlette, secret: str, **more: Any) -> AsyncIterator[Any]:
    """Give a client library that asks the application in this process."""
    async with AsyncOAuth2Client(
        "Mail_Sync",
        secret or None,
        redirect_uri=BACK,
        code_challenge_method="S256",
        token_endpoint=TOKEN,
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
        transport=httpx.ASGITransport(app=app),
        base_url=ADDRESS,
        **more,
    ) as program:
        yield program


async def answered(api: Api, address: str, do: str = "allow") -> str:
    """Open the page of consent as whoever is signed in and answer it; where that leads."""
    path = address.removeprefix(ADDRESS)
    page = await api.send("GET", path)
    if page.status_code == 303:
        return page.headers["location"]
    assert page.status_code == 200, page.text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
    sent = await api.send("POST", "/oauth/authorize", urlencode({**fields, "do": do}))
    assert sent.status_code == 303, sent.text
    location: str = sent.headers["location"]
    return location


async def tokens_of(program: Any, api: Api, **more: Any) -> tuple[dict[str, Any], str, str]:
    """Go the whole way: the tokens, the code, and the verifier."""
    verifier = generate_token(48)
    address, state = program.create_authorization_url(
        f"{ADDRESS}/oauth/authorize", code_verifier=verifier, **more
    )
    back = await answered(api, address)
    code = parse_qs(urlsplit(back).query)["code"][0]
    told = await program.fetch_token(
        authorization_response=back, state=state, code_verifier=verifier
    )
    return dict(told), code, verifier


async def ask_for_tokens(api: Api, **form: str) -> httpx.Response:
    return await api.send("POST", "/oauth/token", urlencode(form))


async def refusal(answer: httpx.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert set(told) == {"error", "error_description"}
    error: str = told["error"]
    return error


def authorize(challenge: str = "c" * 43, **more: str) -> str:
    """Give the address at which a program has somebody asked."""
    usual = {"client_id": "Mail_Sync", "redirect_uri": BACK, "response_type": "code", "state": "s"}
    pkce = {"code_challenge": challenge, "code_challenge_method": "S256"}
    said = {**usual, **pkce, **more}
    return f"/oauth/authorize?{urlencode({k: v for k, v in said.items() if v})}"
