"""Signing out by SAML, both ways, with a real provider: and at nobody else's word."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from starlette.applications import Starlette

from tests.integration.platform.test_identity_providers import ADA, PASSWORD, a_browser, viewer
from tests.integration.platform.test_saml import (
    BACK,
    ENTITY,
    PEOPLE,
    PROVIDERS,
    SET_OUT,
    offered,
    send,
)
from tests.integration.platform.test_saml_keys import KEYS, declare, metadata
from tests.integration.platform.test_second_factors import with_app
from tests.support.app import ADDRESS, Api, owner_connection
from tests.support.authenticator_codes import code_of
from tests.support.peers import missing
from tests.support.saml_peer import (
    answer_of_provider,
    browser_there,
    saml_provider,
    tell_of_us,
)

SIGN_OUT = "/sign-in/with/Works/sign-out"
OURS = f"{ADDRESS}{SIGN_OUT}"
SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA1: Final = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
REQUEST = """<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" Version="2.0" IssueInstant="{at}"
 {more} Destination="{to}"><saml:Issuer>{issuer}</saml:Issuer><saml:NameID>{name}</saml:NameID>
{index}</samlp:LogoutRequest>"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the provider keeps what it knows."""
    return tmp_path_factory.mktemp("peer")


@pytest.fixture(scope="module")
def peer(home: Path) -> Iterator[str]:
    """A provider that reads our metadata."""
    if find_spec("onelogin") is None:
        missing("python3-saml")
    with saml_provider(home, (ENTITY, BACK), PEOPLE) as base:
        yield base


async def arranged(api: Api, base: str, home: Path, **more: Any) -> None:
    """Let both sides know each other's keys, and where people sign out."""
    await offered(api, base, create_members=True, **more)
    await api.post(KEYS, {})
    signs = {"redirect.sign": True, "redirect.validate": True}
    tell_of_us(home, await metadata(api), **signs)


async def come_in(browser: Api, there: httpx.AsyncClient, name: str = "ada") -> None:
    """Sign in with the provider, in a browser that stays signed in there."""
    out = await browser.send("GET", SET_OUT)
    told = await answer_of_provider(out.headers["location"], name, there)
    answer = await send(browser, {**told.fields, "again": "yes"})
    assert answer.status_code == 303, answer.text


async def sign_out(browser: Api) -> httpx.Response:
    """Sign out here by the button."""
    page = await browser.send("GET", "/admin/account")
    token = page.text.split('name="_csrf" value="')[1].split('"')[0]
    return await browser.send("POST", "/sign-out", f"_csrf={quote_plus(token)}")


def within(address: str) -> str:
    """Give what of an address of ours a browser asks for."""
    assert address.startswith(ADDRESS), address
    return address.removeprefix(ADDRESS)


async def follow(there: httpx.AsyncClient, address: str) -> str:
    """Go on at the provider until it leads back here, and give that address."""
    for _ in range(10):
        answer = await there.get(address)
        assert answer.is_redirect, answer.text[:1000]
        address = answer.headers["location"]
        if address.startswith(ADDRESS):
            return address
        address = str(answer.url.join(address))
    raise AssertionError("it leads nowhere")


def message(base: str, name: str, **more: Any) -> str:
    """Give a request to sign somebody out, as the provider would write it."""
    at = more.pop("at", datetime.now(UTC))
    values = {
        "id": f"_{uuid4().hex}",
        "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "to": OURS,
        "issuer": f"{base}/idp",
        "name": name,
        "more": "",
        "index": "",
        **more,
    }
    return REQUEST.format(**values)


def packed(text: str) -> str:
    """Pack a message for a query (Bindings, section 3.4.4.1)."""
    deflated = zlib.compress(text.encode())[2:-4]
    return quote_plus(base64.b64encode(deflated).decode())


def signed(key: Any, text: str, by: str = SHA256, what: str = "SAMLRequest") -> str:
    """Give the query of a message with its signature."""
    query = f"{what}={packed(text)}&RelayState=back&SigAlg={quote_plus(by)}"
    digest = hashes.SHA1() if by == SHA1 else hashes.SHA256()
    signature = key.sign(query.encode(), padding.PKCS1v15(), digest)
    return f"{query}&Signature={quote_plus(base64.b64encode(signature).decode())}"


def key_of(home: Path) -> Any:
    return load_pem_private_key((home / "peer.key").read_bytes(), None)


