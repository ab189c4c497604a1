"""Nobody is sent on to another site by an address that names it."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import pytest

from tests.support.app import client_of
from tests.support.route_addresses import is_page, readings
from tests.support.scene import BEN, BEN_PASSWORD, HERE, Scene

TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')
ELSEWHERE = (
    *("https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example"),
    *("http:evil.example", "https:/evil.example", "///evil.example", "/%2f/evil.example"),
    *("javascript:alert(1)", "data:text/html,x", "/admin@evil.example", "/adminevil.example"),
    *("/admin\r\nLocation: https://evil.example", "\t//evil.example", " //evil.example"),
    *("/admin/..//evil.example", "/admin?x=//evil.example", "https://127.0.0.1:8000@evil.example"),
    *("/oauth/authorize?redirect_uri=https://evil.example", "evil.example", ""),
)
NAMES = ("next", "back", "return", "redirect", "redirect_uri", "url", "to", "undo", "post_logout")


def leads_away(location: str) -> bool:
    """Tell whether a browser that reads this header ends up elsewhere, or runs what it says."""
    # Browsers take a backslash for a slash, and leave out tabs and ends of lines.
    read = re.sub(r"[\t\r\n]", "", location.strip()).replace("\\", "/")
    whole = urlsplit(urljoin(HERE + "/sign-in", read))
    return f"{whole.scheme}://{whole.netloc}" != HERE


@pytest.mark.parametrize("wanted", ELSEWHERE)
async def test_signing_in_leads_to_our_own_pages(scene: Scene, wanted: str) -> None:
    async with client_of(scene.app) as browser:
        page = await browser.send("GET", "/sign-in", params={"next": wanted})
        found = TOKEN.search(page.text)
        assert found is not None
        form = {"_csrf": found[1], "email": BEN, "password": BEN_PASSWORD, "next": wanted}
        answer = await browser.http.post("/sign-in", data=form)
        again = await browser.send("GET", "/sign-in", params={"next": wanted})

    assert (answer.status_code, again.status_code) == (303, 303)
    for one in (answer, again):
        assert not leads_away(one.headers["location"]), one.headers["location"]
    assert "evil.example\r\n" not in str(answer.headers)


@pytest.mark.parametrize("wanted", ELSEWHERE[:3])
async def test_no_page_sends_anybody_to_another_site(scene: Scene, wanted: str) -> None:
    found = []
    pages = [one for one in readings({"id": scene.deal}) if is_page(one.path)]
    for address in pages:
        for who in (scene.ada, scene.stranger):
            asked = dict.fromkeys(NAMES, wanted)
            answer = await who.send("GET", address.path, params=asked)
            location = answer.headers.get("location", "")
            if location and leads_away(location):
                found.append(f"{address}: {location}")

    assert not found, "\n".join(found)


@pytest.mark.parametrize("wanted", ELSEWHERE)
async def test_choosing_a_theme_leads_back_to_our_own_pages(scene: Scene, wanted: str) -> None:
    found = TOKEN.search((await scene.ada.send("GET", "/admin")).text)
    assert found is not None
    form = {"_csrf": found[1], "theme": "dark", "back": wanted}

    answer = await scene.ada.http.post("/admin/_theme", data=form)

    assert answer.status_code == 303
    assert not leads_away(answer.headers["location"])


async def test_paths_with_two_slashes_lead_nowhere_else(scene: Scene) -> None:
    for path in ("//evil.example", "//evil.example/admin", "/admin//evil.example/..", "/%2e%2e//x"):
        answer = await scene.stranger.http.get(f"{HERE}{path}")

        assert not leads_away(answer.headers.get("location", "")), path
