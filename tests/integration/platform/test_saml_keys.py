"""Our keys at a SAML provider: they sign what we ask, and open what is encrypted for us."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.applications import Starlette

from tests.integration.platform.test_identity_providers import a_browser, viewer
from tests.integration.platform.test_saml import (
    BACK,
    ENTITY,
    PEOPLE,
    PROVIDERS,
    SET_OUT,
    answered,
    come,
    offered,
    send,
)
from tests.support.app import Api, owner_connection
from tests.support.peers import missing
from tests.support.saml_peer import browser_there, saml_provider, tell_of_us

KEYS = "/api/identity-providers/Works/keys"
METADATA = "/sign-in/with/Works/metadata"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the provider keeps what it knows."""
    return tmp_path_factory.mktemp("peer")


@pytest.fixture(scope="module")
def peer(home: Path) -> Iterator[str]:
    """A provider that reads our metadata, and signs assertions alone."""
    if find_spec("onelogin") is None:
        missing("python3-saml")
    with saml_provider(home, (ENTITY, BACK), PEOPLE, signs="assertion") as base:
        yield base


async def declare(api: Api, **more: Any) -> None:
    """Declare the provider anew."""
    body = await api.get(f"{PROVIDERS}/Works")
    await api.ask("PUT", f"{PROVIDERS}/Works", {**body, **more})


async def metadata(api: Api) -> str:
    return (await api.send("GET", METADATA)).text


def without_frame(certificate: str) -> str:
    return "".join(certificate.splitlines()[1:-1])


async def test_metadata_tell_both_certificates_while_one_follows_the_other(
    api: Api, peer: str
) -> None:
    await offered(api, peer)

    bare = await metadata(api)
    first = await api.post(KEYS, {})
    second = await api.post(KEYS, {})
    third = await api.refused("POST", KEYS, {}, status=409)
    in_use = await api.refused("DELETE", f"{KEYS}/{first['id']}", status=409)
    told = "".join((await metadata(api)).split())
    await api.ask("PUT", f"{KEYS}/{second['id']}", {"signs": True})
    shown = (await api.get(KEYS))["keys"]
    await api.delete(f"{KEYS}/{first['id']}", status=204)
    after = "".join((await metadata(api)).split())

    assert "KeyDescriptor" not in bare
    assert "SingleLogoutService" in bare
    assert [first["signs"], second["signs"]] == [True, False]
    assert [one["code"] for one in (*third, *in_use)] == ["provider.key_in_use"] * 2
    for one in (first, second):
        assert told.count(without_frame(one["certificate"])) == 2
    assert [(one["id"], one["signs"]) for one in shown] == [
        (second["id"], True),
        (first["id"], False),
    ]
    assert without_frame(first["certificate"]) not in after
    assert all("key" not in one and "PRIVATE" not in str(one) for one in shown)


async def test_keys_are_kept_encrypted_and_are_the_administrators(
    app: Starlette, api: Api, other: Api, peer: str, app_dsn: str
) -> None:
    await offered(api, peer)
    made = await api.post(KEYS, {})
    async with owner_connection(app_dsn) as owner:
        kept = await owner.fetchval("SELECT sealed FROM sealed_secret WHERE purpose = 'saml_keys'")
        noted = await owner.fetchval(
            "SELECT details->>'certificate' FROM access_event WHERE what = 'provider_key_made'"
        )

    async with a_browser(app) as stranger:
        refused = await stranger.send("POST", KEYS, "")
    theirs = await other.send("GET", KEYS)
    unknown = await api.refused("PUT", f"{KEYS}/0000", {"signs": True}, status=404)
    untrue = await api.refused("PUT", f"{KEYS}/{made['id']}", {"signs": False}, status=422)

    assert b"PRIVATE KEY" not in kept
    assert noted == made["fingerprint"]
    assert refused.status_code == 401
    assert theirs.status_code == 404
    assert unknown[0]["code"] == "provider.unknown_key"
    assert untrue[0]["at"] == "/signs"


async def test_provider_that_wants_requests_signed_takes_ours_and_no_other(
    app: Starlette, api: Api, peer: str, home: Path
) -> None:
    await offered(api, peer, signs_requests=True)
    async with a_browser(app) as browser:
        keyless = await browser.send("GET", SET_OUT)
    await api.post(KEYS, {})
    tell_of_us(home, await metadata(api), **{"validate.authnrequest": True})

    async with a_browser(app) as browser, browser_there() as there:
        out = await browser.send("GET", SET_OUT)
        sent = parse_qs(urlsplit(out.headers["location"]).query)
        forged = out.headers["location"].replace("RelayState=", "RelayState=x")
        refused = await there.get(forged, follow_redirects=True)
        answer = await come(browser, "ada")
    await declare(api, signs_requests=False)
    async with a_browser(app) as browser, browser_there() as there:
        unsigned = await browser.send("GET", SET_OUT)
        without = await there.get(unsigned.headers["location"], follow_redirects=True)

    assert (keyless.status_code, "no key to sign with" in keyless.text) == (409, True)
    assert sent["SigAlg"] == ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    assert "username" not in refused.text
    assert answer.status_code == 303
    assert "username" not in without.text