async def test_signing_out_here_signs_out_at_the_provider(
    app: Starlette, api: Api, peer: str, home: Path
) -> None:
    await arranged(api, peer, home)

    async with a_browser(app) as browser, browser_there() as there:
        await come_in(browser, there)
        page = await sign_out(browser)
        who = await viewer(browser)
        back = await follow(there, page.headers["refresh"].removeprefix("0; url="))
        answer = await browser.send("GET", within(back))
        again = await browser.send("GET", within(back))
        out = await browser.send("GET", SET_OUT)
        asked = await there.get(out.headers["location"], follow_redirects=True)

    assert (page.status_code, who) == (200, None)
    assert "Signing you out at Works too" in page.text
    assert (answer.status_code, answer.headers.get("location")) == (303, "/sign-in")
    assert again.status_code == 403
    assert "username" in asked.text


async def test_signing_out_at_the_provider_ends_the_session_here(
    app: Starlette, api: Api, peer: str, home: Path, app_dsn: str
) -> None:
    await arranged(api, peer, home)

    async with a_browser(app) as browser, a_browser(app) as bens, browser_there() as there:
        async with browser_there() as bens_there:
            await come_in(browser, there)
            await come_in(bens, bens_there, "ben")
        after = quote_plus(f"{peer}/saml2/idp/metadata.php")
        start = f"{peer}/saml2/idp/initSLO.php?RelayState={after}"
        asked = await follow(there, start)
        answer = await browser.send("GET", within(asked))
        replayed = await browser.send("GET", within(asked))
        told = await there.get(answer.headers["location"])
        who, ben = await viewer(browser), await viewer(bens)
        out = await browser.send("GET", SET_OUT)
        asked_anew = await there.get(out.headers["location"], follow_redirects=True)
    async with owner_connection(app_dsn) as owner:
        noted = await owner.fetchval(
            "SELECT details->>'provider' FROM access_event WHERE what = 'signed_out'"
        )

    assert answer.headers["location"].startswith(f"{peer}/saml2/idp/SingleLogoutService.php")
    assert told.status_code in (200, 302, 303), told.text
    assert "rror" not in told.text
    assert (who, ben["name"]) == (None, "ben@acme.example")
    assert (replayed.status_code, "sent before" in replayed.text) == (403, True)
    assert "username" in asked_anew.text
    assert noted == "Works"


@pytest.mark.parametrize(
    ("index", "status"), [("", None), ("<samlp:SessionIndex>other</samlp:SessionIndex>", ADA)]
)
async def test_request_ends_the_sessions_that_it_names(
    app: Starlette, api: Api, peer: str, home: Path, index: str, status: str | None
) -> None:
    await arranged(api, peer, home)

    async with a_browser(app) as browser, browser_there() as there:
        await come_in(browser, there)
        query = signed(key_of(home), message(peer, "ada", index=index))
        answer = await browser.send("GET", f"{SIGN_OUT}?{query}")
        who = await viewer(browser)

    assert answer.status_code == 303
    assert "RelayState=back" in answer.headers["location"]
    assert (who and who["name"]) == status


def without_signature(query: str) -> str:
    return query.partition("&SigAlg=")[0]


async def ask(app: Starlette, query: str) -> httpx.Response:
    async with a_browser(app) as anybody:
        return await anybody.send("GET", f"{SIGN_OUT}?{query}")


