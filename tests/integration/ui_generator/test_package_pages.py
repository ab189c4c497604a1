"""The pages of packages: sent, looked at, settled, upgraded and uninstalled as the pages told."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from fieldstone.runtime.package_zips import write_zip
from tests.support.app import Api
from tests.support.houses import FIRST, SECOND

ADDRESS = "/admin/packages"


async def looked_at(api: Api, path: str) -> str:
    """Give the text of a page."""
    answer = await api.http.get(path)
    assert answer.status_code == 200, answer.text[:2000]
    return unescape(answer.text)


def inputs(page: str) -> dict[str, Any]:
    """Give the hidden inputs of the form about packages."""
    form = page[page.index(f'action="{ADDRESS}/_') :]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))


async def sent(api: Api, files: dict[str, str]) -> str:
    """Send a package by the form; the page of what it would do."""
    token = inputs(await looked_at(api, ADDRESS))
    answer = await api.http.post(
        f"{ADDRESS}/_upload", data=token, files={"file": ("p.zip", write_zip(files))}
    )
    assert answer.status_code == 303, answer.text[:2000]
    return await looked_at(api, answer.headers["location"])


async def test_a_package_is_led_through_its_life_on_pages(api: Api) -> None:
    refused = await api.http.post(f"{ADDRESS}/_upload", files={"file": ("p.zip", b"none")})
    token = inputs(await looked_at(api, ADDRESS))
    broken = await api.http.post(
        f"{ADDRESS}/_upload", data=token, files={"file": ("p.zip", b"none")}
    )
    first = await sent(api, FIRST)
    installed = await api.http.post(f"{ADDRESS}/_apply", data=inputs(first))
    await api.patch("/api/objects/Deal/fields/houses", {"label": "Mine"})
    await api.post("/api/records/House", {"name": "Villa", "stage": "New"})
    package = await looked_at(api, f"{ADDRESS}/houses")
    second = await sent(api, SECOND)
    key = "choice:field:Deal.houses#/label"
    chosen = await api.http.post(f"{ADDRESS}/_plan", data={**inputs(second), key: "theirs"})
    form = inputs(unescape(chosen.text))
    unsettled = await api.http.post(f"{ADDRESS}/_apply", data=form)
    upgraded = await api.http.post(f"{ADDRESS}/_apply", data={**form, key: "theirs"})
    await api.post("/api/objects/House/fields", {"name": "mine", "type": "text"})
    leaning = await api.http.get(f"{ADDRESS}/_plan?uninstall=houses")
    along = await looked_at(api, f"{ADDRESS}/_plan?uninstall=houses&along=yes")
    gone = await api.http.post(f"{ADDRESS}/_apply", data=inputs(along))

    assert refused.status_code == 403
    assert (broken.status_code, "This is no ZIP file" in broken.text) == (422, True)
    assert "Install Houses 1.0.0" in first
    assert installed.headers["location"] == ADDRESS
    assert "<del>Houses</del><ins>Mine</ins>" in package
    assert "See what these choices do" in second
    assert "Keep yours: Mine" in second
    assert "<del>Mine</del><ins>Homes</ins>" in chosen.text
    assert unsettled.status_code == 422
    assert upgraded.status_code == 303
    assert "leans on the object House" in unescape(leaning.text)
    assert "/api/export?object=House&format=csv" in along
    assert gone.status_code == 303
    assert "Houses is uninstalled" in await looked_at(api, ADDRESS)


async def test_records_that_stayed_out_are_brought_from_the_page(api: Api) -> None:
    files = {
        "package.yaml": "name: spots\nlabel: Spots\nversion: 1.0.0\n",
        "objects/Spot.yaml": "label: Spot\nfields:\n  - {name: code, type: text, unique: true}\n",
        "records/Spot.yaml": "key: code\nrecords: [{code: a}, {code: b}]\n",
    }
    asked = {"q": "SELECT code FROM Spot ORDER BY code"}
    form = inputs(await sent(api, files))
    bare = inputs(await looked_at(api, f"{ADDRESS}/_plan?install={form['install']}&records=no"))
    first = await api.http.post(f"{ADDRESS}/_apply", data={**bare, "accept_untrusted": "yes"})
    before = (await api.post("/api/query", asked, status=200))["records"]

    page = await looked_at(api, f"{ADDRESS}/_plan?install={form['install']}")
    second = await api.http.post(
        f"{ADDRESS}/_apply", data={**inputs(page), "accept_untrusted": "yes"}
    )

    after = (await api.post("/api/query", asked, status=200))["records"]
    assert (first.status_code, second.status_code) == (303, 303)
    assert "Bring the records that are missing" in page
    assert (before, [one["code"] for one in after]) == ([], ["a", "b"])
