"""Second factors: authenticator apps, recovery codes and passkeys, and the step that wants one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from fieldstone.platform.identity.operator import operator_note
from tests.support.app import Api, owner_connection
from tests.support.authenticator_codes import code_of
from tests.support.soft_authenticator import SoftAuthenticator

PASSWORD = "correct horse battery"
ADA = "ada@acme.example"
NAMED = "http://localhost:8000"
CREDENTIALS = {"email": ADA, "password": PASSWORD}


@asynccontextmanager
async def a_browser(app: Starlette, base_url: str = NAMED, **headers: str) -> AsyncIterator[Api]:
    """Give a client that reached the server by name, with cookies of its own."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url=base_url, headers=headers, timeout=60
    ) as http:
        yield Api(http)


@pytest.fixture
async def ada(app: Starlette) -> AsyncIterator[Api]:
    """Ada, who claimed the tenant and is in."""
    async with a_browser(app) as browser:
        await browser.post("/api/claim", CREDENTIALS)
        yield browser


async def with_app(ada: Api) -> tuple[str, list[str]]:
    """Give Ada an app, confirmed by the code of the step before: its key, and recovery codes."""
    made = await ada.post("/api/account/authenticator", {})
    told = await ada.post(
        "/api/account/authenticator/confirm", {"code": code_of(made["key"], -1)}, status=200
    )
    return made["key"], told["recovery_codes"]


async def with_passkey(ada: Api, **more: Any) -> tuple[SoftAuthenticator, dict[str, Any]]:
    """Give Ada a passkey."""
    device = SoftAuthenticator(NAMED, **more)
    asked = await ada.post("/api/account/passkey-options", {}, status=200)
    said = {
        "token": asked["token"],
        "credential": device.create(asked["options"]),
        "name": "Laptop",
    }
    return device, await ada.post("/api/account/passkeys", said)


async def half_in(browser: Api) -> dict[str, Any]:
    """Give the right password, after which a second factor is wanted."""
    told = await browser.post("/api/session", CREDENTIALS, status=202)
    step: dict[str, Any] = told["next_step"]
    return step


async def test_code_of_an_app_is_wanted_beside_the_password(app: Starlette, ada: Api) -> None:
    key, codes = await with_app(ada)

    async with a_browser(app) as browser:
        step = await half_in(browser)
        await browser.refused("GET", "/contacts", status=401)
        said = {"token": step["token"], "code": code_of(key)}
        opened = await browser.post("/api/session/second", said, status=200)
        await browser.get("/contacts")

    assert step["purpose"] == "second"
    assert step["methods"] == ["authenticator", "recovery_code"]
    assert opened["viewer"]["name"] == ADA
    assert len(set(codes)) == 10


async def test_half_signed_in_state_grants_nothing_and_works_once(app: Starlette, ada: Api) -> None:
    key, _ = await with_app(ada)

    async with a_browser(app) as browser:
        step = await half_in(browser)
        bearer = {"authorization": f"Bearer {step['token']}"}
        cookie = {"cookie": f"fs_session={step['token']}"}
        await browser.refused("GET", "/contacts", status=401, headers=bearer)
        await browser.refused("GET", "/api/account", status=401, headers=cookie)
        said = {"token": step["token"], "code": code_of(key)}
        await browser.post("/api/session/second", said, status=200)
        said["code"] = code_of(key, 1)
        [problem] = await browser.refused("POST", "/api/session/second", said, status=401)

    assert problem["code"] == "access.step_ended"


async def test_code_works_once_even_for_two_at_once(app: Starlette, ada: Api) -> None:
    key, _ = await with_app(ada)
    code = code_of(key)

    async with a_browser(app) as one, a_browser(app) as two:
        steps = [await half_in(one), await half_in(two)]
        answers = await asyncio.gather(
            *(
                each.send("POST", "/api/session/second", {"token": step["token"], "code": code})
                for each, step in zip((one, two), steps, strict=True)
            )
        )

    assert sorted(answer.status_code for answer in answers) == [200, 401]


@pytest.mark.parametrize("steps", [-3, 3])
async def test_code_of_another_time_is_refused(app: Starlette, ada: Api, steps: int) -> None:
    key, _ = await with_app(ada)

    async with a_browser(app) as browser:
        step = await half_in(browser)
        said = {"token": step["token"], "code": code_of(key, steps)}
        [problem] = await browser.refused("POST", "/api/session/second", said, status=401)

    assert problem["code"] == "access.wrong_factor"


