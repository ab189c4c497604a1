"""People sign in: sessions, tokens, invitations, and what is refused to everybody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from fieldstone.platform.identity.operator import operator_note
from tests.support.app import ADDRESS, Api, client_of, owner_connection
from tests.support.imports import Desk

PASSWORD = "correct horse battery"
OTHER_PASSWORD = "staple battery horse"
ADA = "ada@acme.example"
BEN = "ben@acme.example"


async def claimed(api: Api) -> Any:
    """Let the machine's administrator become Ada, who signs in."""
    return await api.post("/api/claim", {"email": ADA, "password": PASSWORD})


@asynccontextmanager
async def a_browser(app: Starlette, tenant: str | None = None) -> AsyncIterator[Api]:
    """Give a client with cookies of its own."""
    async with client_of(app, tenant) as client:
        yield client


async def invited(api: Api, email: str = BEN, **more: Any) -> Any:
    """Invite somebody."""
    return await api.post("/api/people", {"email": email, "name": "Ben", **more})


async def joined(app: Starlette, api: Api, browser: Api, **more: Any) -> Any:
    """Invite Ben, who comes in with a browser of his own."""
    told = await invited(api, **more)
    said = {"token": told["invitation"], "password": OTHER_PASSWORD}
    await browser.post("/api/welcome", said, status=200)
    return told


async def test_machine_is_let_in_until_somebody_can_sign_in(app: Starlette, api: Api) -> None:
    before = await api.get("/api/session")
    await api.get("/contacts")

    told = await claimed(api)

    async with a_browser(app) as stranger:
        [problem] = await stranger.refused("GET", "/contacts", status=401)
        after = await stranger.get("/api/session")
    assert (before["must_sign_in"], before["viewer"]["may_set_up"]) == (False, True)
    assert after == {"viewer": None, "must_sign_in": True}
    assert told["viewer"] == {"id": before["viewer"]["id"], "name": ADA, "may_set_up": True}
    assert problem["code"] == "access.sign_in_needed"
    assert (await api.get("/contacts"))["data"] == []


async def test_other_tenant_stays_as_it_is(app: Starlette, api: Api, other: Api) -> None:
    await claimed(api)

    assert (await other.get("/api/session"))["must_sign_in"] is False
    async with a_browser(app, "other") as browser:
        cookies = {"cookie": f"fs_session={api.http.cookies['fs_session']}"}
        told = await browser.get("/api/session", headers=cookies)
    assert told["viewer"]["name"] == "Administrator"


async def test_session_of_one_tenant_opens_no_other(app: Starlette, api: Api, other: Api) -> None:
    await claimed(api)
    await other.post("/api/claim", {"email": ADA, "password": OTHER_PASSWORD})
    cookies = {"cookie": f"fs_session={api.http.cookies['fs_session']}"}

    async with a_browser(app, "other") as browser:
        await browser.refused("GET", "/contacts", status=401, headers=cookies)
        said = {"email": ADA, "password": PASSWORD}
        await browser.refused("POST", "/api/session", said, status=401)


async def test_tenant_is_claimed_once(app: Starlette, api: Api) -> None:
    await claimed(api)

    said = {"email": BEN, "password": PASSWORD}
    [problem] = await api.refused("POST", "/api/claim", said, status=409)
    async with a_browser(app) as stranger:
        await stranger.refused("POST", "/api/claim", said, status=401)

    assert problem["code"] == "access.already_claimed"


async def test_right_password_opens_a_session_and_signing_out_ends_it(
    app: Starlette, api: Api
) -> None:
    await claimed(api)

    async with a_browser(app) as browser:
        said = {"email": " Ada@ACME.example ", "password": PASSWORD}
        answer = await browser.send("POST", "/api/session", said)
        kept = answer.headers["set-cookie"]
        secret = browser.http.cookies["fs_session"]
        await browser.get("/contacts")
        await browser.ask("DELETE", "/api/session", status=204)
        gone = {"cookie": f"fs_session={secret}"}
        await browser.refused("GET", "/contacts", status=401, headers=gone)

    assert answer.status_code == 200
    assert "HttpOnly" in kept
    assert "SameSite=lax" in kept
    assert secret not in answer.text


@pytest.mark.parametrize(
    "said",
    [
        {"email": ADA, "password": "wrong horse battery"},
        {"email": BEN, "password": PASSWORD},
        {"email": ADA, "password": ""},
        {"email": "", "password": PASSWORD},
        {"email": ADA, "password": PASSWORD * 1000},
        {"email": "\x00", "password": "\x00"},
    ],
)
async def test_wrong_credentials_are_told_alike(
    app: Starlette, api: Api, said: dict[str, str]
) -> None:
    await claimed(api)

    async with a_browser(app) as browser:
        [problem] = await browser.refused("POST", "/api/session", said, status=401)

    assert problem["code"] == "access.wrong_credentials"
    assert ADA not in str(problem)


