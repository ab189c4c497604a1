"""Whoever came in by a provider shows there that it is still they, if the provider says when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from fieldstone.platform.identity.providers.entering import enter, prove
from fieldstone.platform.identity.providers.errors import ProviderRefused
from fieldstone.platform.identity.providers.known import Known
from fieldstone.platform.identity.providers.offering import active_provider
from fieldstone.platform.identity.sign_in import Opened, Try
from fieldstone.runtime.transactions import Viewer
from tests.integration.platform.test_identity_providers import (
    ADA,
    BEN,
    a_browser,
    come,
    issuer,
    offered,
    viewer,
)
from tests.support.app import ADDRESS, Api, owner_connection
from tests.support.peers import consent_at_provider

__all__ = ["issuer"]

PROOF = "/sign-in/with/Peer/proof?next=/admin/account"
LONG_AGO = "UPDATE session SET proved_at = now() - interval '11 minutes'"


async def proved_until(browser: Api) -> Any:
    return (await browser.get("/api/account"))["proved_until"]


async def forget_proofs(dsn: str) -> None:
    async with owner_connection(dsn) as owner:
        await owner.execute(LONG_AGO)


async def test_provider_that_just_asked_who_somebody_is_counts_as_proof(
    app: Starlette, api: Api, issuer: str
) -> None:
    await offered(api, issuer)

    async with a_browser(app) as browser:
        await come(browser, ADA)

        assert await proved_until(browser) is not None


@pytest.mark.parametrize(
    ("age", "counts"), [(None, False), (timedelta(hours=1), False), (timedelta(minutes=1), True)]
)
async def test_sign_in_counts_as_proof_from_when_the_provider_says(
    app: Starlette, api: Api, issuer: str, age: timedelta | None, *, counts: bool
) -> None:
    await offered(api, issuer)
    known = Known(issuer, "1", ADA, "Ada", None if age is None else datetime.now(UTC) - age)
    database = app.state.database
    tenant = await app.state.engine.directory.get("default")
    async with database.read(tenant, Viewer(None, "")) as tx:
        _, body = active_provider(tx.catalog, "Peer")

    opened = await enter(database, tenant, body, known, Try("", "", "127.0.0.1", "test"))

    assert isinstance(opened, Opened)
    async with a_browser(app) as browser:
        browser.http.cookies.set("fs_session", opened.secret)
        assert (await proved_until(browser) is not None) == counts


async def test_member_without_a_password_shows_at_the_provider_that_it_is_they(
    app: Starlette, api: Api, issuer: str, app_dsn: str
) -> None:
    await offered(api, issuer)
    await api.post("/api/people", {"email": BEN, "name": "Ben"})

    async with a_browser(app) as browser:
        await come(browser, BEN)
        await forget_proofs(app_dsn)
        page = await browser.send("GET", "/admin/account/proof")
        out = await browser.send("GET", PROOF)
        address = await consent_at_provider(out.headers["location"], BEN, ADDRESS)
        answer = await browser.send("GET", address)

        assert "Go on with Peer" in page.text
        assert "prompt=login" in out.headers["location"]
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/account")
        assert await proved_until(browser) is not None


async def test_somebody_else_at_the_provider_proves_nothing(
    app: Starlette, api: Api, issuer: str, app_dsn: str
) -> None:
    await offered(api, issuer)
    await api.post("/api/people", {"email": BEN, "name": "Ben"})

    async with a_browser(app) as browser:
        await come(browser, ADA)
        await forget_proofs(app_dsn)
        out = await browser.send("GET", PROOF)
        address = await consent_at_provider(out.headers["location"], BEN, ADDRESS)
        answer = await browser.send("GET", address)

        assert answer.status_code == 403
        assert "somebody else at the provider" in answer.text
        assert await proved_until(browser) is None
        assert (await viewer(browser))["name"] == ADA


async def test_proof_is_of_the_session_that_set_out(
    app: Starlette, api: Api, issuer: str, app_dsn: str
) -> None:
    await offered(api, issuer)

    async with a_browser(app) as browser:
        await come(browser, ADA)
        out = await browser.send("GET", PROOF)
        address = await consent_at_provider(out.headers["location"], ADA, ADDRESS)
        await come(browser, ADA)
        await forget_proofs(app_dsn)
        answer = await browser.send("GET", address)

        assert answer.status_code == 403
        assert await proved_until(browser) is None


@pytest.mark.parametrize("age", [None, timedelta(hours=1)])
async def test_provider_that_lets_people_through_proves_nothing(
    app: Starlette, api: Api, issuer: str, app_dsn: str, age: timedelta | None
) -> None:
    await offered(api, issuer)
    async with a_browser(app) as browser:
        await come(browser, ADA)
    async with owner_connection(app_dsn) as owner:
        link = await owner.fetchrow("SELECT subject, user_id FROM identity_link")
    known = Known(
        issuer, link["subject"], ADA, "Ada", None if age is None else datetime.now(UTC) - age
    )
    tenant = await app.state.engine.directory.get("default")

    bearer = (Viewer(link["user_id"], ADA), 1)
    with pytest.raises(ProviderRefused):
        await prove(app.state.database, tenant, bearer, known, Try("", "", "127.0.0.1", "test"))


async def test_strangers_set_out_to_prove_nothing(app: Starlette, api: Api, issuer: str) -> None:
    await offered(api, issuer)

    async with a_browser(app) as browser:
        answer = await browser.send("GET", PROOF)

    assert answer.status_code == 401