async def test_step_ends_after_five_tries_and_guessing_goes_on_nowhere(
    app: Starlette, ada: Api
) -> None:
    await with_app(ada)

    async with a_browser(app) as browser:
        statuses = []
        for _ in range(2):
            said = {"token": (await half_in(browser))["token"], "code": "000000"}
            for _ in range(6):
                answer = await browser.send("POST", "/api/session/second", said)
                statuses.append((answer.status_code, answer.json()["errors"][0]["code"]))
        said = {"token": (await half_in(browser))["token"], "code": "000000"}
        last = await browser.send("POST", "/api/session/second", said)

    five = [(401, "access.wrong_factor")] * 5
    assert statuses == [*five, (401, "access.step_ended")] * 2
    assert last.status_code == 429


async def test_recovery_code_works_once_and_is_counted(app: Starlette, ada: Api) -> None:
    _, codes = await with_app(ada)
    shouted = codes[0].replace("-", " ").upper()

    async with a_browser(app) as browser:
        said = {"token": (await half_in(browser))["token"], "code": shouted}
        await browser.post("/api/session/second", said, status=200)
        left = (await browser.get("/api/account"))["recovery_codes_left"]
        said = {"token": (await half_in(browser))["token"], "code": codes[0]}
        await browser.refused("POST", "/api/session/second", said, status=401)

    assert left == 9


async def test_new_recovery_codes_end_those_before(app: Starlette, ada: Api) -> None:
    _, before = await with_app(ada)
    after = (await ada.post("/api/account/recovery-codes", {}))["recovery_codes"]

    async with a_browser(app) as browser:
        step = await half_in(browser)
        old = {"token": step["token"], "code": before[0]}
        await browser.refused("POST", "/api/session/second", old, status=401)
        new = {"token": step["token"], "code": after[0]}
        await browser.post("/api/session/second", new, status=200)


async def test_shared_keys_and_codes_are_not_kept_in_clear(
    app: Starlette, app_dsn: str, ada: Api
) -> None:
    key, codes = await with_app(ada)

    async with owner_connection(app_dsn) as owner:
        for table in ("authenticator", "recovery_code", "access_event", "sign_in_step"):
            rows = await owner.fetch(f"SELECT t::text FROM {table} t")
            told = "".join(row[0] for row in rows)
            assert key not in told
            assert key.encode().hex() not in told
            assert not any(code in told for code in codes)


async def test_passkey_is_a_second_factor(app: Starlette, ada: Api) -> None:
    device, made = await with_passkey(ada, verifies=False)

    async with a_browser(app) as browser:
        step = await half_in(browser)
        token = {"token": step["token"]}
        asked = await browser.post("/api/session/second/options", token, status=200)
        said = {**token, "credential": device.get(asked["options"])}
        opened = await browser.post("/api/session/second", said, status=200)
        [session] = [
            one for one in (await browser.get("/api/sessions"))["sessions"] if one["current"]
        ]

    assert len(made["recovery_codes"]) == 10
    assert step["methods"] == ["passkey", "recovery_code"]
    assert opened["viewer"]["name"] == ADA
    assert session["method"] == "password and passkey"


async def test_passkey_alone_signs_in_if_it_knows_its_owner(app: Starlette, ada: Api) -> None:
    device, _ = await with_passkey(ada)

    async with a_browser(app) as browser:
        asked = await browser.post("/api/session/passkey/options", {}, status=200)
        said = {"token": asked["token"], "credential": device.get(asked["options"])}
        opened = await browser.post("/api/session/passkey", said, status=200)
        await browser.refused("POST", "/api/session/passkey", said, status=401)

        device.verifies = False
        asked = await browser.post("/api/session/passkey/options", {}, status=200)
        said = {"token": asked["token"], "credential": device.get(asked["options"])}
        await browser.refused("POST", "/api/session/passkey", said, status=401)

    assert opened["viewer"]["name"] == ADA
    assert asked["options"]["userVerification"] == "required"


async def test_copied_passkey_is_refused_and_told(app: Starlette, ada: Api) -> None:
    device, _ = await with_passkey(ada, count=41)

    async with a_browser(app) as browser:
        for count, status in ((41, 200), (3, 401), (42, 200)):
            device.count = count
            asked = await browser.post("/api/session/passkey/options", {}, status=200)
            said = {"token": asked["token"], "credential": device.get(asked["options"])}
            await browser.post("/api/session/passkey", said, status=status)
    told = [one["what"] for one in (await ada.get("/api/account/events"))["events"]]

    assert "passkey_copied" in told


async def test_page_of_another_name_gets_no_signature_of_use(app: Starlette, ada: Api) -> None:
    device, _ = await with_passkey(ada)
    device.origin = "http://evil.example"

    async with a_browser(app) as browser:
        asked = await browser.post("/api/session/passkey/options", {}, status=200)
        said = {"token": asked["token"], "credential": device.get(asked["options"])}
        await browser.refused("POST", "/api/session/passkey", said, status=401)


