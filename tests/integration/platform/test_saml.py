"""People sign in by SAML with a real provider, SimpleSAMLphp, and with nothing less."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.applications import Starlette

from tests.integration.platform.test_identity_providers import ADA, BEN, PASSWORD, a_browser, viewer
from tests.support.app import ADDRESS, Api, owner_connection
from tests.support.peers import missing
from tests.support.saml_peer import Answer, answer_of_provider, metadata_of, saml_provider

PROVIDERS = "/api/metadata/components/identity_provider"
SET_OUT = "/sign-in/with/Works?next=/admin/Deal"
ENTITY = f"{ADDRESS}/sign-in/with/Works/metadata"
BACK = f"{ADDRESS}/sign-in/with/Works/back"
PEOPLE = {"ada": ADA, "ben": BEN, "eve": "eve@evil.example"}
ORIGIN = {"Origin": "https://sso.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A provider that knows this server."""
    if find_spec("onelogin") is None:
        missing("python3-saml")
    with saml_provider(tmp_path_factory.mktemp("peer"), (ENTITY, BACK), PEOPLE) as base:
        yield base


async def offered(api: Api, base: str, **more: Any) -> None:
    """Let Ada administer the tenant, and offer people to sign in with the provider."""
    await api.post("/api/claim", {"email": ADA, "password": PASSWORD})
    told = await api.post("/api/saml-metadata", {"metadata": metadata_of(base)}, status=200)
    usual = {"name": "Works", "label": "Works", "protocol": "saml", "domains": ["acme.example"]}
    await api.post(PROVIDERS, {**usual, **told, "trusts_addresses": True, **more})


async def answered(browser: Api, name: str, out: str = SET_OUT) -> Answer:
    """Go to the provider as somebody, and give what it has the browser send."""
    answer = await browser.send("GET", out)
    assert answer.status_code == 303, answer.text
    return await answer_of_provider(answer.headers["location"], name)


async def send(browser: Api, fields: dict[str, str], **headers: str) -> httpx.Response:
    return await browser.send("POST", BACK, urlencode(fields), headers=headers)


async def come(browser: Api, name: str) -> httpx.Response:
    """Sign in with the provider as somebody, as far as the page that sends its answer again."""
    told = await answered(browser, name)
    return await send(browser, {**told.fields, "again": "yes"})


def changed(fields: dict[str, str], before: str, after: str) -> dict[str, str]:
    """Give what a provider sent with something else in it."""
    said = base64.b64decode(fields["SAMLResponse"]).decode()
    assert before in said
    other = said.replace(before, after).encode()
    return {**fields, "SAMLResponse": base64.b64encode(other).decode(), "again": "yes"}


async def test_member_comes_in_by_saml(app: Starlette, api: Api, peer: str) -> None:
    await offered(api, peer)

    async with a_browser(app) as browser:
        form = await browser.send("GET", "/sign-in")
        answer = await come(browser, "ada")
        who = await viewer(browser)
        account = await browser.get("/api/account")

    assert "Sign in with Works" in form.text
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/Deal")
    assert who["name"] == ADA
    assert account["proved_until"] is not None


async def test_what_the_providers_page_sends_is_sent_again_by_a_page_of_ours(
    app: Starlette, api: Api, peer: str
) -> None:
    await offered(api, peer)

    async with a_browser(app) as browser, a_browser(app) as without_cookies:
        told = await answered(browser, "ada")
        page = await send(without_cookies, told.fields, **ORIGIN)

    assert (told.address, page.status_code) == (BACK, 200)
    assert "set-cookie" not in page.headers
    assert told.fields["SAMLResponse"] in page.text
    assert 'name="again" value="yes"' in page.text


async def test_page_of_another_site_may_send_answers_and_nothing_else(api: Api, peer: str) -> None:
    await offered(api, peer)

    refused = await api.send("POST", "/sign-in", "email=a", headers=ORIGIN)
    taken = await send(api, {"SAMLResponse": "x", "RelayState": "y", "again": "yes"}, **ORIGIN)

    assert refused.status_code == 403
    assert "did not set out from here" in taken.text