async def test_many_tries_from_one_place_wait_and_lock_nobody_else_out(
    app: Starlette, api: Api
) -> None:
    await claimed(api)
    wrong = {"email": ADA, "password": "wrong horse battery"}

    async with a_browser(app) as browser:
        for _ in range(10):
            await browser.refused("POST", "/api/session", wrong, status=401)
        right = {"email": ADA, "password": PASSWORD}
        answer = await browser.send("POST", "/api/session", right)
    elsewhere = httpx.ASGITransport(app=app, client=("10.1.2.3", 5000))
    async with httpx.AsyncClient(transport=elsewhere, base_url=ADDRESS) as http:
        there = await Api(http).send("POST", "/api/session", right)

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert there.status_code == 200


async def test_invited_person_comes_in_once_with_a_password_of_their_own(
    app: Starlette, api: Api
) -> None:
    await claimed(api)
    told = await invited(api)
    said = {"token": told["invitation"], "password": OTHER_PASSWORD}

    async with a_browser(app) as browser:
        opened = await browser.post("/api/welcome", said, status=200)
        contacts = await browser.get("/contacts")
        [problem] = await browser.refused("POST", "/api/welcome", said, status=422)
    shown = (await api.get("/api/people"))["people"]

    assert opened["viewer"] == {"id": told["id"], "name": BEN, "may_set_up": False}
    assert contacts["data"] == []
    assert problem["code"] == "access.bad_invitation"
    assert [(one["email"], one["has_password"]) for one in shown] == [(ADA, True), (BEN, True)]
    assert (await api.get(f"/api/records/User/{told['id']}"))["email"] == BEN


async def test_invitation_is_good_for_one_of_two_who_take_it_at_once(
    app: Starlette, api: Api
) -> None:
    await claimed(api)
    told = await invited(api)
    said = [{"token": told["invitation"], "password": f"{n} {PASSWORD}"} for n in range(2)]

    async with a_browser(app) as one, a_browser(app) as two:
        answers = await asyncio.gather(
            *(
                each.send("POST", "/api/welcome", what)
                for each, what in zip((one, two), said, strict=True)
            )
        )

    assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_member_reads_and_writes_records_but_sets_nothing_up(
    app: Starlette, api: Api
) -> None:
    await claimed(api)

    async with a_browser(app) as browser:
        await joined(app, api, browser)
        made = await browser.post("/contacts", {"last_name": "Smith"})
        shown = await browser.get(f"/contacts/{made['id']}")
        for method, path, body in (
            ("POST", "/api/objects", {"name": "Thing", "plural_name": "Things"}),
            ("GET", "/api/people", None),
            ("POST", "/api/people", {"email": "c@acme.example", "name": "C"}),
            ("POST", "/api/claim", {"email": BEN, "password": PASSWORD}),
            ("POST", "/api/platform/tenants", {"name": "acme"}),
        ):
            await browser.refused(method, path, body, status=403)

    assert shown["last_name"] == "Smith"
    assert shown["owner"]["name"] == "Ben"


async def test_deactivated_person_is_out_at_once(app: Starlette, api: Api) -> None:
    await claimed(api)

    async with a_browser(app) as browser:
        told = await joined(app, api, browser)
        token = await browser.post("/api/tokens", {"name": "script"})
        await api.patch(f"/api/people/{told['id']}", {"is_active": False})
        await browser.refused("GET", "/contacts", status=401)
        bearer = {"authorization": f"Bearer {token['token']}"}
        await browser.refused("GET", "/contacts", status=401, headers=bearer)
        said = {"email": BEN, "password": OTHER_PASSWORD}
        await browser.refused("POST", "/api/session", said, status=401)

        await api.patch(f"/api/people/{told['id']}", {"is_active": True})
        await browser.post("/api/session", said, status=200)
        await browser.refused("GET", "/contacts", status=401, headers=bearer)


async def test_last_administrator_stays(app: Starlette, api: Api) -> None:
    me = (await claimed(api))["viewer"]["id"]
    await invited(api, is_administrator=True)

    for change in ({"is_active": False}, {"is_administrator": False}):
        [problem] = await api.refused("PATCH", f"/api/people/{me}", change, status=422)
        assert problem["code"] == "access.last_administrator"


