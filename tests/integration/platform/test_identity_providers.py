"""People sign in with accounts of a real OpenID Connect provider, and with nothing less."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from fieldstone.platform.app import build_app, open_engine
from fieldstone.platform.settings import load_settings
from tests.support.app import ADDRESS, Api, client_of, owner_connection
from tests.support.peers import consent_at_provider, oidc_provider

ADA = "ada@acme.example"
BEN = "ben@acme.example"
PASSWORD = "correct horse battery"
SECRET = "a secret of sixteen: yes & more"
BACK = f"{ADDRESS}/sign-in/with/Peer/back"
SECRETS = "/api/identity-providers/Peer/secret"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider that knows this server as its client."""
    with oidc_provider(BACK) as address:
        yield address


def declared(issuer: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "Peer",
        "label": "Peer",
        "issuer": issuer,
        "client_id": "fieldstone",
        "domains": ["acme.example"],
        **more,
    }


async def offered(api: Api, issuer: str, **more: Any) -> None:
    """Let Ada administer the tenant, and offer people to sign in with the provider."""
    await api.post("/api/claim", {"email": ADA, "password": PASSWORD})
    await api.post("/api/metadata/components/identity_provider", declared(issuer, **more))
    await api.ask("PUT", SECRETS, {"secret": SECRET}, status=204)


@asynccontextmanager
async def a_browser(app: Starlette, tenant: str | None = None) -> AsyncIterator[Api]:
    async with client_of(app, tenant) as client:
        yield client


async def way_back(browser: Api, login: str, wanted: str = "/admin/Deal") -> str:
    """Go to the provider as somebody, and give the address that leads back."""
    answer = await browser.send("GET", f"/sign-in/with/Peer?next={wanted}")
    assert answer.status_code == 303, answer.text
    return await consent_at_provider(answer.headers["location"], login, ADDRESS)


async def come(browser: Api, login: str, wanted: str = "/admin/Deal") -> httpx.Response:
    """Sign in with the provider as somebody."""
    return await browser.send("GET", await way_back(browser, login, wanted))


async def viewer(browser: Api) -> Any:
    return (await browser.get("/api/session"))["viewer"]


async def test_member_comes_in_with_a_verified_address(
    app: Starlette, api: Api, issuer: str
) -> None:
    await offered(api, issuer)

    async with a_browser(app) as browser:
        form = await browser.send("GET", "/sign-in?next=/admin/Deal")
        answer = await come(browser, ADA)
        who = await viewer(browser)

    assert 'href="/sign-in/with/Peer?next=%2Fadmin%2FDeal"' in form.text
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/Deal")
    assert who["name"] == ADA


async def test_somebody_who_came_once_comes_again_under_another_address(
    app: Starlette, api: Api, issuer: str, app_dsn: str
) -> None:
    await offered(api, issuer)
    async with a_browser(app) as browser:
        await come(browser, ADA)
    async with owner_connection(app_dsn) as owner:
        await owner.execute("UPDATE member SET email = 'ada.l@acme.example' WHERE email = $1", ADA)

    async with a_browser(app) as browser:
        await come(browser, ADA)
        who = await viewer(browser)

    assert who["name"] == "ada.l@acme.example"


async def test_invited_person_comes_in_without_a_password(
    app: Starlette, api: Api, issuer: str
) -> None:
    await offered(api, issuer)
    await api.post("/api/people", {"email": BEN, "name": "Ben"})

    async with a_browser(app) as browser:
        await come(browser, BEN)

        assert (await viewer(browser))["name"] == BEN


async def test_stranger_becomes_a_member_only_where_the_provider_may_make_some(
    app: Starlette, api: Api, issuer: str
) -> None:
    await offered(api, issuer)

    async with a_browser(app) as browser:
        refused = await come(browser, BEN)
    body = declared(issuer, create_members=True)
    await api.ask("PUT", "/api/metadata/components/identity_provider/Peer", body)
    async with a_browser(app) as browser:
        await come(browser, BEN)
        who = await viewer(browser)
    people = (await api.get("/api/people"))["people"]

    assert refused.status_code == 403
    assert "is not a member here" in refused.text
    assert who == {"id": people[1]["id"], "name": BEN, "may_set_up": False}
    assert (people[1]["has_password"], people[1]["is_administrator"]) == (False, False)