async def test_stranger_becomes_a_member_with_the_name_that_the_provider_tells(
    app: Starlette, api: Api, peer: str
) -> None:
    await offered(api, peer, create_members=True)

    async with a_browser(app) as browser:
        await come(browser, "ben")
        again = await come(browser, "ben")
        who = await viewer(browser)
    people = (await api.get("/api/people"))["people"]
    user = await api.get(f"/api/records/User/{who['id']}")

    assert again.status_code == 303
    assert [one["email"] for one in people] == [ADA, BEN]
    assert user["name"] == "Ben"


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("eve", {"create_members": True}, "do not come in by this provider"),
        ("ben", {}, "is not a member here"),
    ],
)
async def test_only_members_and_addresses_of_the_domains_come_in(
    app: Starlette, api: Api, peer: str, name: str, more: dict[str, Any], said: str
) -> None:
    await offered(api, peer, **more)

    async with a_browser(app) as browser:
        answer = await come(browser, name)

        assert (answer.status_code, await viewer(browser)) == (403, None)
    assert said in answer.text


async def test_address_that_the_library_does_not_take_is_told(api: Api, peer: str) -> None:
    await offered(api, peer, sign_out_address="https://idp-.example/slo")

    answer = await api.send("GET", SET_OUT)

    assert answer.status_code == 409
    assert "an address that cannot be used" in answer.text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ben@acme.example", ADA),
        (">ben<", ">ada<"),
        ("<saml:Assertion ", "<saml:Assertion xmlns:x='x' "),
        ("<samlp:Response", "<!DOCTYPE x [<!ENTITY y 'z'>]><samlp:Response"),
    ],
)
async def test_answer_that_was_changed_opens_nothing(
    app: Starlette, api: Api, peer: str, before: str, after: str
) -> None:
    await offered(api, peer, create_members=True)

    async with a_browser(app) as browser:
        told = await answered(browser, "ben")
        answer = await send(browser, changed(told.fields, before, after))

        assert (answer.status_code, await viewer(browser)) == (403, None)


async def test_comment_shortens_no_address(app: Starlette, api: Api, peer: str) -> None:
    await offered(api, peer, create_members=True)

    async with a_browser(app) as browser:
        told = await answered(browser, "ben")
        # Comments are not signed: whoever reads a text up to the first one is deceived.
        await send(browser, changed(told.fields, "@acme.example<", "@acme.example<!-- -->.evil<"))
        refused = await viewer(browser)
        told = await answered(browser, "ben")
        await send(browser, changed(told.fields, "ben@acme", "ben<!-- -->@acme"))
        who = await viewer(browser)

    assert refused is None
    assert who["name"] == BEN


@pytest.mark.parametrize("text", ["", "x", "PHg+", "PD94bWw=", "////", "PHg+PC94Pg=="])
async def test_what_is_no_answer_is_refused(app: Starlette, api: Api, peer: str, text: str) -> None:
    await offered(api, peer)

    async with a_browser(app) as browser:
        told = await answered(browser, "ada")
        answer = await send(browser, {**told.fields, "SAMLResponse": text, "again": "yes"})

    assert answer.status_code == 403


async def test_answer_counts_once_and_for_the_browser_that_asked(
    app: Starlette, api: Api, peer: str
) -> None:
    await offered(api, peer)

    async with a_browser(app) as mallory, a_browser(app) as victim:
        told = await answered(mallory, "ada")
        fields = {**told.fields, "again": "yes"}
        stolen = await send(victim, fields)
        other = await answered(victim, "ada")
        crossed = await send(victim, {**fields, "RelayState": other.fields["RelayState"]})
        kept = dict(mallory.http.cookies)
        first = await send(mallory, fields)
        mallory.http.cookies.update(kept)
        again = await send(mallory, fields)

        assert await viewer(victim) is None
    assert [stolen.status_code, crossed.status_code] == [403, 403]
    assert [first.status_code, again.status_code] == [303, 403]
    assert "sent before" in again.text


