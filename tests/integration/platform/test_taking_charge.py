"""Nobody comes further than they may by what they may set up, or by a token that is narrowed."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette

from tests.integration.platform.test_identity import BEN, a_browser, claimed, invited, joined
from tests.support.app import Api, client_of

COMPONENTS = "/api/metadata/components"
SETS = f"{COMPONENTS}/permission_set"
DEE = {"email": "dee@acme.example", "name": "Dee"}


async def narrowed(api: Api, *scopes: str) -> dict[str, str]:
    """Give the header of a token of Ada's that reaches as far as these scopes."""
    made = await api.post("/api/tokens", {"name": "narrow", "scopes": list(scopes)})
    return {"authorization": f"Bearer {made['token']}"}


async def clerk(app: Starlette, admin: Api, ben: Api, *areas: str) -> str:
    """Let Ben come in, who sees to some areas and reads records; his id."""
    told = await joined(app, admin, ben, permission_sets=["Read_Only"])
    await admin.post(SETS, {"name": "Clerk", "label": "Clerk", "setup": list(areas)})
    await admin.ask("PUT", f"/api/people/{told['id']}/permission-sets/Clerk")
    ben_id: str = told["id"]
    return ben_id


async def test_token_for_people_gets_nobody_in_and_nobody_further(app: Starlette, api: Api) -> None:
    await claimed(api)
    ben = (await invited(api))["id"]
    bearer = await narrowed(api, "people")

    async with client_of(app) as program:
        listed = await program.get("/api/people", headers=bearer)
        for method, path, said in (
            ("POST", "/api/people", {**DEE, "is_administrator": True}),
            ("POST", "/api/people", DEE),
            ("POST", f"/api/people/{ben}/invitation", {"resets_factors": True}),
            ("PATCH", f"/api/people/{ben}", {"is_administrator": True}),
            ("PUT", f"/api/people/{ben}/permission-sets/Read_Only", None),
            ("DELETE", f"/api/people/{ben}/permission-sets/Standard_User", None),
            ("PUT", f"/api/people/{ben}/role", {"role": None}),
        ):
            [problem] = await program.refused(method, path, said, status=403, headers=bearer)
            assert problem["code"] == "access.insufficient_scope", path
        await program.ask("PATCH", f"/api/people/{ben}", {"is_active": False}, headers=bearer)

    assert BEN in [one["email"] for one in listed["people"]]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("permission_set", {"name": "Boss", "label": "Boss", "setup": ["all"]}),
        ("role", {"name": "Chief", "label": "Chief"}),
        (
            "connected_app",
            {
                "name": "Sync",
                "label": "Sync",
                "redirect_uris": ["https://x.example/"],
                "scopes": ["api"],
            },
        ),
        (
            "identity_provider",
            {
                "name": "Evil",
                "label": "Evil",
                "issuer": "https://evil.example",
                "client_id": "x",
                "trusts_addresses": True,
            },
        ),
    ],
)
async def test_token_for_metadata_declares_nothing_that_lets_people_in(
    app: Starlette, api: Api, kind: str, body: dict[str, Any]
) -> None:
    await claimed(api)
    bearer = await narrowed(api, "metadata:write")

    async with client_of(app) as program:
        await program.post(
            "/api/objects",
            {"name": "Boat", "plural_name": "boats", "label": "Boat"},
            headers=bearer,
        )
        [problem] = await program.refused(
            "POST", f"{COMPONENTS}/{kind}", body, status=403, headers=bearer
        )

    assert problem["code"] == "access.insufficient_scope"


async def test_token_for_metadata_leaves_the_organization_alone(app: Starlette, api: Api) -> None:
    await claimed(api)
    bearer = await narrowed(api, "metadata:write")

    async with client_of(app) as program:
        said = {"acting": "always"}
        [problem] = await program.refused(
            "PATCH", "/api/organization", said, status=403, headers=bearer
        )

    assert problem["code"] == "access.insufficient_scope"


async def test_who_sees_to_people_invites_nobody_who_may_do_more_unless_it_is_said(
    app: Starlette, api: Api
) -> None:
    await claimed(api)
    async with a_browser(app) as ben:
        await clerk(app, api, ben, "people")
        [problem] = await ben.refused("POST", "/api/people", DEE, status=403)
        await ben.post("/api/people", {**DEE, "permission_sets": ["Read_Only"]})

    assert problem["code"] == "access.more_than_own"


async def test_what_is_asked_at_the_door_is_for_administrators_to_change(
    app: Starlette, api: Api
) -> None:
    await claimed(api)
    await api.patch("/api/organization", {"second_factor": "administrators"})
    async with a_browser(app) as ben:
        await clerk(app, api, ben, "organization")
        await ben.patch("/api/organization", {"city": "London"})
        for said in ({"second_factor": "nobody"}, {"acting": "always"}):
            await ben.refused("PATCH", "/api/organization", said, status=403)

    told = await api.get("/api/organization")
    assert (told["city"], told["second_factor"], told["acting"]) == (
        "London",
        "administrators",
        "consent",
    )


async def test_who_sees_to_people_takes_charge_of_nobody_who_sees_more_records(
    app: Starlette, api: Api
) -> None:
    await claimed(api)
    await api.patch("/api/objects/Company", {"sharing": "private"})
    for role in ({"name": "Chief"}, {"name": "Seller", "parent": "Chief"}):
        await api.post(f"{COMPONENTS}/role", {**role, "label": role["name"]})
    reads = {"name": "Reader", "label": "Reader", "objects": {"Company": ["read"]}}
    await api.post(SETS, reads)
    dee = (await api.post("/api/people", {**DEE, "permission_sets": ["Reader"]}))["id"]
    async with a_browser(app) as ben:
        ben_id = await clerk(app, api, ben, "people")
        await api.ask("PUT", f"/api/people/{ben_id}/permission-sets/Reader")
        await api.ask("DELETE", f"/api/people/{ben_id}/permission-sets/Read_Only", status=204)
        await api.ask("PUT", f"/api/people/{ben_id}/role", {"role": "Seller"})
        await ben.post(f"/api/people/{dee}/invitation", {})
        await api.ask("PUT", f"/api/people/{dee}/role", {"role": "Chief"})
        [again] = await ben.refused(
            "POST", f"/api/people/{dee}/invitation", {"resets_factors": True}, status=403
        )
        await ben.refused("PATCH", f"/api/people/{dee}", {"is_active": False}, status=403)

    assert again["code"] == "access.more_than_own"


async def test_who_sees_to_people_acts_as_nobody(app: Starlette, api: Api) -> None:
    await claimed(api)
    await api.patch("/api/organization", {"acting": "always"})
    dee = (await api.post("/api/people", {**DEE, "permission_sets": ["Read_Only"]}))["id"]
    async with a_browser(app) as ben:
        await clerk(app, api, ben, "people")
        await ben.refused("POST", f"/api/people/{dee}/acting", {}, status=403)
