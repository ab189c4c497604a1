"""A real SAML identity provider that tests talk to, SimpleSAMLphp, and what a person does there."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx

from tests.support.peers import free_port, missing

WWW = Path("/usr/share/simplesamlphp/www")
PASSWORD = "any"
_FORM = re.compile(r"<form[^>]*>(.*?)</form>", re.DOTALL)
_ACTION = re.compile(r'<form[^>]*\baction="([^"]*)"')
_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'\b(name|value)="([^"]*)"')

CONFIG = """<?php $config = [
'baseurlpath' => '{base}/', 'certdir' => '{home}/', 'loggingdir' => '{home}/',
'datadir' => '{home}/', 'tempdir' => '{home}/', 'metadatadir' => '{home}/',
'cachedir' => '{home}/cache',
'technicalcontact_email' => 'na@example.org', 'timezone' => 'UTC',
'secretsalt' => 'of tests only', 'language.default' => 'en',
'auth.adminpassword' => 'of tests only', 'enable.saml20-idp' => true, 'logging.handler' => 'file',
'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
'store.type' => 'phpsession', 'session.cookie.secure' => false,
'session.phpsession.savepath' => '{home}', 'session.phpsession.cookiename' => 'peer',
'session.cookie.name' => 'peer_id', 'session.authtoken.cookiename' => 'peer_token',
'metadata.sources' => [['type' => 'flatfile']]];
"""
SOURCES = "<?php $config = ['people' => ['exampleauth:UserPass', {people}]];\n"
HOSTED = """<?php $metadata['{base}/idp'] = ['host' => '__DEFAULT__', 'privatekey' => 'peer.key',
'certificate' => 'peer.crt', 'auth' => 'people', {signs}
'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'];
"""
SERVICE = """<?php $metadata['{entity_id}'] = ['AssertionConsumerService' => '{back}',
'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
'authproc' => [10 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid',
'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent']]];
"""
READ_METADATA = """require_once '/usr/share/simplesamlphp/lib/_autoload.php';
$told = json_decode(file_get_contents('php://stdin'), true);
$read = SimpleSAML\\Metadata\\SAMLParser::parseString($told['metadata'])->getMetadata20SP();
$named = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
$usual = ['NameIDFormat' => $named, 'authproc' => [10 => ['class' => 'saml:AttributeNameID',
'attribute' => 'uid', 'Format' => $named]]];
unset($read['expire'], $read['metadata-set']);
$all = array_merge($read, $usual, $told['more']);
echo '<?php $metadata[', var_export($read['entityid'], true), '] = ', var_export($all, true), ';';
"""
SIGNS = {
    "both": "'saml20.sign.response' => true, 'saml20.sign.assertion' => true,",
    "assertion": "'saml20.sign.response' => false, 'saml20.sign.assertion' => true,",
    "response": "'saml20.sign.response' => true, 'saml20.sign.assertion' => false,",
    "nothing": "'saml20.sign.response' => false, 'saml20.sign.assertion' => false,",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider has a browser send: where, and with which fields."""

    address: str
    fields: dict[str, str]


@contextmanager
def saml_provider(
    home: Path, service: tuple[str, str], people: Mapping[str, str], *, signs: str = "both"
) -> Iterator[str]:
    """Run a provider for a block, and give its address.

    service: the entity id it knows, and where its people go back to. people: their addresses by
    the names under which they sign in.
    """
    php = shutil.which("php")
    if php is None or not WWW.exists():
        missing("SimpleSAMLphp")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    _write(home, base, service, people, SIGNS[signs])
    command = [php, "-d", f"session.save_path={home}", "-d", "error_reporting=0"]
    command += ["-d", "opcache.revalidate_freq=0", "-d", "variables_order=EGPCS"]
    command += ["-S", f"127.0.0.1:{port}", "-t", str(WWW)]
    variables = {**os.environ, "SIMPLESAMLPHP_CONFIG_DIR": str(home)}
    with subprocess.Popen(
        command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _await(f"{base}/saml2/idp/metadata.php")
            yield base
        finally:
            process.terminate()


def metadata_of(base: str) -> str:
    """Give what the provider says of itself."""
    return httpx.get(f"{base}/saml2/idp/metadata.php").text


async def answer_of_provider(
    address: str, name: str, http: httpx.AsyncClient | None = None
) -> Answer:
    """Sign in at the provider as somebody, and give what it has the browser send.

    http: a browser that stays signed in there; one of this call alone, unless it is given.
    """
    if http is None:
        async with browser_there() as passing:
            return await answer_of_provider(address, name, passing)
    answer = await http.get(address, follow_redirects=True)
    assert answer.status_code == 200, answer.text[:500]
    typed = {**_fields(answer.text), "username": name, "password": PASSWORD}
    target = urljoin(str(answer.url), html.unescape(_action(answer.text)))
    answer = await http.post(target, data=typed, follow_redirects=True)
    assert "SAMLResponse" in answer.text, answer.text[:2000]
    return Answer(html.unescape(_action(answer.text)), _fields(answer.text))


def browser_there() -> httpx.AsyncClient:
    """Give a browser that keeps what the provider tells it, and follows nothing by itself."""
    return httpx.AsyncClient(timeout=30)


def tell_of_us(home: Path, metadata: str, **more: object) -> None:
    """Let the provider read our metadata by its own means. more: what it does for us besides."""
    php = shutil.which("php")
    assert php is not None
    given = subprocess.run(
        [php, "-d", "error_reporting=0", "-r", READ_METADATA],
        input=json.dumps({"metadata": metadata, "more": more}),
        env={**os.environ, "SIMPLESAMLPHP_CONFIG_DIR": str(home)},
        check=True,
        capture_output=True,
        text=True,
    )
    (home / "saml20-sp-remote.php").write_text(given.stdout)


def _write(
    home: Path, base: str, service: tuple[str, str], people: Mapping[str, str], signs: str
) -> None:
    key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    key += ["-subj", "/CN=peer", "-keyout", str(home / "peer.key"), "-out", str(home / "peer.crt")]
    subprocess.run(key, check=True, capture_output=True)
    listed = ", ".join(
        f"'{name}:{PASSWORD}' => ['uid' => ['{name}'], 'email' => ['{email}'], "
        f"'displayName' => ['{name.capitalize()}']]"
        for name, email in people.items()
    )
    files = {
        "config.php": CONFIG.format(base=base, home=home),
        "authsources.php": SOURCES.format(people=listed),
        "saml20-idp-hosted.php": HOSTED.format(base=base, signs=signs),
        "saml20-sp-remote.php": SERVICE.format(entity_id=service[0], back=service[1]),
        "saml20-idp-remote.php": "<?php\n",
        "saml20-sp-hosted.php": "<?php\n",
    }
    for name, text in files.items():
        (home / name).write_text(text)


def _await(address: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the provider does not answer")


def _action(page: str) -> str:
    found = _ACTION.search(page)
    assert found is not None, page[:1000]
    return found[1]


def _fields(page: str) -> dict[str, str]:
    found = _FORM.search(page)
    assert found is not None, page[:1000]
    inputs = [dict(_ATTRIBUTE.findall(one)) for one in _INPUT.findall(found[1])]
    return {one["name"]: html.unescape(one.get("value", "")) for one in inputs if one.get("name")}