@pytest.mark.parametrize(
    ("login", "said"),
    [
        (f"unverified:{ADA}", "does not say that your address is yours"),
        ("eve@evil.example", "do not come in by this provider"),
    ],
)
async def test_address_must_be_verified_and_of_a_domain_that_comes_in(
    app: Starlette, api: Api, issuer: str, login: str, said: str
) -> None:
    await offered(api, issuer, create_members=True)

    async with a_browser(app) as browser:
        answer = await come(browser, login)

        assert (answer.status_code, await viewer(browser)) == (403, None)
    assert said in answer.text


@pytest.mark.parametrize(("trusts", "status"), [(False, 403), (True, 303)])
async def test_verified_address_vouches_for_no_other_claim(
    app: Starlette, api: Api, issuer: str, trusts: bool, status: int
) -> None:
    await offered(api, issuer, email_claim="preferred_username", trusts_addresses=trusts)

    async with a_browser(app) as browser:
        answer = await come(browser, ADA)

    assert answer.status_code == status


async def test_invitation_that_resets_factors_ends_accounts_elsewhere(
    app: Starlette, api: Api, issuer: str, app_dsn: str
) -> None:
    await offered(api, issuer)
    told = await api.post("/api/people", {"email": BEN, "name": "Ben"})
    async with a_browser(app) as browser:
        await come(browser, BEN)
    async with owner_connection(app_dsn) as owner:
        before = await owner.fetchval("SELECT count(*) FROM identity_link")
        again = await api.post(f"/api/people/{told['id']}/invitation", {"resets_factors": True})
        async with a_browser(app) as browser:
            said = {"token": again["invitation"], "password": "staple battery horse"}
            await browser.post("/api/welcome", said, status=200)
        after = await owner.fetchval("SELECT count(*) FROM identity_link")

    assert (before, after) == (1, 0)


async def test_deactivated_person_does_not_come_in(app: Starlette, api: Api, issuer: str) -> None:
    await offered(api, issuer)
    told = await api.post("/api/people", {"email": BEN, "name": "Ben"})
    async with a_browser(app) as browser:
        await come(browser, BEN)
    await api.patch(f"/api/people/{told['id']}", {"is_active": False})

    async with a_browser(app) as browser:
        answer = await come(browser, BEN)

        assert (answer.status_code, await viewer(browser)) == (403, None)


async def test_way_back_belongs_to_the_browser_that_set_out(
    app: Starlette, api: Api, issuer: str
) -> None:
    await offered(api, issuer)

    async with a_browser(app) as mallory, a_browser(app) as victim:
        address = await way_back(mallory, ADA)
        answer = await victim.send("GET", address)
        await victim.send("GET", "/sign-in/with/Peer")
        crossed = await victim.send("GET", address)

        assert await viewer(victim) is None
    assert (answer.status_code, crossed.status_code) == (403, 403)
    assert "did not set out from here" in answer.text


async def test_way_back_is_gone_once(app: Starlette, api: Api, issuer: str) -> None:
    await offered(api, issuer)

    async with a_browser(app) as browser:
        address = await way_back(browser, ADA)
        await browser.send("GET", address)
        again = await browser.send("GET", address)

    assert again.status_code == 403


async def test_way_back_to_one_tenant_leads_into_no_other(
    app: Starlette, api: Api, other: Api, issuer: str
) -> None:
    await offered(api, issuer)
    await offered(other, issuer)

    async with a_browser(app) as browser:
        address = await way_back(browser, ADA)
        answer = await browser.send("GET", address, headers={"X-Tenant": "other"})

    assert answer.status_code == 403


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/adminevil", "/\\x"])
async def test_way_leads_to_pages_of_ours_alone(
    app: Starlette, api: Api, issuer: str, wanted: str
) -> None:
    await offered(api, issuer)

    async with a_browser(app) as browser:
        answer = await come(browser, ADA, wanted)

    assert answer.headers["location"] == "/admin"


async def test_provider_is_asked_with_pkce_state_and_nonce(
    app: Starlette, api: Api, issuer: str
) -> None:
    await offered(api, issuer)

    async with a_browser(app) as browser:
        answer = await browser.send("GET", "/sign-in/with/Peer")

    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [BACK]
    assert len(asked["state"][0]) == len(asked["nonce"][0]) == 43
    kept = answer.headers["set-cookie"]
    assert "HttpOnly" in kept
    assert asked["nonce"][0] not in kept


