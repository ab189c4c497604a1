"""No page of another site changes anything in the name of whoever looks at it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.support.app import state_hash
from tests.support.route_addresses import Address, changes, is_page, readings
from tests.support.scene import COMES_AND_GOES, EVIL, HERE, Scene, codes_of

FORM = {"content-type": "application/x-www-form-urlencoded"}
ANSWERS = "/sign-in/with/{provider}/back"
FOREIGN = (
    {"origin": EVIL},
    {"origin": "null"},
    {"origin": f"{HERE}.evil.example"},
    {"origin": "http://localhost:8000"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
)


def sent_by_browsers(given: Mapping[str, str] | None = None) -> list[Address]:
    """Give the changes but for answers of identity providers, which come from their own sites."""
    return [one for one in changes(given) if one.route != ANSWERS]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_no_change_is_taken_from_another_site(
    scene: Scene, app_dsn: str, headers: dict[str, str]
) -> None:
    before = await state_hash(app_dsn, besides=COMES_AND_GOES)
    found = []
    for address in sent_by_browsers({"id": scene.deal}):
        answer = await scene.ada.send(
            address.method, address.path, b"name=x", headers={**FORM, **headers}
        )
        told = is_page(address.path) or codes_of(answer) == ["access.foreign_origin"]
        if answer.status_code != 403 or not told:
            found.append(f"{address}: {answer.status_code}")

    assert not found, "\n".join(found)
    assert await state_hash(app_dsn, besides=COMES_AND_GOES) == before


@pytest.mark.parametrize("token", ["", "x" * 43], ids=["none", "foreign"])
async def test_no_form_is_taken_without_its_token(scene: Scene, app_dsn: str, token: str) -> None:
    before = await state_hash(app_dsn, besides=COMES_AND_GOES)
    found = []
    for address in sent_by_browsers({"id": scene.deal, "object": "Company"}):
        if is_page(address.path):
            answer = await scene.ada.send(
                "POST", address.path, f"name=x&_csrf={token}".encode(), headers=FORM
            )
            if answer.status_code not in (403, 404):
                found.append(f"{address}: {answer.status_code}")

    assert not found, "\n".join(found)
    assert await state_hash(app_dsn, besides=COMES_AND_GOES) == before


async def test_asking_changes_nothing(scene: Scene, app_dsn: str) -> None:
    for who in (scene.ada, scene.ben, scene.stranger):
        await who.send("GET", "/admin")
    before = await state_hash(app_dsn, besides=COMES_AND_GOES)
    for address in readings({"id": scene.deal}):
        for who in (scene.ada, scene.ben, scene.stranger):
            await who.send("GET", address.path)

    # The page that shows a fresh secret for an authenticator keeps it, until it is confirmed.
    besides = (*COMES_AND_GOES, "authenticator")
    after = await state_hash(app_dsn, besides=besides)
    assert after == {name: digest for name, digest in before.items() if name in after}


@pytest.mark.parametrize("origin", [EVIL, "null"])
async def test_no_other_site_may_read_an_answer(scene: Scene, origin: str) -> None:
    asked = {"origin": origin, "access-control-request-method": "PUT"}
    found = []
    for address in readings({"id": scene.deal}):
        for method in ("GET", "OPTIONS"):
            answer = await scene.ada.send(method, address.path, headers=asked)
            if any(name.startswith("access-control-") for name in answer.headers):
                found.append(f"{method} {address.route}")

    assert not found, "\n".join(found)


async def test_machine_that_is_let_in_by_itself_takes_nothing_from_other_sites(
    scene: Scene,
) -> None:
    """The tenant other is not claimed, so that requests of the machine act as its administrator."""
    found = []
    for address in sent_by_browsers():
        for headers in FOREIGN:
            answer = await scene.stranger.send(
                address.method, address.path, b"{}", headers={"x-tenant": "other", **headers}
            )
            if answer.status_code != 403:
                found.append(f"{address} {headers}: {answer.status_code}")

    assert not found, "\n".join(found)