async def test_passkey_of_one_site_or_tenant_opens_no_other(app: Starlette, ada: Api) -> None:
    device, _ = await with_passkey(ada)

    async with a_browser(app, **{"X-Tenant": "other"}) as elsewhere:
        asked = await elsewhere.post("/api/session/passkey/options", {}, status=200)
        said = {"token": asked["token"], "credential": device.get(asked["options"])}
        await elsewhere.refused("POST", "/api/session/passkey", said, status=401)
    async with a_browser(app, "http://sales.localhost:8000") as neighbour:
        device.origin = "http://sales.localhost:8000"
        asked = await neighbour.post("/api/session/passkey/options", {}, status=200)
        said = {"token": asked["token"], "credential": device.get(asked["options"])}
        await neighbour.refused("POST", "/api/session/passkey", said, status=401)

    assert asked["options"]["rpId"] == "sales.localhost"


async def test_server_without_a_name_has_no_passkeys(app: Starlette, ada: Api) -> None:
    async with a_browser(app, "http://127.0.0.1:8000") as browser:
        [problem] = await browser.refused("POST", "/api/session/passkey/options", {}, status=422)

    assert problem["code"] == "access.no_passkeys_here"


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": "AAAA"},
        {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}},
        {"id": "!", "rawId": "é", "type": "public-key", "response": {"userHandle": "é"}},
        {"id": 5, "response": []},
    ],
)
async def test_what_is_no_passkey_is_refused(ada: Api, credential: dict[str, Any]) -> None:
    asked = await ada.post("/api/session/passkey/options", {}, status=200)
    said = {"token": asked["token"], "credential": credential}
    await ada.refused("POST", "/api/session/passkey", said, status=401)

    asked = await ada.post("/api/account/passkey-options", {}, status=200)
    said = {"token": asked["token"], "credential": credential}
    await ada.refused("POST", "/api/account/passkeys", said, status=401)


async def test_passkeys_are_named_and_removed(app: Starlette, ada: Api) -> None:
    _, made = await with_passkey(ada)
    path = f"/api/account/passkeys/{made['id']}"

    await ada.ask("PATCH", path, {"name": "  Old  laptop "}, status=204)
    [shown] = (await ada.get("/api/account"))["passkeys"]
    await ada.ask("DELETE", path, status=204)
    await ada.refused("DELETE", path, status=404)
    after = await ada.get("/api/account")

    assert (shown["name"], shown["site"]) == ("Old laptop", "localhost")
    assert after["passkeys"] == []
    assert after["recovery_codes_left"] == 0
    async with a_browser(app) as browser:
        await browser.post("/api/session", CREDENTIALS, status=200)


async def test_what_changes_the_ways_in_wants_fresh_proof(
    app: Starlette, app_dsn: str, ada: Api
) -> None:
    key, _ = await with_app(ada)
    async with owner_connection(app_dsn) as owner:
        await owner.execute("UPDATE session SET proved_at = now() - interval '11 minutes'")

    for method, path in (
        ("DELETE", "/api/account/authenticator"),
        ("POST", "/api/account/authenticator"),
        ("POST", "/api/account/passkey-options"),
        ("POST", "/api/account/recovery-codes"),
    ):
        [problem] = await ada.refused(method, path, status=403)
        assert problem["code"] == "access.proof_needed"
    wrong = {"password": "wrong horse battery"}
    await ada.refused("POST", "/api/session/proof", wrong, status=401)
    await ada.ask("POST", "/api/session/proof", {"code": code_of(key)}, status=204)
    await ada.ask("DELETE", "/api/account/authenticator", status=204)


async def test_passkey_and_password_prove_that_it_is_still_you(app_dsn: str, ada: Api) -> None:
    device, _ = await with_passkey(ada)

    for how in ("passkey", "password"):
        async with owner_connection(app_dsn) as owner:
            await owner.execute("UPDATE session SET proved_at = now() - interval '11 minutes'")
        assert (await ada.get("/api/account"))["proved_until"] is None
        said: dict[str, Any] = {"password": PASSWORD}
        if how == "passkey":
            asked = await ada.post("/api/session/proof/options", {}, status=200)
            said = {"token": asked["token"], "credential": device.get(asked["options"])}
        await ada.ask("POST", "/api/session/proof", said, status=204)
        assert (await ada.get("/api/account"))["proved_until"] is not None


