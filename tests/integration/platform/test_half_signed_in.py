"""What was begun at the door ends with what it rests on, and is of use to nobody else."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette

from tests.integration.platform.test_second_factors import (
    ADA,
    NAMED,
    PASSWORD,
    a_browser,
    ada,
    half_in,
    with_app,
    with_passkey,
)
from tests.support.app import Api, owner_connection
from tests.support.authenticator_codes import code_of
from tests.support.soft_authenticator import SoftAuthenticator

__all__ = ["ada"]
OTHER_PASSWORD = "staple battery horse"


async def change(app: Starlette, ada: Api, what: str) -> None:
    """Change what a step at the door rests on."""
    if what == "password":
        said = {"before": PASSWORD, "after": OTHER_PASSWORD}
        await ada.ask("POST", "/api/session/password", said, status=204)
    elif what == "invitation":
        me = (await ada.get("/api/session"))["viewer"]["id"]
        told = await ada.post(f"/api/people/{me}/invitation", {})
        async with a_browser(app) as browser:
            said = {"token": told["invitation"], "password": OTHER_PASSWORD}
            await browser.post("/api/welcome", said, status=202)
    elif what == "app":
        await with_app(ada)
    else:
        await with_passkey(ada)


@pytest.mark.parametrize("what", ["password", "invitation", "app", "passkey"])
async def test_step_to_set_a_factor_up_ends_with_what_it_rests_on(
    app: Starlette, ada: Api, what: str
) -> None:
    await ada.patch("/api/organization", {"second_factor": "everybody"})

    async with a_browser(app) as browser:
        step = await half_in(browser)
        await change(app, ada, what)
        said = {"token": step["token"]}
        [problem] = await browser.refused(
            "POST", "/api/session/enrol/authenticator", said, status=401
        )

    assert step["purpose"] == "enrol"
    assert problem["code"] == "access.step_ended"


async def test_second_step_ends_with_the_password_that_it_rests_on(
    app: Starlette, ada: Api
) -> None:
    key, _ = await with_app(ada)

    async with a_browser(app) as browser:
        step = await half_in(browser)
        await change(app, ada, "password")
        said = {"token": step["token"], "code": code_of(key)}
        [problem] = await browser.refused("POST", "/api/session/second", said, status=401)

    assert problem["code"] == "access.step_ended"


async def test_key_of_an_app_is_told_and_counts_only_where_it_was_begun(
    app: Starlette, ada: Api
) -> None:
    await ada.patch("/api/organization", {"second_factor": "everybody"})

    async with a_browser(app) as thief, a_browser(app) as owner:
        planted = {"token": (await half_in(thief))["token"]}
        made = await thief.post("/api/session/enrol/authenticator", planted)
        mine = {"token": (await half_in(owner))["token"]}
        said = {**mine, "code": code_of(made["key"])}
        [problem] = await owner.refused("POST", "/api/session/enrol", said, status=401)
        page = await owner.send(
            "GET", "/sign-in/enrol", headers={"cookie": f"fs_step={mine['token']}"}
        )
        said = {**planted, "code": code_of(made["key"])}
        await thief.refused("POST", "/api/session/enrol", said, status=401)

    assert problem["code"] == "access.wrong_factor"
    assert page.status_code == 200
    assert made["key"] not in page.text.replace(" ", "")


async def test_page_at_the_door_tells_the_key_that_it_told_before(app: Starlette, ada: Api) -> None:
    await ada.patch("/api/organization", {"second_factor": "everybody"})

    async with a_browser(app) as browser:
        token = {"token": (await half_in(browser))["token"]}
        made = await browser.post("/api/session/enrol/authenticator", token)
        page = await browser.send(
            "GET", "/sign-in/enrol", headers={"cookie": f"fs_step={token['token']}"}
        )
        said = {**token, "code": code_of(made["key"])}
        await browser.post("/api/session/enrol", said, status=200)

    assert made["key"] in page.text.replace(" ", "")


async def test_passkeys_that_fail_lock_out_nobody_else(app: Starlette, ada: Api) -> None:
    device, _ = await with_passkey(ada)
    stranger = SoftAuthenticator(NAMED)

    async with a_browser(app) as browser:
        asked = await browser.post("/api/session/passkey/options", {}, status=200)
        stranger.create({**asked["options"], "user": {"id": "AAAA"}, "rp": {"id": "localhost"}})
        for _ in range(12):
            asked = await browser.post("/api/session/passkey/options", {}, status=200)
            said = {"token": asked["token"], "credential": stranger.get(asked["options"])}
            await browser.refused("POST", "/api/session/passkey", said, status=401)
        asked = await browser.post("/api/session/passkey/options", {}, status=200)
        said = {"token": asked["token"], "credential": device.get(asked["options"])}
        opened = await browser.post("/api/session/passkey", said, status=200)

    assert opened["viewer"]["name"] == ADA


async def test_browser_that_was_left_open_makes_no_token(app_dsn: str, ada: Api) -> None:
    async with owner_connection(app_dsn) as owner:
        await owner.execute("UPDATE session SET proved_at = now() - interval '11 minutes'")

    [problem] = await ada.refused("POST", "/api/tokens", {"name": "script"}, status=403)
    await ada.ask("POST", "/api/session/proof", {"password": PASSWORD}, status=204)
    await ada.post("/api/tokens", {"name": "script"})

    assert problem["code"] == "access.proof_needed"
