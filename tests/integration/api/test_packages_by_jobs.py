"""A package whose values are too many to convert at once comes by a job: whole, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from fieldstone.runtime.conversion import at_once
from fieldstone.runtime.jobs import JobState
from fieldstone.runtime.package_zips import write_zip
from tests.support.app import Api
from tests.support.houses import FIRST
from tests.support.imports import Desk

AREA = "fields/House.area.yaml"
TEXTS = {**FIRST, AREA: "object: House\ntype: text\nlabel: Area\n"}
NUMBERS = {
    **TEXTS,
    AREA: "object: House\ntype: number\nlabel: Area\n",
    "package.yaml": FIRST["package.yaml"].replace("1.0.0", "1.1.0"),
    "objects/Flat.yaml": "label: Flat\nfields:\n  - {name: name, type: text, unique: true}\n",
    "records/Flat.yaml": "key: name\nrecords:\n  - {name: First}\n",
}


async def agreed(api: Api, files: dict[str, str], status: int) -> Any:
    """Upload a package, plan it, and have it brought."""
    sent = await api.http.post("/api/package-uploads", files={"file": ("p.zip", write_zip(files))})
    wish = {"install": [sent.json()["install"]]}
    plan = await api.post("/api/package-plans", wish, status=200)
    confirm = {"digest": plan["digest"], "confirm": plan["confirm"]}
    return await api.post("/api/packages", {**wish, **confirm}, status=status)


async def state_of(api: Api) -> tuple[str, str, Any]:
    """Give the version of the package, the type of the field, and the values."""
    version = (await api.get("/api/packages/houses"))["version"]
    fields = (await api.get("/api/objects/House"))["fields"]
    (area,) = (one["type"] for one in fields if one["name"] == "area")
    asked = {"q": "SELECT area FROM House ORDER BY name"}
    rows = (await api.post("/api/query", asked, status=200))["records"]
    return version, area, [row["area"] for row in rows]


async def test_package_with_many_values_comes_by_a_job_or_not_at_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = desk.api
    await agreed(api, TEXTS, 200)
    houses: list[Any] = [{"name": f"House {n}", "area": str(n)} for n in range(3)]
    await api.post("/api/records/House", houses, status=200)
    before = await state_of(api)
    monkeypatch.setattr(at_once, "MOST_AT_ONCE", 2)

    given_up = (await agreed(api, NUMBERS, 202))["job"]
    await api.post(f"/api/jobs/{given_up}/cancel", {}, status=200)
    (clearing, *_) = (await api.get("/api/jobs?limit=1"))["jobs"]
    await desk.run(clearing["id"])
    left = await state_of(api)
    ended = await desk.run((await agreed(api, NUMBERS, 202))["job"])

    assert before == left == ("1.0.0", "text", ["0", "1", "2"])
    assert ended is not None
    assert ended.state is JobState.DONE, ended.result
    assert await state_of(api) == ("1.1.0", "number", [0, 1, 2])
    flats = await api.post("/api/query", {"q": "SELECT name FROM Flat"}, status=200)
    assert [one["name"] for one in flats["records"]] == ["First"]
    assert (await api.get("/api/packages/houses"))["customised"] == []
    assert (await agreed(api, NUMBERS, 200))["changes"] == []