async def test_wrong_client_secret_is_told_without_showing_it(
    app: Starlette, api: Api, issuer: str
) -> None:
    await offered(api, issuer)
    await api.ask("PUT", SECRETS, {"secret": "no such secret"}, status=204)

    async with a_browser(app) as browser:
        answer = await come(browser, ADA)

    assert answer.status_code == 403
    assert "invalid_client" in answer.text
    assert "no such secret" not in answer.text


async def test_secret_is_not_sent_to_another_issuer(app: Starlette, api: Api, issuer: str) -> None:
    await offered(api, issuer)
    elsewhere = declared(issuer, client_id="another")
    await api.ask("PUT", "/api/metadata/components/identity_provider/Peer", elsewhere)

    async with a_browser(app) as browser:
        departure = await browser.send("GET", "/sign-in/with/Peer")
        state = parse_qs(urlsplit(departure.headers["location"]).query)["state"][0]
        answer = await browser.send("GET", f"/sign-in/with/Peer/back?code=c&state={state}")

    assert answer.status_code == 409
    assert "belongs to another issuer" in answer.text


async def test_secret_is_stored_encrypted_and_shown_nowhere(
    api: Api, issuer: str, app_dsn: str
) -> None:
    await offered(api, issuer)

    shown = await api.send("GET", "/api/identity-providers")
    component = await api.send("GET", "/api/metadata/components/identity_provider/Peer")
    async with owner_connection(app_dsn) as owner:
        sealed = await owner.fetchval("SELECT sealed FROM sealed_secret")

    assert shown.json()["providers"][0]["has_secret"] is True
    assert shown.json()["providers"][0]["return_address"] == BACK
    assert SECRET not in shown.text + component.text
    assert SECRET.encode() not in bytes(sealed)


async def test_members_do_not_see_or_change_providers(
    app: Starlette, api: Api, issuer: str
) -> None:
    await offered(api, issuer)
    await api.post("/api/people", {"email": BEN, "name": "Ben"})

    async with a_browser(app) as browser:
        await come(browser, BEN)
        await browser.refused("GET", "/api/identity-providers", status=403)
        await browser.refused("PUT", SECRETS, {"secret": "mine"}, status=403)
        await browser.refused("DELETE", SECRETS, status=403)
        path = "/api/metadata/components/identity_provider"
        body = {**declared(issuer), "name": "Mine"}
        await browser.refused("POST", path, body, status=403)


async def test_other_tenant_sees_no_provider(api: Api, other: Api, issuer: str) -> None:
    await offered(api, issuer)

    assert (await other.get("/api/identity-providers"))["providers"] == []
    assert "Peer" not in (await other.send("GET", "/sign-in")).text
    await other.refused("PUT", SECRETS, {"secret": "x"}, status=404)


async def test_provider_within_the_network_is_not_asked_unless_allowed(
    api: Api, issuer: str, app_dsn: str
) -> None:
    await offered(api, issuer)
    variables = {"FIELDSTONE_DATABASE_URL": app_dsn, "FIELDSTONE_SECRET_KEY": "tests"}
    settings = load_settings(variables, {})
    engine = await open_engine(settings)
    try:
        async with client_of(build_app(engine, settings)) as browser:
            answer = await browser.send("GET", "/sign-in/with/Peer")
    finally:
        await engine.close()

    assert answer.status_code == 422
    assert "https alone" in answer.text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"issuer": "ftp://x.example"}, "/issuer"),
        ({"issuer": "https://x.example?a=b"}, "/issuer"),
        ({"issuer": "https://u:p@x.example"}, "/issuer"),
        ({"scopes": ["email"]}, "/scopes"),
        ({"create_members": True, "domains": []}, "/domains"),
        ({"name": "../x"}, "/name"),
    ],
)
async def test_wrong_declaration_is_refused(
    api: Api, issuer: str, body: dict[str, Any], pointer: str
) -> None:
    path = "/api/metadata/components/identity_provider"
    [problem] = await api.refused("POST", path, {**declared(issuer), **body}, status=422)

    assert problem["at"] == pointer
