"""Sessions and passwords are kept tidy: renewed, bound, counted by network, and forgotten."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette

from fieldstone.clock import SystemClock
from fieldstone.platform.working_parts import storage_rules_of
from fieldstone.runtime.storage.maintenance import Maintenance
from tests.support.app import Api, client_of, owner_connection

PASSWORD = "correct horse battery"
OTHER_PASSWORD = "staple battery horse"
ADA = "ada@acme.example"
CREDENTIALS = {"email": ADA, "password": PASSWORD}
TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def claimed(api: Api) -> None:
    """Let the machine's administrator become Ada, who signs in."""
    await api.post("/api/claim", CREDENTIALS)


async def form_token(api: Api, path: str) -> str:
    """Give the token that the forms of a page carry."""
    found = TOKEN.search((await api.send("GET", path)).text)
    assert found is not None
    return found[1]


async def test_changed_password_renews_the_session_and_ends_all_others(
    app: Starlette, api: Api
) -> None:
    await claimed(api)
    before = api.http.cookies["fs_session"]
    token = await api.post("/api/tokens", {"name": "script"})

    async with client_of(app) as other, client_of(app) as thief:
        await other.post("/api/session", CREDENTIALS, status=200)
        change = {"before": PASSWORD, "after": OTHER_PASSWORD}
        await api.ask("POST", "/api/session/password", change, status=204)
        await api.get("/contacts")
        await other.refused("GET", "/contacts", status=401)
        for headers in (
            {"cookie": f"fs_session={before}"},
            {"authorization": f"Bearer {token['token']}"},
        ):
            await thief.refused("GET", "/contacts", status=401, headers=headers)

    assert api.http.cookies["fs_session"] != before


async def test_all_other_sessions_end_at_once(app: Starlette, api: Api) -> None:
    await claimed(api)

    async with client_of(app) as one, client_of(app) as two:
        for browser in (one, two):
            await browser.post("/api/session", CREDENTIALS, status=200)
        told = await api.delete("/api/sessions")
        for browser in (one, two):
            await browser.refused("GET", "/contacts", status=401)

    assert told == {"ended": 2}
    assert len((await api.get("/api/sessions"))["sessions"]) == 1


async def test_new_administrator_signs_in_anew(app: Starlette, api: Api) -> None:
    await claimed(api)
    told = await api.post("/api/people", {"email": "ben@acme.example", "name": "Ben"})

    async with client_of(app) as ben:
        said = {"token": told["invitation"], "password": OTHER_PASSWORD}
        await ben.post("/api/welcome", said, status=200)
        await api.patch(f"/api/people/{told['id']}", {"is_administrator": True})
        await ben.refused("GET", "/contacts", status=401)


async def test_form_belongs_to_its_session(app: Starlette, api: Api) -> None:
    await claimed(api)

    async with client_of(app) as other:
        await other.post("/api/session", CREDENTIALS, status=200)
        foreign = await form_token(other, "/admin/account")
        own = await form_token(api, "/admin/account")
        path = "/admin/account/sessions"
        refused = await api.send("POST", path, f"_csrf={foreign}&do=others", headers=FORM)
        taken = await api.send("POST", path, f"_csrf={own}&do=others", headers=FORM)

    assert foreign != own
    assert (refused.status_code, taken.status_code) == (403, 303)


async def test_cookies_of_an_encrypted_connection_belong_to_its_host(
    app: Starlette, api: Api
) -> None:
    await claimed(api)
    transport = httpx.ASGITransport(app=app)

    async with httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1:8000") as http:
        browser = Api(http)
        answer = await browser.send("POST", "/api/session", CREDENTIALS)
        await browser.get("/contacts")
        tossed = {"cookie": f"fs_session={api.http.cookies['fs_session']}"}
        http.cookies.clear()
        await browser.refused("GET", "/contacts", status=401, headers=tossed)

    kept = next(
        one for one in answer.headers.get_list("set-cookie") if one.startswith("__Host-fs_session=")
    )
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(kept.split("; "))
    assert "max-age=31536000" in answer.headers["strict-transport-security"]