async def test_two_administrators_cannot_put_each_other_out_at_once(
    app: Starlette, api: Api
) -> None:
    me = (await claimed(api))["viewer"]["id"]

    async with a_browser(app) as browser:
        told = await joined(app, api, browser, is_administrator=True)
        answers = await asyncio.gather(
            api.send("PATCH", f"/api/people/{told['id']}", {"is_administrator": False}),
            browser.send("PATCH", f"/api/people/{me}", {"is_administrator": False}),
        )

    # Whoever comes second is out already, is no administrator any more, or would be the last.
    first, second = sorted(answer.status_code for answer in answers)
    assert first == 200
    assert second in (401, 403, 422)


async def test_changed_password_ends_every_session(app: Starlette, api: Api) -> None:
    await claimed(api)

    async with a_browser(app) as browser:
        said = {"email": ADA, "password": PASSWORD}
        await browser.post("/api/session", said, status=200)
        change = {"before": "not the password", "after": OTHER_PASSWORD}
        await browser.refused("POST", "/api/session/password", change, status=401)
        change["before"] = PASSWORD
        await browser.ask("POST", "/api/session/password", change, status=204)
        await browser.refused("POST", "/api/session", said, status=401)
        said["password"] = OTHER_PASSWORD
        await browser.post("/api/session", said, status=200)
    await api.refused("GET", "/contacts", status=401)


@pytest.mark.parametrize("password", ["short", "a" * 30, ADA, "abababababab", "x" * 257])
async def test_weak_password_is_refused(api: Api, password: str) -> None:
    said = {"email": ADA, "password": password}
    [problem] = await api.refused("POST", "/api/claim", said, status=422)

    assert problem["code"] == "access.weak_password"
    assert (await api.get("/api/session"))["must_sign_in"] is False


async def test_sessions_are_listed_and_ended_one_by_one(app: Starlette, api: Api) -> None:
    await claimed(api)

    async with a_browser(app) as browser:
        said = {"email": ADA, "password": PASSWORD}
        await browser.post("/api/session", said, status=200, headers={"user-agent": "Elsewhere"})
        listed = (await api.get("/api/sessions"))["sessions"]
        [there] = [one for one in listed if one["agent"] == "Elsewhere"]
        await api.ask("DELETE", f"/api/sessions/{there['id']}", status=204)
        await browser.refused("GET", "/contacts", status=401)

    assert [one["current"] for one in listed].count(True) == 1
    assert not there["current"]


async def test_nobody_ends_or_revokes_what_is_anothers(app: Starlette, api: Api) -> None:
    await claimed(api)
    mine = (await api.get("/api/sessions"))["sessions"][0]["id"]
    token = await api.post("/api/tokens", {"name": "mine"})

    async with a_browser(app) as browser:
        await joined(app, api, browser)
        await browser.refused("DELETE", f"/api/sessions/{mine}", status=404)
        await browser.refused("DELETE", f"/api/tokens/{token['id']}", status=404)
        assert (await browser.get("/api/tokens"))["tokens"] == []
        assert len((await browser.get("/api/sessions"))["sessions"]) == 1

    await api.get("/contacts")


async def test_token_acts_as_its_maker_until_it_is_revoked(app: Starlette, api: Api) -> None:
    await claimed(api)
    made = await api.post("/api/tokens", {"name": "script"})
    bearer = {"authorization": f"bearer {made['token']}"}

    async with a_browser(app) as program:
        await program.post("/contacts", {"last_name": "Smith"}, headers=bearer)
        [shown] = (await api.get("/api/tokens"))["tokens"]
        await api.ask("DELETE", f"/api/tokens/{made['id']}", status=204)
        await program.refused("GET", "/contacts", status=401, headers=bearer)
    async with a_browser(app, "other") as elsewhere:
        await elsewhere.refused("GET", "/contacts", status=401, headers=bearer)

    assert shown["name"] == "script"
    assert shown["used_at"] is not None
    assert made["token"] not in str(shown)


@pytest.mark.parametrize("text", ["fst_", "fst_" + "a" * 43, "fss_" + "a" * 43, "x" * 5000])
async def test_unknown_token_lets_nobody_in_even_on_the_machine_itself(api: Api, text: str) -> None:
    bearer = {"authorization": f"Bearer {text}"}
    [problem] = await api.refused("GET", "/contacts", status=401, headers=bearer)

    assert problem["code"] == "access.sign_in_needed"