async def test_provider_with_another_key_is_not_believed(
    app: Starlette, api: Api, peer: str, tmp_path: Any
) -> None:
    with saml_provider(tmp_path, (ENTITY, BACK), PEOPLE) as another:
        told = await api.post("/api/saml-metadata", {"metadata": metadata_of(another)}, status=200)
    await offered(api, peer, certificates=told["certificates"])

    async with a_browser(app) as browser:
        answer = await come(browser, "ada")

    assert answer.status_code == 403
    assert "Signature validation failed" in answer.text


@pytest.mark.parametrize(
    ("signs", "status"), [("assertion", 303), ("response", 303), ("nothing", 403)]
)
async def test_answer_or_what_is_in_it_is_signed(
    app: Starlette, api: Api, tmp_path: Any, signs: str, status: int
) -> None:
    with saml_provider(tmp_path, (ENTITY, BACK), PEOPLE, signs=signs) as base:
        await offered(api, base)
        async with a_browser(app) as browser:
            answer = await come(browser, "ada")

    assert answer.status_code == status


@pytest.mark.parametrize("more", [{"client_id": "urn:another"}])
async def test_answer_for_another_audience_is_refused(
    app: Starlette, api: Api, peer: str, more: dict[str, Any]
) -> None:
    await offered(api, peer)

    async with a_browser(app) as browser:
        told = await answered(browser, "ada")
        body = (await api.get(f"{PROVIDERS}/Works")) | more
        await api.ask("PUT", f"{PROVIDERS}/Works", body)
        answer = await send(browser, {**told.fields, "again": "yes"})

    assert answer.status_code == 403


async def test_member_shows_at_the_provider_that_it_is_still_they(
    app: Starlette, api: Api, peer: str, app_dsn: str
) -> None:
    await offered(api, peer)

    async with a_browser(app) as browser:
        await come(browser, "ada")
        async with owner_connection(app_dsn) as owner:
            await owner.execute("UPDATE session SET proved_at = NULL")
        before = (await browser.get("/api/account"))["proved_until"]
        told = await answered(browser, "ada", "/sign-in/with/Works/proof?next=/admin/account")
        answer = await send(browser, {**told.fields, "again": "yes"})
        after = (await browser.get("/api/account"))["proved_until"]

    assert answer.headers["location"] == "/admin/account"
    assert before is None
    assert after is not None


async def test_we_describe_ourselves_as_providers_read_it(api: Api, other: Api, peer: str) -> None:
    await offered(api, peer)

    answer = await api.send("GET", "/sign-in/with/Works/metadata")
    theirs = await other.send("GET", "/sign-in/with/Works/metadata")
    [shown] = (await api.get("/api/identity-providers"))["providers"]

    assert answer.headers["content-type"].startswith("application/samlmetadata+xml")
    assert f'entityID="{ENTITY}"' in answer.text
    assert BACK in answer.text
    assert theirs.status_code == 404
    assert (shown["protocol"], shown["entity_id"]) == ("saml", ENTITY)


@pytest.mark.usefixtures("peer")
@pytest.mark.parametrize("sent", [{"metadata": "<x/>"}, {"metadata": "no"}, {"metadata": ""}, {}])
async def test_what_is_no_metadata_is_refused(api: Api, sent: dict[str, str]) -> None:
    await api.refused("POST", "/api/saml-metadata", sent, status=422)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"certificates": []}, "/certificates"),
        ({"certificates": ["x" * 200]}, "/certificates/0"),
        ({"sign_in_address": "javascript:alert(1)"}, "/sign_in_address"),
        ({"sign_in_address": 'https://x.example/"'}, "/sign_in_address"),
        ({"trusts_addresses": False}, "/trusts_addresses"),
        ({"issuer": "<x>"}, "/issuer"),
    ],
)
async def test_wrong_declaration_is_refused(
    api: Api, peer: str, body: dict[str, Any], pointer: str
) -> None:
    await offered(api, peer)
    declared = {**await api.get(f"{PROVIDERS}/Works"), **body}

    [problem] = await api.refused("PUT", f"{PROVIDERS}/Works", declared, status=422)

    assert problem["at"] == pointer