@pytest.mark.parametrize(
    "wrong",
    [
        "unsigned",
        "another_key",
        "sha1",
        "changed",
        "twice",
        "spelt_otherwise",
        "too_old",
        "expired",
        "ahead",
        "another_address",
        "another_issuer",
        "no_issuer",
        "entities",
        "wrapped",
        "an_answer",
        "nonsense",
    ],
)
async def test_request_that_does_not_hold_ends_nothing(
    app: Starlette, api: Api, peer: str, home: Path, wrong: str
) -> None:
    await arranged(api, peer, home)
    key, now = key_of(home), datetime.now(UTC)
    good, bad = message(peer, "ben"), message(peer, "ada")
    evil = rsa.generate_private_key(65_537, 2048)
    dtd = '<!DOCTYPE x [<!ENTITY a "ada"><!ENTITY b "&a;&a;&a;">]>'
    queries = {
        "unsigned": without_signature(signed(key, bad)),
        "another_key": signed(evil, bad),
        "sha1": signed(key, bad, SHA1),
        "changed": signed(key, good).replace(packed(good), packed(bad)),
        "twice": f"{signed(key, good)}&SAMLRequest={packed(bad)}",
        "spelt_otherwise": f"SAMLReques%74={packed(bad)}&{signed(key, good)}",
        "too_old": signed(key, message(peer, "ada", at=now - timedelta(minutes=6))),
        "expired": signed(key, message(peer, "ada", more='NotOnOrAfter="2020-01-01T00:00:00Z"')),
        "ahead": signed(key, message(peer, "ada", at=now + timedelta(minutes=6))),
        "another_address": signed(key, message(peer, "ada", to=f"{OURS}/x")),
        "another_issuer": signed(key, message(peer, "ada", issuer="urn:evil")),
        "no_issuer": signed(key, bad.replace(f"<saml:Issuer>{peer}/idp</saml:Issuer>", "")),
        "entities": signed(key, dtd + message(peer, "&b;")),
        "wrapped": signed(key, f"<x>{good}{bad}</x>"),
        "an_answer": signed(key, bad, what="SAMLResponse"),
        "nonsense": signed(key, "x"),
    }

    async with a_browser(app) as browser, browser_there() as there:
        await come_in(browser, there)
        answer = await ask(app, queries[wrong])
        who = await viewer(browser)

    # A parameter that is spelt otherwise is none: what was signed beside it counts.
    expected = 303 if wrong == "spelt_otherwise" else 403
    assert (answer.status_code, who["name"]) == (expected, ADA)


async def test_other_tenants_provider_ends_nothing_here(
    app: Starlette, api: Api, other: Api, peer: str, home: Path
) -> None:
    await arranged(api, peer, home)
    told = await api.get(f"{PROVIDERS}/Works")
    await other.post("/api/claim", {"email": ADA, "password": PASSWORD})
    await other.post(PROVIDERS, {**told, "name": "Works"})

    async with a_browser(app) as browser, browser_there() as there:
        await come_in(browser, there)
        query = signed(key_of(home), message(peer, "ada"))
        answer = await other.send("GET", f"{SIGN_OUT}?{query}")
        who = await viewer(browser)

    assert answer.status_code in (303, 403)
    assert who["name"] == ADA


async def test_answer_of_the_provider_has_to_name_what_was_asked(
    app: Starlette, api: Api, peer: str, home: Path
) -> None:
    await arranged(api, peer, home)

    async with a_browser(app) as browser, browser_there() as there:
        await come_in(browser, there)
        page = await sign_out(browser)
        back = await follow(there, page.headers["refresh"].removeprefix("0; url="))
        unsigned = await browser.send("GET", without_signature(within(back)))
        stranger = await ask(app, urlsplit(back).query)

    assert (unsigned.status_code, stranger.status_code) == (403, 403)
    assert "did not set out from here" in stranger.text


@pytest.mark.parametrize("more", [{"sign_out_address": ""}, {"active": False}])
async def test_signing_out_stays_here_where_nothing_else_is_set_up(
    app: Starlette, api: Api, peer: str, home: Path, more: dict[str, Any]
) -> None:
    await arranged(api, peer, home)

    async with a_browser(app) as browser, browser_there() as there:
        await come_in(browser, there)
        await declare(api, **more)
        answer = await sign_out(browser)

        assert (answer.status_code, await viewer(browser)) == (303, None)
    assert answer.headers["location"] == "/sign-in"


async def test_session_behind_a_second_factor_ends_too_and_so_does_what_waits_for_one(
    app: Starlette, api: Api, peer: str, home: Path
) -> None:
    await arranged(api, peer, home)
    key, _ = await with_app(api)
    query = signed(key_of(home), message(peer, "ada"))
    later = signed(key_of(home), message(peer, "ada"))

    async with a_browser(app) as inside, browser_there() as there:
        said = {"token": await step(inside, there), "code": code_of(key)}
        await inside.post("/api/session/second", said, status=200)
        before = await viewer(inside)
        await ask(app, query)
        after = await viewer(inside)
    async with browser_there() as there, a_browser(app) as waiting:
        token = await step(waiting, there)
        await ask(app, later)
        refused = await waiting.send("POST", "/api/session/second", {"token": token, "code": "0"})

    assert (before["name"], after) == (ADA, None)
    assert refused.status_code in (401, 403, 404, 409, 410, 422)
    assert "took too long" in refused.text


async def step(browser: Api, there: httpx.AsyncClient) -> str:
    """Sign in with the provider, and give the token of the second step."""
    out = await browser.send("GET", SET_OUT)
    told = await answer_of_provider(out.headers["location"], "ada", there)
    answer = await send(browser, {**told.fields, "again": "yes"})
    return answer.cookies["fs_step"]
