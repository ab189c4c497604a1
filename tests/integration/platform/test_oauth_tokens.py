"""Programs get tokens as the RFCs say, and as a client library asks; and no other way."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from starlette.applications import Starlette

from tests.support.app import ADDRESS, Api, client_of, owner_connection
from tests.support.programs import (
    ADA,
    APPS,
    BACK,
    JWT_BEARER,
    PASSWORD,
    TOKEN,
    a_program,
    answered,
    app_body,
    ask_for_tokens,
    authorize,
    connected,
    refusal,
    tokens_of,
)


async def test_client_library_goes_the_whole_way(app: Starlette, api: Api) -> None:
    secret = await connected(api)

    async with a_program(app, secret, scope="records:read") as program:
        told, _, _ = await tokens_of(program, api)
        deals = await program.get("/api/records/Deal")
        refused = await program.post("/api/records/Company", json={"name": "Acme"})
        who = (await program.get("/api/session")).json()["viewer"]

    assert (told["token_type"], told["expires_in"], told["scope"]) == (
        "Bearer",
        3600,
        "records:read",
    )
    assert deals.status_code == 200
    assert refused.status_code == 403
    assert refused.headers["www-authenticate"].endswith('scope="records:write"')
    assert who["name"] == ADA


async def test_server_tells_what_it_can(api: Api) -> None:
    told = await api.get("/.well-known/oauth-authorization-server")

    assert told["issuer"] == ADDRESS
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["response_types_supported"] == ["code"]


async def test_refresh_token_works_once_and_its_family_ends_with_a_second_time(
    app: Starlette, api: Api
) -> None:
    secret = await connected(api)

    async with a_program(app, secret) as program:
        first, _, _ = await tokens_of(program, api)
        second = dict(await program.refresh_token(TOKEN, refresh_token=first["refresh_token"]))
        fine = await program.get("/api/records/Deal")
        client = {"client_id": "Mail_Sync", "client_secret": secret}
        form = {"grant_type": "refresh_token", **client}
        again = await ask_for_tokens(api, **form, refresh_token=first["refresh_token"])
        later = await ask_for_tokens(api, **form, refresh_token=second["refresh_token"])
        ended = await program.get("/api/records/Deal")

    assert fine.status_code == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert [await refusal(again), await refusal(later)] == ["invalid_grant", "invalid_grant"]
    assert ended.status_code == 401


async def test_refresh_may_ask_for_less_and_not_for_more(app: Starlette, api: Api) -> None:
    secret = await connected(api)
    client = {"client_id": "Mail_Sync", "client_secret": secret, "grant_type": "refresh_token"}

    async with a_program(app, secret, scope="records:write") as program:
        told, _, _ = await tokens_of(program, api)
    less = await ask_for_tokens(
        api, **client, refresh_token=told["refresh_token"], scope="records:read"
    )
    more = await ask_for_tokens(
        api, **client, refresh_token=less.json()["refresh_token"], scope="people"
    )

    assert less.json()["scope"] == "records:read"
    assert await refusal(more) == "invalid_scope"


async def test_code_works_once_and_a_second_time_ends_what_came_of_it(
    app: Starlette, api: Api
) -> None:
    secret = await connected(api)

    async with a_program(app, secret) as program:
        _, code, verifier = await tokens_of(program, api)
        again = await ask_for_tokens(
            api,
            grant_type="authorization_code",
            code=code,
            redirect_uri=BACK,
            code_verifier=verifier,
            client_id="Mail_Sync",
            client_secret=secret,
        )
        ended = await program.get("/api/records/Deal")

    assert await refusal(again) == "invalid_grant"
    assert ended.status_code == 401


async def test_one_code_sent_many_times_at_once_gives_tokens_once_at_most(
    app: Starlette, api: Api
) -> None:
    secret = await connected(api)
    verifier = generate_token(48)
    address = authorize(challenge=create_s256_code_challenge(verifier))
    code = parse_qs(urlsplit(await answered(api, address)).query)["code"][0]
    form = {"code": code, "redirect_uri": BACK, "code_verifier": verifier}
    client = {"client_id": "Mail_Sync", "client_secret": secret}

    answers = await asyncio.gather(
        *(ask_for_tokens(api, grant_type="authorization_code", **form, **client) for _ in range(4))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "https://app.example/back/"},
        {"redirect_uri": ""},
        {"code": "fsg_" + "x" * 43},
        {"code": "nonsense"},
    ],
)
async def test_code_holds_with_its_verifier_and_address_alone(
    app: Starlette, api: Api, wrong: dict[str, str]
) -> None:
    secret = await connected(api)
    verifier = generate_token(48)
    back = await answered(api, authorize(challenge=create_s256_code_challenge(verifier)))
    code = parse_qs(urlsplit(back).query)["code"][0]
    form = {"code": code, "redirect_uri": BACK, "code_verifier": verifier, **wrong}
    client = {"client_id": "Mail_Sync", "client_secret": secret}

    answer = await ask_for_tokens(api, grant_type="authorization_code", **form, **client)

    assert await refusal(answer) == "invalid_grant"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"scope": "people"}, "invalid_scope"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"prompt": "none"}, "consent_required"),
    ],
)
async def test_wrong_request_is_told_to_the_program(
    api: Api, more: dict[str, str], error: str
) -> None:
    await connected(api)

    answer = await api.send("GET", authorize(**more))

    back = urlsplit(answer.headers["location"])
    told = {name: values[0] for name, values in parse_qs(back.query).items()}
    assert answer.status_code == 303
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    assert (told["error"], told["state"], told["iss"]) == (error, "s", ADDRESS)


@pytest.mark.parametrize(
    "more",
    [
        {"client_id": "Nobody"},
        {"client_id": ""},
        {"redirect_uri": "https://evil.example/back"},
        {"redirect_uri": "https://app.example/back?x=1"},
        {"redirect_uri": "https://app.example/back#x"},
        {"redirect_uri": "https://app.example.evil.example/back"},
        {"redirect_uri": ""},
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_the_programs(
    api: Api, more: dict[str, str]
) -> None:
    await connected(api)

    answer = await api.send("GET", authorize(**more))

    assert answer.status_code in (404, 422)
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")


async def test_whoever_does_not_allow_it_sends_the_program_away(api: Api) -> None:
    await connected(api)

    back = await answered(api, authorize(), do="deny")

    assert "error=access_denied" in back
    assert "state=s" in back


async def test_consent_is_remembered_for_as_much_and_asked_for_more(
    app: Starlette, api: Api
) -> None:
    secret = await connected(api)
    async with a_program(app, secret, scope="records:read") as program:
        await tokens_of(program, api)

    same = await api.send("GET", authorize(scope="records:read"))
    more = await api.send("GET", authorize(scope="records:write"))
    again = await api.send("GET", authorize(scope="records:read", prompt="consent"))

    assert (same.status_code, more.status_code, again.status_code) == (303, 200, 200)
    assert "code=" in same.headers["location"]


async def test_public_program_is_asked_about_every_time(app: Starlette, api: Api) -> None:
    await connected(api, public=True)

    async with a_program(app, "") as program:
        told, _, _ = await tokens_of(program, api)
        renewed = await program.refresh_token(TOKEN, refresh_token=told["refresh_token"])
    again = await api.send("GET", authorize())

    assert renewed["access_token"] != told["access_token"]
    assert again.status_code == 200


async def test_program_on_this_machine_takes_any_port(api: Api) -> None:
    await connected(api, redirect_uris=["http://127.0.0.1/back"])

    fine = await api.send("GET", authorize(redirect_uri="http://127.0.0.1:54321/back"))
    others = [
        await api.send("GET", authorize(redirect_uri=uri))
        for uri in ("http://127.0.0.1:1/other", "http://127.0.0.1.evil.example:1/back")
    ]

    assert fine.status_code == 200
    assert [answer.status_code for answer in others] == [422, 422]


async def test_page_of_consent_says_who_and_what_and_leads_to_the_program_alone(api: Api) -> None:
    await connected(api, description="Keeps <b>mail</b> and records together.")

    page = await api.send("GET", authorize())

    assert ADA in page.text
    assert "Read and search records that you may read" in page.text
    assert "Keeps &lt;b&gt;mail" in page.text
    assert "form-action 'self' https://app.example;" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


async def test_consent_needs_a_session_and_a_form_of_ours(app: Starlette, api: Api) -> None:
    await connected(api)
    token = (await api.post("/api/tokens", {"name": "t"}))["token"]

    async with client_of(app) as stranger:
        sent = await stranger.send("GET", authorize())
        bearer = {"authorization": f"Bearer {token}"}
        by_token = await stranger.send("GET", authorize(), headers=bearer)
    form = parse_qs(urlsplit(authorize()).query)
    forged = await api.send(
        "POST", "/oauth/authorize", urlencode({k: v[0] for k, v in form.items()} | {"do": "allow"})
    )

    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/sign-in?next=%2Foauth%2Fauthorize%3F")
    assert by_token.status_code == 401
    assert forged.status_code == 403


async def test_somebody_signs_in_on_the_way_and_goes_on(app: Starlette, api: Api) -> None:
    secret = await connected(api)
    async with a_program(app, secret, scope="records:read") as program:
        await tokens_of(program, api)
    async with client_of(app) as browser:
        door = await browser.send(
            "GET", (await browser.send("GET", authorize())).headers["location"]
        )
        fields = dict(re.findall(r'name="(_csrf|next)" value="([^"]*)"', door.text))
        fields["next"] = fields["next"].replace("&amp;", "&")
        form = urlencode({**fields, "email": ADA, "password": PASSWORD})
        inside = await browser.send("POST", "/sign-in", form)
        site = {"sec-fetch-site": "same-origin"}
        address = inside.headers["location"] + "&scope=records:read"
        page = await browser.send("GET", address, headers=site)

    assert inside.headers["location"] == authorize()
    assert page.status_code == 200
    assert 'http-equiv="refresh" content="0;url=https://app.example/back?code=fsg_' in page.text


@pytest.mark.parametrize(
    ("form", "error", "status"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
        ({}, "unsupported_grant_type", 400),
        ({"grant_type": "authorization_code"}, "invalid_client", 401),
        ({"grant_type": "refresh_token", "client_id": "Nobody"}, "invalid_client", 401),
        (
            {"grant_type": "refresh_token", "client_id": "Mail_Sync", "client_secret": "x"},
            "invalid_client",
            401,
        ),
        ({"grant_type": JWT_BEARER, "assertion": "a.b.c"}, "invalid_grant", 400),
    ],
)
async def test_wrong_request_for_tokens_is_refused_in_the_shape_of_the_rfc(
    api: Api, form: dict[str, str], error: str, status: int
) -> None:
    await connected(api)

    answer = await ask_for_tokens(api, **form)

    assert await refusal(answer, status) == error


async def test_form_must_be_one_with_nothing_twice(api: Api) -> None:
    await connected(api)

    twice = await api.send("POST", "/oauth/token", "grant_type=a&grant_type=b")
    json = {"content-type": "application/json"}
    other = await api.send("POST", "/oauth/token", "{}", headers=json)

    assert [await refusal(twice), await refusal(other)] == ["invalid_request", "invalid_request"]


async def test_secrets_cannot_be_guessed_and_guesses_lock_out_no_neighbour(
    app: Starlette, api: Api
) -> None:
    secret = await connected(api)
    form = {"grant_type": "refresh_token", "client_id": "Mail_Sync", "client_secret": "x"}
    old = {**form, "client_secret": secret, "refresh_token": "x"}

    stale = [await ask_for_tokens(api, **old) for _ in range(12)]
    few = [await ask_for_tokens(api, **form) for _ in range(12)]
    async with a_program(app, secret) as program:
        told, _, _ = await tokens_of(program, api)
    many = [await ask_for_tokens(api, **form) for _ in range(90)]
    async with client_of(app) as person:
        said = {"email": ADA, "password": PASSWORD}
        await person.post("/api/session", said, status=200)

    assert {answer.status_code for answer in stale} == {400}
    assert {answer.status_code for answer in few} == {401}
    assert "access_token" in told
    assert [answer.status_code for answer in many] == [401] * 88 + [429] * 2


async def test_another_secret_ends_the_one_before(app: Starlette, api: Api) -> None:
    secret = await connected(api)
    async with a_program(app, secret) as program:
        told, _, _ = await tokens_of(program, api)
    await api.post("/api/connected-apps/Mail_Sync/secret", None)

    answer = await ask_for_tokens(
        api,
        grant_type="refresh_token",
        refresh_token=told["refresh_token"],
        client_id="Mail_Sync",
        client_secret=secret,
    )

    assert await refusal(answer, 401) == "invalid_client"


async def test_refresh_tokens_end_with_the_password(app: Starlette, api: Api) -> None:
    secret = await connected(api)
    client = {"client_id": "Mail_Sync", "client_secret": secret, "grant_type": "refresh_token"}

    async with a_program(app, secret) as program:
        told, _, _ = await tokens_of(program, api)
    said = {"before": PASSWORD, "after": "staple battery horse"}
    await api.ask("POST", "/api/session/password", said, status=204)
    answer = await ask_for_tokens(api, **client, refresh_token=told["refresh_token"])

    assert await refusal(answer) == "invalid_grant"


async def test_refresh_gives_no_more_than_the_app_may_have_by_now(app: Starlette, api: Api) -> None:
    secret = await connected(api)
    client = {"client_id": "Mail_Sync", "client_secret": secret, "grant_type": "refresh_token"}

    async with a_program(app, secret, scope="records:write") as program:
        told, _, _ = await tokens_of(program, api)
    await api.ask("PUT", f"{APPS}/Mail_Sync", app_body(scopes=["records:read"]))
    less = (await ask_for_tokens(api, **client, refresh_token=told["refresh_token"])).json()
    await api.ask("PUT", f"{APPS}/Mail_Sync", app_body(scopes=["people"]))
    none = await ask_for_tokens(api, **client, refresh_token=less["refresh_token"])

    assert less["scope"] == "records:read"
    assert await refusal(none) == "invalid_scope"


async def test_program_is_allowed_something_by_whoever_just_proved_who_they_are(
    api: Api, app_dsn: str
) -> None:
    await connected(api)
    page = await api.send("GET", authorize())
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
    async with owner_connection(app_dsn) as owner:
        await owner.execute("UPDATE session SET proved_at = now() - interval '11 minutes'")

    asked = await api.send("GET", authorize())
    sent = await api.send("POST", "/oauth/authorize", urlencode({**fields, "do": "allow"}))
    await api.ask("POST", "/api/session/proof", {"password": PASSWORD}, status=204)
    back = parse_qs(urlsplit(asked.headers["location"]).query)["next"][0]
    again = await api.send("GET", back)

    for answer in (asked, sent):
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/admin/account/proof?next=%2Foauth%2F")
    assert "Mail Sync" in again.text
