"""Records of packages are told apart as their keys tell them apart: by case where that counts."""

from __future__ import annotations

from typing import Any

from fieldstone.runtime.package_zips import write_zip
from tests.support.app import Api

SPOT = "label: Spot\nfields:\n  - {name: name, type: text}\n  - name: code\n    type: text\n"
STEP = "label: Step\nfields:\n  - {name: name, type: text}\n"
FILES = {
    "package.yaml": "name: spots\nlabel: Spots\nversion: 1.0.0\n",
    "objects/Spot.yaml": f"{SPOT}    unique: true\n    case_sensitive: true\n",
    "objects/Step.yaml": f"{STEP}  - {{name: spot, type: lookup, references: Spot}}\n",
    "records/Spot.yaml": (
        "key: code\nrecords:\n  - {code: Ab, name: First}\n  - {code: aB, name: Second}\n"
    ),
    "records/Step.yaml": (
        "named:\n  one: {name: One, spot: {Spot.code: Ab}}\n"
        "  two: {name: Two, spot: {spot.CODE: aB}}\n"
    ),
}


async def planned(api: Api, files: dict[str, str]) -> Any:
    sent = await api.http.post("/api/package-uploads", files={"file": ("p.zip", write_zip(files))})
    assert sent.status_code == 201, sent.text
    wish = {"install": [sent.json()["install"]]}
    answer = await api.http.post("/api/package-plans", json=wish)
    return wish, answer.status_code, answer.json()


async def install(api: Api, files: dict[str, str]) -> None:
    wish, status, plan = await planned(api, files)
    assert status == 200, plan
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    await api.post("/api/packages", {**wish, **agreed}, status=200)


async def rows(api: Api, text: str) -> Any:
    return (await api.post("/api/query", {"q": text}, status=200))["records"]


async def test_keys_that_differ_by_case_are_two_records_and_each_is_referred_to(api: Api) -> None:
    await install(api, FILES)

    spots = await rows(api, "SELECT code, name FROM Spot ORDER BY name")
    steps = await rows(api, "SELECT name, spot.name FROM Step ORDER BY name")
    assert [(one["code"], one["name"]) for one in spots] == [("Ab", "First"), ("aB", "Second")]
    assert [one["spot"]["name"] for one in steps] == ["First", "Second"]


async def test_record_whose_key_differs_by_case_from_one_that_is_there_is_made(api: Api) -> None:
    bare = {path: text for path, text in FILES.items() if not path.startswith("records/")}
    await install(api, bare)
    await api.post("/api/records/Spot", {"code": "AB", "name": "Mine"})
    await api.post("/api/records/Spot", {"code": "aB", "name": "Mine as well"})
    later = FILES["package.yaml"].replace("1.0.0", "1.1.0")

    await install(api, {**FILES, "package.yaml": later})

    spots = await rows(api, "SELECT code, name FROM Spot ORDER BY name")
    steps = await rows(api, "SELECT spot.name FROM Step ORDER BY name")
    assert [one["name"] for one in spots] == ["First", "Mine", "Mine as well"]
    assert [one["spot"]["name"] for one in steps] == ["First", "Mine as well"]


async def test_keys_that_differ_by_case_alone_are_refused_where_that_does_not_count(
    api: Api,
) -> None:
    blind = {**FILES, "objects/Spot.yaml": f"{SPOT}    unique: true\n"}

    _, status, refused = await planned(api, blind)

    assert status == 422
    assert [one["at"] for one in refused["errors"]] == ["records/Spot.yaml#/records/1/code"]
