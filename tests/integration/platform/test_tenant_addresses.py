"""A tenant has an address of its own below the domain, which serves nobody else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from joserfc import jwt

from fieldstone.platform.app import build_app, open_engine
from tests.support.app import Api, client_of, problems_of, settings_for
from tests.support.programs import APPS, JWT_BEARER, KEY, app_body, claimed

OTHER = {"Host": "other.localhost:8000"}


@asynccontextmanager
async def at_domain(dsn: str, domain: str | None, data: Path) -> AsyncIterator[Api]:
    """Talk to an application whose tenants have addresses below a domain."""
    settings = replace(settings_for(dsn, data), domain=domain)
    engine = await open_engine(settings)
    try:
        async with client_of(build_app(engine, settings)) as api:
            yield api
    finally:
        await engine.close()


@pytest.fixture
async def api(app_dsn: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A client of a server whose tenants are below localhost, where this machine may ask."""
    async with at_domain(app_dsn, "localhost", tmp_path) as api:
        yield api


async def test_subdomain_is_the_tenant_and_sees_nothing_of_others(api: Api) -> None:
    await api.post("/contacts", {"last_name": "Ours"})
    await api.post("/contacts", {"last_name": "Theirs"}, headers=OTHER)

    ours = await api.get("/contacts")
    theirs = await api.get("/contacts", headers=OTHER)

    assert (ours["meta"]["tenant"], theirs["meta"]["tenant"]) == ("default", "other")
    assert [one["last_name"] for one in ours["data"]] == ["Ours"]
    assert [one["last_name"] for one in theirs["data"]] == ["Theirs"]


@pytest.mark.parametrize(
    "host", ["other.localhost", "OTHER.localhost:8000", "other.localhost.:8000"]
)
async def test_host_is_read_as_names_are(api: Api, host: str) -> None:
    found = await api.get("/contacts", headers={"Host": host})

    assert found["meta"]["tenant"] == "other"


async def test_header_that_agrees_changes_nothing(api: Api) -> None:
    found = await api.get("/contacts", headers={**OTHER, "X-Tenant": "other"})

    assert found["meta"]["tenant"] == "other"


@pytest.mark.parametrize("named", ["default", "nobody", "Other"])
async def test_header_that_names_another_tenant_is_refused(api: Api, named: str) -> None:
    [problem] = await api.refused(
        "GET", "/contacts", headers={**OTHER, "X-Tenant": named}, status=403
    )

    assert problem["code"] == "tenant.disagreement"
    assert named not in problem["message"]


async def test_header_alone_names_the_tenant_at_the_domain_itself(api: Api) -> None:
    for host in ("localhost:8000", "127.0.0.1"):
        found = await api.get("/contacts", headers={"Host": host, "X-Tenant": "other"})

        assert found["meta"]["tenant"] == "other"


@pytest.mark.parametrize("host", ["nobody", "a.other", "", "other.other", "-"])
async def test_unknown_subdomain_is_like_any_address_that_is_not_there(api: Api, host: str) -> None:
    unknown = await api.send("GET", "/contacts", headers={"Host": f"{host}.localhost"})
    nowhere = await api.send("GET", "/api/nowhere")

    assert (unknown.status_code, nowhere.status_code) == (404, 404)
    assert told(unknown) == told(nowhere)


def told(answer: httpx.Response) -> list[dict[str, object]]:
    return problems_of(answer)


async def test_stranger_learns_no_names_of_tenants(app_dsn: str, tmp_path: Path) -> None:
    async with at_domain(app_dsn, "crm.example", tmp_path) as api:
        known = await api.send("GET", "/contacts", headers={"Host": "other.crm.example"})
        unknown = await api.send("GET", "/contacts", headers={"Host": "nobody.crm.example"})

    assert (known.status_code, unknown.status_code) == (401, 404)
    assert "nobody" not in unknown.text
    assert "tenant" not in unknown.text


async def test_without_a_domain_a_subdomain_means_nothing(app_dsn: str, tmp_path: Path) -> None:
    async with at_domain(app_dsn, None, tmp_path) as api:
        found = await api.get("/contacts", headers=OTHER)

    assert found["meta"]["tenant"] == "default"


async def test_page_of_one_tenant_may_not_send_to_another(api: Api) -> None:
    origin = {"Origin": "http://other.localhost:8000"}

    await api.refused(
        "POST",
        "/contacts",
        {"last_name": "Forged"},
        headers={"Host": "localhost:8000", **origin},
        status=403,
    )

    assert (await api.get("/contacts"))["data"] == []


async def test_health_is_told_by_whatever_name(api: Api) -> None:
    answer = await api.send("GET", "/healthz", headers={"Host": "nobody.localhost"})

    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_session_names_its_tenant_and_a_header_that_names_another_is_refused(
    app_dsn: str, tmp_path: Path
) -> None:
    async with at_domain(app_dsn, None, tmp_path) as api:
        said = {"email": "ada@acme.example", "password": "correct horse battery"}
        await api.post("/api/claim", said, headers={"X-Tenant": "other"})

        found = await api.get("/contacts")
        [problem] = await api.refused(
            "GET", "/contacts", headers={"X-Tenant": "default"}, status=403
        )

    assert found["meta"]["tenant"] == "other"
    assert problem["code"] == "tenant.disagreement"


async def test_of_names_that_nobody_has_nothing_is_kept(app_dsn: str, tmp_path: Path) -> None:
    settings = settings_for(app_dsn, tmp_path)
    engine = await open_engine(settings)
    for number in range(50):
        assert await engine.directory.find(f"nobody-{number}") is None
    await engine.directory.get("other")

    assert list(engine.directory._found) == ["other"]
    await engine.close()


async def test_programs_sign_for_the_address_of_the_tenant_and_for_no_other(
    app_dsn: str, tmp_path: Path
) -> None:
    elsewhere = {"Host": "evil.example"}
    async with at_domain(app_dsn, "crm.example", tmp_path) as api:
        await claimed(api)
        service = await api.post("/api/service-users", {"name": "Sync"})
        keys = [KEY.as_dict(private=False)]
        await api.post(
            APPS, app_body(grants=["jwt_bearer"], public_keys=keys, service_user=service["email"])
        )
        secret = (await api.post("/api/connected-apps/Mail_Sync/secret", None))["client_secret"]
        described = await api.get("/.well-known/oauth-authorization-server", headers=elsewhere)

        async def ask(audience: str) -> int:
            claims = {"iss": "Mail_Sync", "sub": service["email"], "aud": audience}
            signed = jwt.encode(
                {"alg": "RS256", "kid": "1"}, {**claims, "exp": int(time.time()) + 60}, KEY
            )
            form = {"grant_type": JWT_BEARER, "assertion": signed, "client_id": "Mail_Sync"}
            said = urlencode({**form, "client_secret": secret})
            return (await api.send("POST", "/oauth/token", said, headers=elsewhere)).status_code

        ours = await ask("http://default.crm.example/oauth/token")
        theirs = await ask("http://evil.example/oauth/token")

    assert described["issuer"] == "http://default.crm.example"
    assert (ours, theirs) == (200, 400)
