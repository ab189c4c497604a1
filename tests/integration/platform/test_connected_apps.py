"""Programs keep to what they were allowed, by themselves, by a signature or by somebody."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette

from tests.support.app import ADDRESS, Api, client_of, owner_connection
from tests.support.programs import (
    ADA,
    APPS,
    BEN,
    JWT_BEARER,
    KEY,
    TOKEN,
    a_program,
    app_body,
    ask_for_tokens,
    authorize,
    claimed,
    connected,
    refusal,
    tokens_of,
)


async def test_tokens_are_looked_at_and_given_back_by_their_own_program(
    app: Starlette, api: Api
) -> None:
    secret = await connected(api)
    await api.post(APPS, app_body(name="Other_App"))
    other = (await api.post("/api/connected-apps/Other_App/secret", None))["client_secret"]
    mine = {"client_id": "Mail_Sync", "client_secret": secret}
    theirs = {"client_id": "Other_App", "client_secret": other}

    async def look(**form: str) -> Any:
        return (await api.send("POST", "/oauth/introspect", urlencode(form))).json()

    async with a_program(app, secret, scope="records:read") as program:
        told, _, _ = await tokens_of(program, api)
        access, refresh = told["access_token"], told["refresh_token"]
        seen = await look(token=access, **mine)
        both = [await look(token=one, **theirs) for one in (access, refresh)]
        form = urlencode({"token": refresh, **theirs})
        await api.send("POST", "/oauth/revoke", form)
        still = await look(token=refresh, **mine)
        gone = await api.send("POST", "/oauth/revoke", urlencode({"token": refresh, **mine}))
        after = await look(token=access, **mine)
        unknown = await api.send("POST", "/oauth/revoke", urlencode({"token": "x", **mine}))

    assert (seen["active"], seen["scope"], seen["username"]) == (True, "records:read", ADA)
    assert both == [{"active": False}, {"active": False}]
    assert still["active"] is True
    assert (gone.status_code, after, unknown.status_code) == (200, {"active": False}, 200)


async def test_everybody_sees_and_takes_back_what_they_allowed(app: Starlette, api: Api) -> None:
    secret = await connected(api)

    async with a_program(app, secret, scope="records:read") as program:
        await tokens_of(program, api)
        mine = (await api.get("/api/my-apps"))["apps"]
        [shown] = (await api.get("/api/connected-apps"))["apps"]
        await api.ask("DELETE", "/api/my-apps/Mail_Sync", status=204)
        ended = await program.get("/api/records/Deal")

    assert (mine[0]["client_id"], mine[0]["scopes"]) == ("Mail_Sync", ["records:read"])
    assert shown["people"] == 1
    assert ended.status_code == 401
    assert (await api.get("/api/my-apps"))["apps"] == []
    await api.refused("DELETE", "/api/my-apps/Mail_Sync", status=404)


@pytest.mark.parametrize("end", ["inactive", "removed", "grants", "deactivated"])
async def test_tokens_end_with_what_they_stand_on(app: Starlette, api: Api, end: str) -> None:
    secret = await connected(api)
    told = await api.post("/api/people", {"email": BEN, "name": "Ben"})

    async with a_program(app, secret) as program, client_of(app) as ben:
        said = {"token": told["invitation"], "password": "staple battery horse"}
        await ben.post("/api/welcome", said, status=200)
        await tokens_of(program, ben)
        assert (await program.get("/api/session")).status_code == 200
        if end == "inactive":
            await api.ask("PUT", f"{APPS}/Mail_Sync", app_body(active=False))
        elif end == "removed":
            await api.ask("DELETE", f"{APPS}/Mail_Sync", status=204)
        elif end == "grants":
            await api.ask("DELETE", "/api/connected-apps/Mail_Sync/grants", status=204)
        else:
            await api.patch(f"/api/people/{told['id']}", {"is_active": False})
        answer = await program.get("/api/records/Deal")

    assert answer.status_code == 401


async def test_program_acts_by_itself_as_its_service_user(app: Starlette, api: Api) -> None:
    await claimed(api)
    made = await api.post("/api/service-users", {"name": "Nightly sync", "is_administrator": True})
    body = app_body(grants=["client_credentials"], service_user=made["email"], redirect_uris=[])
    await api.post(APPS, body)
    secret = (await api.post("/api/connected-apps/Mail_Sync/secret", None))["client_secret"]

    async with a_program(app, secret, scope="records:read") as program:
        told = dict(await program.fetch_token(TOKEN, grant_type="client_credentials"))
        who = (await program.get("/api/session")).json()["viewer"]

    assert made["email"] == "nightly-sync@service.example"
    assert "refresh_token" not in told
    assert who["name"] == made["email"]
    asked = await ask_for_tokens(
        api, grant_type="authorization_code", client_id="Mail_Sync", client_secret=secret
    )
    assert await refusal(asked) == "unauthorized_client"


def assertion(key: Any = KEY, **claims: Any) -> str:
    now = int(time.time())
    usual = {"iss": "Mail_Sync", "sub": ADA, "aud": ADDRESS, "exp": now + 120, "jti": "1"}
    said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "1"}, said, key)


async def signing(api: Api, app: Starlette, **more: Any) -> None:
    """Connect an app that signs, and let it act as Ada."""
    grants = ["authorization_code", "jwt_bearer"]
    keys = [KEY.as_dict(private=False)]
    secret = await connected(api, grants=grants, public_keys=keys)
    async with a_program(app, secret, **more) as program:
        await tokens_of(program, api)


async def test_program_signs_whom_it_acts_as(app: Starlette, api: Api) -> None:
    await signing(api, app)

    answer = await ask_for_tokens(
        api, grant_type=JWT_BEARER, assertion=assertion(), scope="records:read"
    )

    token = answer.json()["access_token"]
    async with client_of(app) as program:
        bearer = {"authorization": f"Bearer {token}"}
        who = await program.get("/api/session", headers=bearer)
    assert who["viewer"]["name"] == ADA


async def test_assertion_works_once(app: Starlette, api: Api) -> None:
    await signing(api, app)
    text = assertion()

    await ask_for_tokens(api, grant_type=JWT_BEARER, assertion=text)
    again = await ask_for_tokens(api, grant_type=JWT_BEARER, assertion=text)

    assert await refusal(again) == "invalid_grant"


async def test_assertion_reaches_as_far_as_the_person_allowed(app: Starlette, api: Api) -> None:
    await signing(api, app, scope="records:read")

    told = await ask_for_tokens(api, grant_type=JWT_BEARER, assertion=assertion())
    more = await ask_for_tokens(
        api, grant_type=JWT_BEARER, assertion=assertion(jti="2"), scope="records:write"
    )

    assert told.json()["scope"] == "records:read"
    assert await refusal(more) == "invalid_scope"


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": BEN},
        {"sub": "nobody@acme.example"},
        {"aud": "https://another.example"},
        {"exp": int(time.time()) - 3600},
        {"exp": int(time.time()) + 3600},
        {"exp": None},
        {"sub": None},
        {"aud": None},
        {"key": RSAKey.generate_key(2048, {"kid": "1"})},
    ],
)
async def test_assertion_must_hold(app: Starlette, api: Api, claims: dict[str, Any]) -> None:
    await signing(api, app)
    await api.post("/api/people", {"email": BEN, "name": "Ben"})

    answer = await ask_for_tokens(api, grant_type=JWT_BEARER, assertion=assertion(**claims))

    assert await refusal(answer) == "invalid_grant"


async def test_other_tenant_knows_neither_app_nor_token(
    app: Starlette, api: Api, other: Api
) -> None:
    secret = await connected(api)
    await claimed(other)
    async with a_program(app, secret) as program:
        told, _, _ = await tokens_of(program, api)
    client = {"client_id": "Mail_Sync", "client_secret": secret}

    refresh = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    asked = await ask_for_tokens(other, **refresh, **client)
    async with client_of(app, "other") as stranger:
        bearer = {"authorization": f"Bearer {told['access_token']}"}
        await stranger.refused("GET", "/api/records/Deal", status=401, headers=bearer)

    assert await refusal(asked, 401) == "invalid_client"
    assert (await other.get("/api/connected-apps"))["apps"] == []
    assert (await other.get("/api/my-apps"))["apps"] == []
    assert (await other.send("GET", authorize())).status_code == 404


async def test_members_declare_no_apps_and_make_no_secrets(app: Starlette, api: Api) -> None:
    await connected(api)
    told = await api.post("/api/people", {"email": BEN, "name": "Ben"})

    async with client_of(app) as ben:
        said = {"token": told["invitation"], "password": "staple battery horse"}
        await ben.post("/api/welcome", said, status=200)
        await ben.refused("GET", "/api/connected-apps", status=403)
        await ben.refused("POST", "/api/connected-apps/Mail_Sync/secret", status=403)
        await ben.refused("DELETE", "/api/connected-apps/Mail_Sync/secret", status=403)
        await ben.refused("DELETE", "/api/connected-apps/Mail_Sync/grants", status=403)
        await ben.refused("POST", APPS, app_body(name="Mine"), status=403)
        await ben.refused("POST", "/api/service-users", {"name": "x"}, status=403)


async def test_secrets_and_tokens_are_stored_as_digests_alone(
    app: Starlette, api: Api, app_dsn: str
) -> None:
    secret = await connected(api)
    async with a_program(app, secret) as program:
        told, code, _ = await tokens_of(program, api)

    async with owner_connection(app_dsn) as owner:
        tables = ("app_secret", "oauth_code", "refresh_token", "access_token", "sign_in")
        stored = str([list(await owner.fetch(f"SELECT t::text FROM {one} t")) for one in tables])
    for text in (secret, code, told["access_token"], told["refresh_token"]):
        assert text not in stored
        assert text[4:] not in stored


async def test_app_that_is_removed_leaves_nothing_to_a_later_one(
    app: Starlette, api: Api, app_dsn: str
) -> None:
    secret = await connected(api)
    async with a_program(app, secret) as program:
        await tokens_of(program, api)
    await api.delete(f"{APPS}/Mail_Sync", status=204)

    async with owner_connection(app_dsn) as owner:
        tables = ("app_secret", "oauth_grant", "refresh_token", "access_token")
        left = [await owner.fetchval(f"SELECT count(*) FROM {one}") for one in tables]
    assert left == [0, 0, 0, 0]