async def test_assertion_encrypted_by_the_provider_opens_with_either_key(
    app: Starlette, api: Api, peer: str, home: Path
) -> None:
    await offered(api, peer, wants_encrypted=True, takes_cbc=True)
    first = await api.post(KEYS, {})
    tell_of_us(home, await metadata(api), **{"assertion.encryption": True})
    second = await api.post(KEYS, {})
    await api.ask("PUT", f"{KEYS}/{second['id']}", {"signs": True})

    async with a_browser(app) as browser:
        told = await answered(browser, "ada")
        said = base64.b64decode(told.fields["SAMLResponse"])
        answer = await send(browser, {**told.fields, "again": "yes"})
        who = await viewer(browser)
    await api.delete(f"{KEYS}/{first['id']}", status=204)
    async with a_browser(app) as browser:
        gone = await come(browser, "ada")

    assert b"EncryptedAssertion" in said
    assert b"ada@acme.example" not in said
    assert (answer.status_code, who["name"]) == (303, "ada@acme.example")
    assert gone.status_code == 403


def encrypted(fields: dict[str, str], certificate: str, key_by: str, content_by: str) -> Any:
    """Give what a provider sent with its assertion encrypted, by these algorithms."""
    xmlsec: Any = import_module("xmlsec")
    etree: Any = import_module("lxml.etree")
    root = etree.fromstring(base64.b64decode(fields["SAMLResponse"]))
    saml = "urn:oasis:names:tc:SAML:2.0:assertion"
    [assertion] = root.findall(f"{{{saml}}}Assertion")
    data = xmlsec.template.encrypted_data_create(
        root, getattr(xmlsec.Transform, content_by), type=xmlsec.EncryptionType.ELEMENT, ns="xenc"
    )
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
    key = xmlsec.template.add_encrypted_key(info, getattr(xmlsec.Transform, key_by))
    xmlsec.template.encrypted_data_ensure_cipher_value(key)
    manager = xmlsec.KeysManager()
    public = xmlsec.Key.from_memory(certificate, xmlsec.KeyFormat.CERT_PEM, None)
    manager.add_key(public)
    context = xmlsec.EncryptionContext(manager)
    context.key = xmlsec.Key.generate(xmlsec.KeyData.AES, 256, xmlsec.KeyDataType.SESSION)
    encrypted_data = context.encrypt_xml(data, assertion)
    frame = etree.Element(f"{{{saml}}}EncryptedAssertion")
    parent = encrypted_data.getparent()
    parent.replace(encrypted_data, frame)
    frame.append(encrypted_data)
    told = base64.b64encode(etree.tostring(root)).decode()
    return {**fields, "SAMLResponse": told, "again": "yes"}


@pytest.mark.parametrize(
    ("key_by", "content_by", "takes_cbc", "status"),
    [
        ("RSA_OAEP", "AES256_GCM", False, 303),
        ("RSA_OAEP", "AES256", False, 403),
        ("RSA_OAEP", "AES256", True, 303),
        ("RSA_PKCS1", "AES256_GCM", True, 403),
    ],
)
async def test_weak_encryption_is_refused(
    app: Starlette,
    api: Api,
    peer: str,
    home: Path,
    key_by: str,
    content_by: str,
    takes_cbc: bool,
    status: int,
) -> None:
    await offered(api, peer, takes_cbc=takes_cbc)
    made = await api.post(KEYS, {})
    tell_of_us(home, await metadata(api))

    async with a_browser(app) as browser:
        told = await answered(browser, "ada")
        sent = encrypted(told.fields, made["certificate"], key_by, content_by)
        answer = await send(browser, sent)

    assert answer.status_code == status, answer.text


async def test_assertion_in_the_clear_is_refused_where_encryption_is_wanted(
    app: Starlette, api: Api, peer: str, home: Path
) -> None:
    await offered(api, peer, wants_encrypted=True)
    tell_of_us(home, await metadata(api))

    async with a_browser(app) as browser:
        without_keys = await come(browser, "ada")
    await api.post(KEYS, {})
    async with a_browser(app) as browser:
        with_keys = await come(browser, "ada")

    assert [without_keys.status_code, with_keys.status_code] == [403, 403]