async def test_expired_session_token_and_invitation_are_worth_nothing(
    app: Starlette, app_dsn: str, api: Api
) -> None:
    await claimed(api)
    token = await api.post("/api/tokens", {"name": "old", "expires_at": "2099-01-01T00:00:00Z"})
    told = await invited(api)
    async with owner_connection(app_dsn) as owner:
        for table in ("session", "access_token", "invitation"):
            await owner.execute(f"UPDATE {table} SET expires_at = now() - interval '1 second'")

    await api.refused("GET", "/contacts", status=401)
    bearer = {"authorization": f"Bearer {token['token']}"}
    await api.refused("GET", "/contacts", status=401, headers=bearer)
    said = {"token": told["invitation"], "password": PASSWORD}
    await api.refused("POST", "/api/welcome", said, status=422)


async def test_idle_session_ends(app_dsn: str, api: Api) -> None:
    await claimed(api)
    async with owner_connection(app_dsn) as owner:
        await owner.execute("UPDATE session SET seen_at = now() - interval '13 hours'")

    await api.refused("GET", "/contacts", status=401)


async def test_secrets_are_kept_as_digests_alone(app_dsn: str, api: Api) -> None:
    await claimed(api)
    told = await invited(api)
    token = await api.post("/api/tokens", {"name": "script"})
    given = (told["invitation"], token["token"], api.http.cookies["fs_session"], PASSWORD)

    async with owner_connection(app_dsn) as owner:
        for table in ("member", "invitation", "session", "access_token", "sign_in", "change"):
            rows = await owner.fetch(f"SELECT t::text FROM {table} t")
            assert not any(secret in row[0] for row in rows for secret in given), table


async def test_operator_acts_as_administrator_of_a_claimed_tenant(app: Starlette, api: Api) -> None:
    await claimed(api)

    async with a_browser(app) as command:
        note = {"authorization": f"Bearer {operator_note('tests')}"}
        told = await command.get("/api/people", headers=note)
        forged = {"authorization": f"Bearer {operator_note('another key')}"}
        await command.refused("GET", "/api/people", status=401, headers=forged)

    assert [one["email"] for one in told["people"]] == [ADA]


async def test_page_of_another_site_uses_no_session(app: Starlette, api: Api) -> None:
    await claimed(api)

    for headers in (
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
    ):
        await api.refused("POST", "/contacts", {"last_name": "X"}, status=403, headers=headers)
        said = {"email": ADA, "password": PASSWORD}
        await api.refused("POST", "/api/session", said, status=403, headers=headers)


async def test_token_makes_no_other_and_changes_no_password(app: Starlette, api: Api) -> None:
    await claimed(api)
    made = await api.post("/api/tokens", {"name": "script"})
    bearer = {"authorization": f"Bearer {made['token']}"}

    async with a_browser(app) as program:
        more = {"name": "for good"}
        await program.refused("POST", "/api/tokens", more, status=401, headers=bearer)
        change = {"before": PASSWORD, "after": OTHER_PASSWORD}
        path = "/api/session/password"
        await program.refused("POST", path, change, status=401, headers=bearer)

        await api.ask("POST", path, change, status=204)
        await program.refused("GET", "/contacts", status=401, headers=bearer)


async def test_tries_at_once_are_no_way_around_the_limit(app: Starlette, api: Api) -> None:
    await claimed(api)
    wrong = {"email": ADA, "password": "wrong horse battery"}

    async with a_browser(app) as browser:
        answers = await asyncio.gather(
            *(browser.send("POST", "/api/session", wrong) for _ in range(14))
        )

    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(401), statuses.count(429)) == (10, 4)


async def test_form_of_a_stranger_may_be_small_only(app: Starlette, api: Api) -> None:
    await claimed(api)

    async with a_browser(app) as stranger:
        answer = await stranger.send("POST", "/sign-in", b"email=" + b"a" * 20_000)
        forged = await stranger.send("POST", "/sign-in", b"email=a&password=b")

    assert answer.status_code == 413
    assert forged.status_code == 403


async def test_jobs_run_with_the_rights_of_whoever_asked_for_them(desk: Desk) -> None:
    app, api = desk.app, desk.api
    await claimed(api)

    async with a_browser(app) as browser:
        told = await joined(app, api, browser)
        asked = {"q": "SELECT name FROM Deal", "format": "csv"}
        first = await browser.post("/api/exports", asked, status=202)
        await desk.run(first["id"])
        done = await browser.get(f"/api/exports/{first['id']}")
        second = await browser.post("/api/exports", asked, status=202)
    await api.patch(f"/api/people/{told['id']}", {"is_active": False})
    await desk.run(second["id"])
    failed = await api.get(f"/api/jobs/{second['id']}")

    assert (done["state"], failed["state"]) == ("done", "failed")