async def test_password_is_hashed_anew_when_the_parameters_changed(
    app: Starlette, app_dsn: str, api: Api
) -> None:
    await claimed(api)
    weaker = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    async with owner_connection(app_dsn) as owner:
        await owner.execute("UPDATE member SET password_hash = $1", weaker)
        async with client_of(app) as browser:
            await browser.post("/api/session", CREDENTIALS, status=200)
            await browser.post("/api/session", CREDENTIALS, status=200)
        kept = await owner.fetchval("SELECT password_hash FROM member WHERE email = $1", ADA)

    assert kept != weaker
    assert not PasswordHasher().check_needs_rehash(kept)


@pytest.mark.parametrize(
    "password",
    ["password12345", "qwertyuiop12", "Ada Lovelace 1815!", "x fieldstone 7 zebra", "y" * 129],
)
async def test_guessable_password_is_refused(app: Starlette, api: Api, password: str) -> None:
    await claimed(api)
    told = await api.post("/api/people", {"email": "al@acme.example", "name": "Ada Lovelace"})
    said = {"token": told["invitation"], "password": password}

    async with client_of(app) as browser:
        [problem] = await browser.refused("POST", "/api/welcome", said, status=422)

    assert problem["code"] == "access.weak_password"
    assert problem["hint"]


async def test_network_of_ipv6_counts_as_one_place(app: Starlette, api: Api) -> None:
    await claimed(api)
    wrong = {"email": ADA, "password": "wrong horse battery"}

    statuses: list[int] = []
    for number in range(11):
        answer = await from_address(app, f"2001:db8:1:2:{number:x}::1", wrong)
        statuses.append(answer.status_code)
    elsewhere = await from_address(app, "2001:db8:1:3::1", wrong)

    assert statuses == [401] * 10 + [429]
    assert elsewhere.status_code == 401


async def test_maintenance_forgets_what_has_ended(
    app: Starlette, app_dsn: str, api: Api, other: Api
) -> None:
    await claimed(api)
    await other.post("/api/claim", {"email": ADA, "password": OTHER_PASSWORD})
    await api.post("/api/people", {"email": "ben@acme.example", "name": "Ben"})
    await api.post("/api/session", {**CREDENTIALS, "password": "wrong"}, status=401)
    engine, settings = app.state.engine, app.state.settings
    keeper = Maintenance(engine.pool, engine.database, storage_rules_of(settings), SystemClock())

    async with owner_connection(app_dsn) as owner:
        await owner.execute("DELETE FROM maintenance")
        await keeper.run_if_due()
        before = await counts(owner)
        await owner.execute("UPDATE invitation SET expires_at = now() - interval '2 days'")
        await owner.execute("UPDATE sign_in SET at = now() - interval '91 days'")
        await owner.execute(
            "UPDATE session SET seen_at = now() - interval '2 days' WHERE tenant_id = 1"
        )
        await owner.execute("DELETE FROM maintenance")
        await keeper.run_if_due()
        after = await counts(owner)

    assert before == {"invitation": 1, "sign_in": 1, "session": 2}
    assert after == {"invitation": 0, "sign_in": 0, "session": 1}


async def counts(owner: Any) -> dict[str, int]:
    """Give how many rows there are in each table that is tidied."""
    return {
        "invitation": await owner.fetchval("SELECT count(*) FROM invitation"),
        "sign_in": await owner.fetchval("SELECT count(*) FROM sign_in"),
        "session": await owner.fetchval("SELECT count(*) FROM session"),
    }


async def from_address(app: Starlette, address: str, said: dict[str, str]) -> httpx.Response:
    """Try to sign in from an address."""
    transport = httpx.ASGITransport(app=app, client=(address, 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
        return await Api(http).send("POST", "/api/session", said)
