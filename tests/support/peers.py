"""Servers of others that tests talk to, and what a person does at them in a browser."""

from __future__ import annotations

import html
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn
from urllib.parse import urljoin

import httpx
import pytest

from hatch_build import find_node
from tests.support.source import ROOT

PEERS = ROOT / "tests" / "peers"
_FORM = re.compile(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'\b(name|value)="([^"]*)"')


def missing(name: str) -> NoReturn:
    """Skip a test for want of a program; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{name} is missing")
    pytest.skip(f"{name} is missing")


def free_port() -> int:
    """Give a port on which nobody listens just now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def oidc_provider(redirect_uri: str) -> Iterator[str]:
    """Run a certified OpenID Connect provider for a block, and give its issuer."""
    found = find_node()
    if found is None:
        missing("Node.js")
    if not (PEERS / "node_modules" / "oidc-provider").exists():
        missing("oidc-provider (npm ci in tests/peers)")
    port = free_port()
    command = [found[0], "oidc_provider.mjs", str(port), redirect_uri]
    with subprocess.Popen(
        command, cwd=PEERS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert any(line == "ready\n" for line in process.stdout)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


async def consent_at_provider(address: str, login: str, home: str) -> str:
    """Sign in at the provider and agree; gives the address that it sends the browser back to."""
    async with httpx.AsyncClient(timeout=20) as http:
        answer = await http.get(address)
        for _ in range(12):
            if answer.is_redirect:
                address = urljoin(str(answer.url), answer.headers["location"])
                if address.startswith(home):
                    return address
                answer = await http.get(address)
                continue
            assert answer.status_code == 200, answer.text[:500]
            found = _FORM.search(answer.text)
            assert found is not None, answer.text[:500]
            inputs = [dict(_ATTRIBUTE.findall(one)) for one in _INPUT.findall(found[2])]
            fields = {one["name"]: html.unescape(one.get("value", "")) for one in inputs}
            if "login" in fields:
                fields |= {"login": login, "password": "any"}
            answer = await http.post(urljoin(str(answer.url), found[1]), data=fields)
    raise AssertionError("the provider sends nobody back")
