"""Administrators set up providers, connected apps and service users on pages."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from tests.support.app import Api, client_of, owner_connection
from tests.support.pages import Browser, browser_of
from tests.support.programs import ADA, BEN, claimed

PROVIDERS = "/admin/identity-providers"
APPS = "/admin/connected-apps"
SERVICE = "/admin/service-users"
KEY = '{"keys": [{"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQ", "e": "AQAB"}]}'
CERTIFICATE = "-----BEGIN CERTIFICATE-----\n" + "MIIC" * 40 + "\n-----END CERTIFICATE-----"
OPENID = {"protocol": "openid_connect", "label": "Acme account", "client_id": "fieldstone"}


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[Browser]:
    """A browser on the machine itself, which administers a tenant that nobody signs in to."""
    async with browser_of(app) as browser:
        yield browser


async def declared(api: Api, kind: str, name: str) -> dict[str, object]:
    found: dict[str, object] = await api.get(f"/api/metadata/components/{kind}/{name}")
    return found


async def signed_in(api: Api, browser: Browser) -> None:
    """Claim the tenant as Ada, in the browser as well."""
    await claimed(api)
    browser.http.cookies.update(api.http.cookies)


async def test_provider_is_made_switched_on_and_deleted(api: Api, browser: Browser) -> None:
    made = await browser.send(PROVIDERS, {**OPENID, "issuer": "https://login.acme.example"})
    path = made.headers["location"]
    first = await declared(api, "identity_provider", "Acme_Account")
    said = {"label": "Acme", "issuer": "https://login.acme.example", "client_id": "fieldstone"}
    said |= {"scopes": "openid email", "domains": "acme.example\nacme.test", "active": "yes"}
    said |= {"email_claim": "email", "name_claim": "name", "description": ""}
    saved = await browser.send(path, said)
    after = await declared(api, "identity_provider", "Acme_Account")
    [shown] = (await api.get("/api/identity-providers"))["providers"]
    deleted = await browser.send(path, {"do": "delete"})

    assert (made.status_code, path) == (303, f"{PROVIDERS}/Acme_Account")
    assert first["active"] is False
    assert saved.status_code == 303, saved.text
    assert (after["label"], after["active"]) == ("Acme", True)
    assert after["domains"] == ["acme.example", "acme.test"]
    assert (shown["label"], shown["active"]) == ("Acme", True)
    assert deleted.headers["location"] == PROVIDERS
    assert (await api.get("/api/identity-providers"))["providers"] == []


async def test_secret_of_a_provider_is_kept_and_shown_nowhere(api: Api, browser: Browser) -> None:
    await browser.send(PROVIDERS, {**OPENID, "issuer": "https://login.acme.example"})
    path = f"{PROVIDERS}/Acme_Account"

    await browser.send(f"{path}/secret", {"secret": "of the provider"}, form=path)
    kept = await browser.open(path)
    await browser.send(f"{path}/secret", {"do": "drop"}, form=path)
    dropped = await browser.open(path)

    assert "One is kept, encrypted" in kept
    assert "of the provider" not in kept
    assert "None is kept" in dropped


async def test_what_is_wrong_is_told_and_what_was_typed_stays(browser: Browser) -> None:
    typed = {**OPENID, "issuer": "ftp://x.example"}

    refused = await browser.send(PROVIDERS, typed)
    nothing = await browser.send(PROVIDERS, {"protocol": "saml", "label": "W", "metadata": "<x/>"})

    assert (refused.status_code, nothing.status_code) == (422, 422)
    assert "This is no issuer" in refused.text
    assert 'value="ftp://x.example"' in refused.text


async def test_certificates_are_parted_as_they_are_pasted(api: Api, browser: Browser) -> None:
    kind = "/api/metadata/components/identity_provider"
    body = {"name": "Works", "label": "Works", "protocol": "saml", "issuer": "urn:works"}
    await api.post(kind, {**body, "active": False})
    said = {"label": "Works", "issuer": "urn:works", "certificates": CERTIFICATE * 2}
    said |= {"email_claim": "email", "name_claim": "name"}

    saved = await browser.send(f"{PROVIDERS}/Works", said)
    after = await declared(api, "identity_provider", "Works")

    assert saved.status_code == 303, saved.text
    assert after["certificates"] == [CERTIFICATE, CERTIFICATE]


async def test_keys_are_made_changed_and_forgotten(api: Api, browser: Browser) -> None:
    kind = "/api/metadata/components/identity_provider"
    body = {"name": "Works", "label": "Works", "protocol": "saml", "issuer": "urn:works"}
    await api.post(kind, {**body, "active": False})
    path = f"{PROVIDERS}/Works"

    bare = await browser.open(path)
    await browser.send(f"{path}/keys", {"do": "make"}, form=path)
    await browser.send(f"{path}/keys", {"do": "make"}, form=path)
    first, second = (await api.get("/api/identity-providers/Works/keys"))["keys"]
    both = await browser.open(path)
    third = await browser.send(f"{path}/keys", {"do": "make"}, form=path)
    await browser.send(f"{path}/keys", {"do": "sign", "key": second["id"]}, form=path)
    await browser.send(f"{path}/keys", {"do": "drop", "key": first["id"]}, form=path)
    left = (await api.get("/api/identity-providers/Works/keys"))["keys"]

    assert "people sign out here alone" in bare
    assert first["fingerprint"] in both
    assert "Make a key pair" not in both
    assert third.status_code == 422
    assert [(one["id"], one["signs"]) for one in left] == [(second["id"], True)]


async def test_app_is_made_and_told_its_secret_once(api: Api, browser: Browser) -> None:
    made = await browser.send(
        APPS, {"label": "Mail sync", "redirect_uris": "https://a.example/1\nhttps://a.example/2"}
    )
    path = made.headers["location"]
    said = {"label": "Mails", "redirect_uris": "https://a.example/1", "public_keys": KEY}
    said |= {"access_minutes": "30", "refresh_days": "7", "service_user": "", "active": "yes"}
    lists = {"grants": ["authorization_code", "jwt_bearer"], "scopes": ["records:read", "export"]}
    saved = await browser.send(path, {**said, **lists})
    told = await browser.send(f"{path}/secret", {"do": "make"}, form=path)
    after = await declared(api, "connected_app", "Mail_Sync")

    assert saved.status_code == 303, saved.text
    assert (after["access_minutes"], after["refresh"], after["service_user"]) == (30, False, None)
    assert after["scopes"] == ["records:read", "export"]
    assert after["public_keys"] == [
        {"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQ", "e": "AQAB"}
    ]
    assert re.search(r'value="fsc_[A-Za-z0-9_-]{43}"', told.text)
    assert "fsc_" not in await browser.open(path)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"access_minutes": "many"}, "is a number"),
        ({"public_keys": "{"}, "cannot be read as JSON"),
        ({"public_keys": "7"}, ""),
        ({"grants": "jwt_bearer", "public_keys": ""}, "What it signs cannot be checked"),
    ],
)
async def test_what_is_wrong_with_an_app_is_told(
    browser: Browser, sent: dict[str, str], said: str
) -> None:
    await browser.send(APPS, {"label": "Mail sync", "redirect_uris": "https://a.example/1"})
    usual = {"label": "Mails", "redirect_uris": "https://a.example/1", "access_minutes": "5"}
    usual |= {"grants": "authorization_code", "scopes": "export", "refresh_days": "7"}

    refused = await browser.send(f"{APPS}/Mail_Sync", {**usual, **sent})

    assert refused.status_code == 422
    assert said in refused.text


async def test_service_user_is_made_with_a_token_that_works(
    app: Starlette, api: Api, browser: Browser
) -> None:
    await signed_in(api, browser)
    made = await browser.send(SERVICE, {"name": "Nightly sync"})
    path = made.headers["location"]
    said = {"name": "sync", "days": "90", "scopes": ["records:read"]}
    told = await browser.send(path, said)
    token = re.search(r'value="(fst_[^"]+)"', told.text)
    assert token is not None, told.text
    async with client_of(app) as program:
        bearer = {"authorization": f"Bearer {html.unescape(token[1])}"}
        who = await program.get("/api/session", headers=bearer)
        listed = re.search(r'name="id" value="(token_[0-9a-f]+)"', await browser.open(path))
        assert listed is not None
        await browser.send(path, {"do": "revoke", "id": listed[1]})
        await program.refused("GET", "/api/session", status=401, headers=bearer)

    assert who["viewer"]["name"] == "nightly-sync@service.example"


@pytest.mark.parametrize("sent", [{"name": "", "scopes": "api"}, {"name": "x"}])
async def test_token_of_a_service_user_has_a_name_and_scopes(
    api: Api, browser: Browser, sent: dict[str, str]
) -> None:
    await signed_in(api, browser)
    path = (await browser.send(SERVICE, {"name": "Nightly sync"})).headers["location"]

    refused = await browser.send(path, sent)

    assert refused.status_code == 422


async def test_members_and_other_tenants_see_none_of_it(
    app: Starlette, api: Api, other: Api, app_dsn: str
) -> None:
    await claimed(api)
    body = {"name": "Peer", "label": "Peer", "issuer": "https://x.example", "client_id": "c"}
    await api.post("/api/metadata/components/identity_provider", body)
    told = await api.post("/api/people", {"email": BEN, "name": "Ben"})
    service = await api.post("/api/service-users", {"name": "Sync"})
    async with client_of(app) as ben:
        said = {"token": told["invitation"], "password": "staple battery horse"}
        await ben.post("/api/welcome", said, status=200)
        pages = (PROVIDERS, f"{PROVIDERS}/Peer", APPS, SERVICE, f"{SERVICE}/{service['id']}")
        seen = [(await ben.send("GET", page)).status_code for page in pages]
    theirs = await other.send("GET", PROVIDERS)
    one = await other.send("GET", f"{PROVIDERS}/Peer")
    user = await other.send("GET", f"{SERVICE}/{service['id']}")
    async with owner_connection(app_dsn) as owner:
        assert await owner.fetchval("SELECT count(*) FROM member WHERE email = $1", ADA) == 1

    assert seen == [403, 403, 403, 403, 403]
    assert "Peer" not in theirs.text
    assert (one.status_code, user.status_code) == (404, 404)