async def test_organization_that_wants_two_factors_has_one_set_up_at_the_door(
    app: Starlette, ada: Api
) -> None:
    await ada.patch("/api/organization", {"second_factor": "administrators"})

    async with a_browser(app) as browser:
        step = await half_in(browser)
        await browser.refused("GET", "/contacts", status=401)
        token = {"token": step["token"]}
        await browser.refused(
            "POST", "/api/session/second", {**token, "code": "123456"}, status=401
        )
        made = await browser.post("/api/session/enrol/authenticator", token)
        said = {**token, "code": code_of(made["key"])}
        opened = await browser.post("/api/session/enrol", said, status=200)
        await browser.get("/contacts")
        [problem] = await browser.refused("DELETE", "/api/account/authenticator", status=422)

    assert step["purpose"] == "enrol"
    assert made["picture"].startswith("<svg")
    assert len(opened["recovery_codes"]) == 10
    assert problem["code"] == "access.factor_needed"


async def test_passkey_can_be_set_up_at_the_door(app: Starlette, ada: Api) -> None:
    await ada.patch("/api/organization", {"second_factor": "everybody"})
    device = SoftAuthenticator(NAMED)

    async with a_browser(app) as browser:
        token = {"token": (await half_in(browser))["token"]}
        asked = await browser.post("/api/session/enrol/passkey", token, status=200)
        said = {**token, "credential": device.create(asked["options"]), "name": "Key"}
        opened = await browser.post("/api/session/enrol", said, status=200)

    assert opened["viewer"]["name"] == ADA
    assert len(opened["recovery_codes"]) == 10


async def test_members_are_not_asked_where_administrators_are(app: Starlette, ada: Api) -> None:
    await ada.patch("/api/organization", {"second_factor": "administrators"})
    told = await ada.post("/api/people", {"email": "ben@acme.example", "name": "Ben"})

    async with a_browser(app) as browser:
        said = {"token": told["invitation"], "password": "staple battery horse"}
        await browser.post("/api/welcome", said, status=200)


async def test_invitation_opens_no_account_past_its_second_factor_unless_it_says_so(
    app: Starlette, ada: Api
) -> None:
    await with_app(ada)
    me = (await ada.get("/api/session"))["viewer"]["id"]
    path = f"/api/people/{me}/invitation"

    plain = await ada.post(path, {})
    async with a_browser(app) as browser:
        said = {"token": plain["invitation"], "password": "another good password"}
        waiting = await browser.post("/api/welcome", said, status=202)
    note = {"authorization": f"Bearer {operator_note('tests')}"}
    async with a_browser(app) as command:
        resetting = await command.post(path, {"resets_factors": True}, headers=note)
    async with a_browser(app) as browser:
        said = {"token": resetting["invitation"], "password": "yet another password"}
        await browser.post("/api/welcome", said, status=200)
        after = await browser.get("/api/account")
        told = [one["what"] for one in (await browser.get("/api/account/events"))["events"]]

    assert waiting["next_step"]["purpose"] == "second"
    assert (after["authenticator_at"], after["recovery_codes_left"]) == (None, 0)
    assert {"factors_reset_promised", "factors_reset"} <= set(told)


async def test_token_asks_for_no_second_factor_and_changes_none(app: Starlette, ada: Api) -> None:
    made = await ada.post("/api/tokens", {"name": "script"})
    await with_app(ada)
    bearer = {"authorization": f"Bearer {made['token']}"}

    async with a_browser(app) as program:
        await program.get("/contacts", headers=bearer)
        for method, path in (
            ("GET", "/api/account"),
            ("POST", "/api/account/authenticator"),
            ("DELETE", "/api/account/authenticator"),
            ("POST", "/api/account/recovery-codes"),
            ("POST", "/api/session/proof"),
        ):
            await program.refused(method, path, status=401, headers=bearer)


async def test_other_tenant_and_other_people_see_nothing(
    app: Starlette, app_dsn: str, ada: Api, other: Api
) -> None:
    key, _ = await with_app(ada)
    _, made = await with_passkey(ada)
    await other.post("/api/claim", CREDENTIALS)

    async with a_browser(app, **{"X-Tenant": "other"}) as elsewhere:
        await elsewhere.post("/api/session", CREDENTIALS, status=200)
        shown = await elsewhere.get("/api/account")
        await elsewhere.refused("DELETE", f"/api/account/passkeys/{made['id']}", status=404)
        events = (await elsewhere.get("/api/account/events"))["events"]
    async with a_browser(app) as browser:
        token = (await half_in(browser))["token"]
    async with a_browser(app, **{"X-Tenant": "other"}) as elsewhere:
        said = {"token": token, "code": code_of(key)}
        await elsewhere.refused("POST", "/api/session/second", said, status=401)

    assert (shown["passkeys"], shown["authenticator_at"], events) == ([], None, [])
