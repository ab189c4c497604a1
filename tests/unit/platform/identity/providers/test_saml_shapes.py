"""What messages of SAML ask of the libraries before anybody knows who wrote them is refused."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.platform.identity.providers.errors import ProviderRefused
from fieldstone.platform.identity.providers.saml import Service
from fieldstone.platform.identity.providers.saml_keys import make_pair
from fieldstone.platform.identity.providers.saml_messages import read_response

DSIG = "http://www.w3.org/2000/09/xmldsig#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA256 = f"{ENC}sha256"
PAIR = make_pair("ours", datetime.now(UTC))
SERVICE = Service(
    "https://us.example/e", "https://us.example/back", "https://us.example/out", "P", (PAIR,)
)
BODY = IdentityProviderBody(
    label="Works",
    issuer="https://idp.example",
    client_id="",
    protocol="saml",
    sign_in_address="https://idp.example/sso",
    certificates=(PAIR.certificate,),
)
WORK = "count(//node()[" * 7 + "1" + "])" * 7
"""An XPath that takes hours."""


def response(inside: str) -> str:
    return (
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
        f' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:ds="{DSIG}" xmlns:xenc="{ENC}"'
        ' xmlns:dsig11="http://www.w3.org/2009/xmldsig11#" ID="r" Version="2.0"'
        ' InResponseTo="asked" Destination="https://us.example/back"'
        ' IssueInstant="2026-01-01T00:00:00Z"><saml:Issuer>https://idp.example</saml:Issuer>'
        '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>'
        f"</samlp:Status>{inside}</samlp:Response>"
    )


def encrypted(key_info: str, beside: str = "") -> str:
    return response(
        f'<saml:EncryptedAssertion><xenc:EncryptedData Type="{ENC}Element"><xenc:EncryptionMethod'
        ' Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>'
        f"<ds:KeyInfo>{key_info}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>AAAA"
        f"</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>{beside}"
        "</saml:EncryptedAssertion>"
    )


def reference(uri: str, transforms: str = "") -> str:
    return (
        f'<ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue>AAAA</ds:DigestValue>'
        "</ds:Reference>"
    )


def signed(references: str, objects: str = "", form: str = C14N) -> str:
    return response(
        '<saml:Assertion ID="a" Version="2.0" IssueInstant="2026-01-01T00:00:00Z">'
        "<saml:Issuer>https://idp.example</saml:Issuer><ds:Signature><ds:SignedInfo>"
        f'<ds:CanonicalizationMethod Algorithm="{form}"/><ds:SignatureMethod'
        f' Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>{references}'
        f"</ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue>{objects}</ds:Signature>"
        "</saml:Assertion>"
    )


def worked_out(algorithm: str) -> str:
    return f'<ds:Transform Algorithm="{algorithm}"><ds:XPath>{WORK}</ds:XPath></ds:Transform>'


KEY = (
    f'<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{ENC}rsa-oaep-mgf1p"/><xenc:CipherData>'
    "<xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
)
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
RETRIEVED = f'Type="{ENC}EncryptedKey"'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (encrypted('<dsig11:KeyInfoReference URI="file://{pipe}"/>'), "a key of another sort"),
        (encrypted(f'<ds:RetrievalMethod URI="file://{{pipe}}" {RETRIEVED}/>'), "lies elsewhere"),
        (
            encrypted(f'<ds:RetrievalMethod URI="#xpointer(//*[{WORK}])" {RETRIEVED}/>'),
            "lies elsewhere",
        ),
        (
            encrypted(
                f'<ds:RetrievalMethod URI="#r" {RETRIEVED}><ds:Transforms>{worked_out(XPATH)}'
                "</ds:Transforms></ds:RetrievalMethod>"
            ),
            "lies elsewhere",
        ),
        (encrypted(KEY, KEY * 2), "encrypted too often"),
        (signed(reference("#a", worked_out(XPATH))), "worked out"),
        (signed(reference("#a") + reference("file://{pipe}")), "several things"),
        (signed(reference("file://{pipe}")), "something else"),
        (signed(reference("#r")), "something else"),
        (
            signed(reference(f"#xpointer(//*[{WORK}])")).replace(
                'ID="a"', f'ID="xpointer(//*[{WORK}])"'
            ),
            "something else",
        ),
        (
            signed(
                reference("#a"),
                f"<ds:Object><ds:Manifest>{reference('file://{pipe}')}</ds:Manifest></ds:Object>",
            ),
            "several things",
        ),
        (signed(reference("#a"), form=XPATH), "another form"),
    ],
)
async def test_nothing_is_opened_or_worked_out_for_a_stranger(
    tmp_path: Path, text: str, why: str
) -> None:
    # Whoever opens the pipe waits there for ever.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    sent = base64.b64encode(text.replace("{pipe}", str(pipe)).encode()).decode()

    with pytest.raises(ProviderRefused) as refused:
        await read_response(BODY, SERVICE, sent, "asked")

    assert why in str(refused.value.__cause__)
