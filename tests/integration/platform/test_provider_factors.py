"""Whoever a provider vouches for shows their second factor still, unless it asks for one itself."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette

from tests.integration.platform.test_identity_providers import (
    ADA,
    a_browser,
    come,
    issuer,
    offered,
    viewer,
)
from tests.integration.platform.test_second_factors import with_app
from tests.support.app import Api
from tests.support.authenticator_codes import code_of

__all__ = ["issuer"]


async def method_of(browser: Api) -> str:
    """Give how the session of a browser was opened."""
    found = (await browser.get("/api/sessions"))["sessions"]
    [method] = [one["method"] for one in found if one["current"]]
    return str(method)


async def test_second_factor_is_asked_for_behind_a_provider(
    app: Starlette, api: Api, issuer: str
) -> None:
    await offered(api, issuer)
    key, _ = await with_app(api)

    async with a_browser(app) as browser:
        answer = await come(browser, ADA)
        before = await viewer(browser)
        said = {"token": answer.cookies["fs_step"], "code": code_of(key)}
        await browser.post("/api/session/second", said, status=200)
        method = await method_of(browser)

    assert answer.headers["location"] == "/sign-in/second?next=%2Fadmin%2FDeal"
    assert before is None
    assert method == "provider and code"


async def test_provider_that_counts_as_two_is_enough(app: Starlette, api: Api, issuer: str) -> None:
    await offered(api, issuer, counts_as_two=True)
    await with_app(api)

    async with a_browser(app) as browser:
        answer = await come(browser, ADA)
        method = await method_of(browser)

    assert answer.headers["location"] == "/admin/Deal"
    assert method == "provider"


async def test_factor_that_the_organization_wants_is_set_up_behind_a_provider(
    app: Starlette, api: Api, issuer: str
) -> None:
    await offered(api, issuer)
    await api.patch("/api/organization", {"second_factor": "everybody"})

    async with a_browser(app) as browser:
        answer = await come(browser, ADA)

        assert await viewer(browser) is None
    assert answer.headers["location"].startswith("/sign-in/enrol")


@pytest.mark.parametrize("tries", [12])
async def test_arrivals_that_fail_lock_out_nobody_else(
    app: Starlette, api: Api, issuer: str, tries: int
) -> None:
    await offered(api, issuer)

    async with a_browser(app) as stranger, a_browser(app) as browser:
        for _ in range(tries):
            await come(stranger, "eve@evil.example")
        answer = await come(browser, ADA)

    assert answer.headers["location"] == "/admin/Deal"
