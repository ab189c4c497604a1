"""Packages built of a tenant's components, signed, and looked into."""

from __future__ import annotations

import io
import re
from typing import Any
from zipfile import ZipFile

import pytest

from fieldstone.runtime import package_records
from fieldstone.runtime.package_zips import read_zip, write_zip
from fieldstone.runtime.packages import record_loading
from fieldstone.runtime.queries import Page, Question, answer
from fieldstone.runtime.records import write
from fieldstone.runtime.transactions import Transaction
from tests.support.app import Api

MANIFEST = {"name": "projects", "label": "Projects", "version": "1.0.0"}
TEAM = {"name": "Crew", "fields": [{"name": "name", "type": "text"}]}
PROJECT = {
    "name": "Project",
    "fields": [
        {"name": "name", "type": "text"},
        {"name": "crew", "type": "lookup", "references": "Crew__c"},
        {"name": "deal", "type": "lookup", "references": "Deal"},
        {"name": "size", "type": "number", "formula": "deal.size__c * 2"},
    ],
}
OTHER = {"name": "Unrelated", "fields": [{"name": "name", "type": "text"}]}


@pytest.fixture
async def projects(api: Api) -> Api:
    """A tenant with objects of its own, and a field of its own at Deal."""
    await api.post("/api/objects/Deal/fields", {"name": "size__c", "type": "number"})
    for said in (TEAM, PROJECT, OTHER):
        await api.post("/api/objects", said)
    return api


async def built(api: Api, **said: Any) -> bytes:
    answer = await api.http.post("/api/package-builds", json={"manifest": MANIFEST, **said})
    assert answer.status_code == 200, answer.text
    content: bytes = answer.content
    return content


async def checked(api: Api, content: bytes) -> Any:
    answer = await api.http.post("/api/package-checks", files={"file": ("p.zip", content)})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_selection_takes_what_it_needs_and_depends_on_the_rest(projects: Api) -> None:
    chosen = [{"kind": "object", "name": "Project__c"}]

    content = await built(projects, components=chosen)

    files = read_zip(content)
    assert sorted(files) == [
        "fields/Deal.size__c.yaml",
        "objects/Crew__c.yaml",
        "objects/Project__c.yaml",
        "package.yaml",
    ]
    assert "crm:" in files["package.yaml"]
    assert await built(projects, components=chosen) == content


def unsigned(content: bytes) -> dict[str, str]:
    """Give the files of a signed package without the signature."""
    files = read_zip(content)
    manifest = files["package.yaml"]
    return {**files, "package.yaml": manifest[: manifest.index("signature:")]}


async def plan_of(api: Api, content: bytes) -> tuple[dict[str, Any], Any]:
    """Give what installing a package is asked for with, and what it would do."""
    sent = await api.http.post("/api/package-uploads", files={"file": ("p.zip", content)})
    wish = {"install": [sent.json()["install"]]}
    return wish, await api.post("/api/package-plans", wish, status=200)


async def test_a_signature_tells_who_made_a_package_and_that_it_is_whole(
    projects: Api, other: Api
) -> None:
    signed = await built(projects, sign=True)
    changed = {**read_zip(signed), "README.md": "Something else."}

    mine, theirs = await checked(projects, signed), await checked(other, signed)
    broken = await checked(projects, write_zip(changed))
    key = {"name": "Builder", "label": "The builder", **await projects.get("/api/package-key")}
    await other.post("/api/metadata/components/trusted_key", key)
    known = await checked(other, signed)
    plans = [await plan_of(other, one) for one in (signed, write_zip(unsigned(signed)))]
    wish, plan = plans[1]
    agreed = {**wish, "digest": plan["digest"]}
    refused = await other.refused("POST", "/api/packages", agreed, status=422)
    await other.post("/api/packages", {**agreed, "accept_untrusted": True}, status=200)
    bringing = {**read_zip(signed), "trusted_keys/Mine.yaml": f"label: Me\nkey: {key['key']}\n"}

    assert [plan["signatures"][0]["trust"] for _, plan in plans] == ["trusted", "unsigned"]
    assert [plan["signatures"][0]["must_accept"] for _, plan in plans] == [False, True]
    assert [one["code"] for one in refused] == ["package.untrusted"]
    assert mine["signature"]["state"] == "good"
    assert mine["signature"]["by"] == "Fieldstone"
    assert mine["components"]["object"] == 3
    assert (theirs["signature"]["state"], theirs["signature"]["by"]) == ("good", None)
    assert broken["signature"]["state"] == "broken"
    assert known["signature"]["by"] == "The builder"
    assert (await checked(projects, write_zip(bringing)))["valid"] is False


async def test_what_is_wrong_with_a_package_is_told_with_its_place(api: Api) -> None:
    files = {"package.yaml": "name: x", "objects/A.yaml": "label: 7", "odd/B.yaml": ""}

    found = await checked(api, write_zip(files))

    assert found["valid"] is False
    assert {one["at"] for one in found["problems"]} >= {"objects/A.yaml#/label", "odd/B.yaml"}


async def test_a_file_that_is_no_package_or_unpacks_to_too_much_is_refused(api: Api) -> None:
    bomb = io.BytesIO()
    with ZipFile(bomb, "w", 8) as archive:
        archive.writestr("package.yaml", b"0" * 5_000_000)

    for content in (b"PK no", bomb.getvalue()):
        answer = await api.http.post("/api/package-checks", files={"file": ("p.zip", content)})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "package.invalid"


async def test_a_package_of_nothing_or_of_what_is_not_there_is_refused(api: Api) -> None:
    robot = {"name": "Robot", "label": "Robot", "redirect_uris": ["https://robot.example/back"]}
    await api.post("/api/metadata/components/connected_app", robot)

    for said, code in (
        ({}, "package.empty"),
        ({"components": [{"kind": "object", "name": "Nope"}]}, "metadata.unknown_component"),
        ({"components": [{"kind": "connected_app", "name": "Robot"}]}, "package.not_shipped"),
        ({"components": []}, "package.empty"),
    ):
        answer = await api.http.post("/api/package-builds", json={"manifest": MANIFEST, **said})
        assert answer.json()["errors"][0]["code"] == code, answer.text


SHOP = {
    "name": "Shop",
    "fields": [
        {"name": "code", "type": "text", "unique": True, "external_id": True},
        {"name": "company", "type": "lookup", "references": "Company"},
        {"name": "next", "type": "lookup", "references": "Shop__c"},
    ],
}

SHOPS = {"object": "Shop__c"}
SHOPS_FILE = "records/Shop__c.yaml"


async def install(api: Api, content: bytes) -> Any:
    sent = await api.http.post("/api/package-uploads", files={"file": ("p.zip", content)})
    wish = {"install": [sent.json()["install"]]}
    plan = await api.post("/api/package-plans", wish, status=200)
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    return await api.post("/api/packages", {**wish, **agreed}, status=200)


async def test_records_come_along_by_their_keys_and_are_written_again_as_the_same_bytes(
    api: Api, other: Api
) -> None:
    await api.post("/api/objects", SHOP)
    company = await api.post("/api/records/Company", {"name": "Acme", "external_id": "A-1"})
    last = await api.post("/api/records/Shop__c", {"code": "b", "company": company["id"]})
    await api.post("/api/records/Shop__c", {"code": "a", "next": last["id"]})
    records = [{"object": "Shop__c"}, {"object": "Company"}]

    await other.post("/api/records/Company", {"name": "Ours", "external_id": "A-1"})

    content = await built(api, records=records)
    done = await install(other, content)

    asked = {"q": "SELECT code, company.name, next.code FROM Shop__c ORDER BY code"}
    first, second = (await other.post("/api/query", asked, status=200))["records"]
    assert first["next"]["code"] == "b"
    # What was there under that key stays as it is.
    assert second["company"]["name"] == "Ours"
    assert [one["deed"] for one in done["packages"]] == ["install"]
    shops = records[:1]
    again = await built(other, package="projects", records=shops)
    assert again == await built(api, records=shops)
    assert (await checked(other, content))["records"] == {"Company": 1, "Shop__c": 2}


async def test_records_of_one_object_come_together_however_often_it_is_named(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.post("/api/objects", SHOP)
    for code in "abc":
        await api.post("/api/records/Shop__c", {"code": code})
    await api.post("/api/records/Company", {"name": "Acme"})

    def asked(*codes: str) -> Any:
        return {"object": "Shop__c", "where": {"field": "code", "op": "in", "value": [*codes]}}

    twice = read_zip(await built(api, records=[asked("c", "a"), asked("a")]))
    whole = read_zip(await built(api, records=[{**asked("b"), "object": "shop__C"}, SHOPS]))
    monkeypatch.setattr(package_records, "MOST_RECORDS", 2)
    said = {"manifest": MANIFEST, "records": [asked("a", "b"), {"object": "Company"}]}
    refused = await api.http.post("/api/package-builds", json=said)
    within = read_zip(await built(api, records=[asked("a"), asked("a", "b")]))

    assert re.findall("code: (.)", twice[SHOPS_FILE]) == ["a", "c"]
    assert re.findall("code: (.)", whole[SHOPS_FILE]) == ["a", "b", "c"]
    assert re.findall("code: (.)", within[SHOPS_FILE]) == ["a", "b"]
    assert refused.json()["errors"][0]["code"] == "package.invalid"


async def test_records_without_a_key_are_called_by_names_and_refer_to_each_other(
    api: Api, other: Api
) -> None:
    fields = [
        {"name": "name", "type": "text"},
        {"name": "above", "type": "lookup", "references": "Crew__c"},
    ]
    await api.post("/api/objects", {"name": "Crew", "fields": fields})
    above = await api.post("/api/records/Crew__c", {"name": "Day"})
    await api.post("/api/records/Crew__c", {"name": "Night", "above": above["id"]})
    records = [{"object": "Crew__c"}]

    content = await built(api, records=records)
    await install(other, content)
    again = await built(other, package="projects", records=records)
    await install(other, content)

    asked = {"q": "SELECT name, above.name FROM Crew__c ORDER BY name"}
    found = (await other.post("/api/query", asked, status=200))["records"]
    assert [one["name"] for one in found] == ["Day", "Night"]
    assert found[1]["above"]["name"] == "Day"
    assert read_zip(again) == read_zip(content)


async def planned_and_done(api: Api, address: str, said: Any, to: str) -> Any:
    plan = await api.post(address, said, status=200)
    agreed = {"digest": plan["digest"], "confirm": plan["confirm"]}
    done = await api.post(to, {**said, **agreed}, status=200)
    return plan, done


async def names_in(api: Api, name: str) -> list[str]:
    asked = {"q": f"SELECT name FROM {name} ORDER BY name"}
    return [one["name"] for one in (await api.post("/api/query", asked, status=200))["records"]]


async def test_records_go_with_their_package_unless_they_became_somebodys_own(
    api: Api, other: Api
) -> None:
    for number in range(5):
        company = {"name": f"Co {number}", "external_id": f"A-{number}"}
        await api.post("/api/records/Company", company)
    await api.post("/api/objects", SHOP)
    content = await built(api, records=[{"object": "Company"}])
    await other.post("/api/records/Company", {"name": "Ours", "external_id": "A-0"})

    made = await install(other, content)
    asked = {"q": "SELECT id FROM Company ORDER BY name"}
    ids = [one["id"] for one in (await other.post("/api/query", asked, status=200))["records"]]
    await other.patch(f"/api/records/Company/{ids[0]}", {"name": "Co 1, mine"})
    await other.post("/api/records/Deal", {"name": "Roof", "company": ids[1]})
    await other.delete(f"/api/records/Company/{ids[2]}")
    await install(other, content)
    refreshed = await names_in(other, "Company")
    wish = {"uninstall": ["projects"]}
    plan, gone = await planned_and_done(other, "/api/package-plans", wish, "/api/packages")
    left = await names_in(other, "Company")
    undo = {"undo": gone["version"]}
    back, _ = await planned_and_done(other, "/api/metadata/plan", undo, "/api/metadata/apply")

    # Whoever deleted one does not get it again with the next version.
    assert refreshed == ["Co 1, mine", "Co 2", "Co 4", "Ours"]
    told = {one["message"] for one in plan["impact"] if one["severity"] == "note"}
    assert told == {
        "1 Company that came with it goes to the bin.",
        "1 Company that came with it stays, since it was changed.",
        "1 Company that came with it stays, since other records refer to it.",
    }
    assert left == ["Co 1, mine", "Co 2", "Ours"]
    assert "1 record that went with it comes back from the bin." in {
        one["message"] for one in back["impact"]
    }
    assert await names_in(other, "Company") == refreshed
    again = await other.post("/api/package-plans", wish, status=200)
    assert again["impact"] == plan["impact"]
    undo = {"undo": made["version"]}
    plan = await other.post("/api/metadata/plan", undo, status=200)
    assert {one["severity"] for one in plan["impact"]} >= {"note"}


async def test_records_that_come_later_are_no_part_of_the_change_before_them(
    api: Api, other: Api
) -> None:
    await api.post("/api/objects", SHOP)
    await api.post("/api/records/Company", {"name": "Acme", "external_id": "A-1"})
    content = await built(api, records=[{"object": "Company"}])
    wish, _ = await plan_of(other, content)
    without = {**wish, "records": False}
    await planned_and_done(other, "/api/package-plans", without, "/api/packages")
    await other.post("/api/objects/Deal/fields", {"name": "depth__c", "type": "number"})
    (unrelated, *_) = (await other.get("/api/metadata/changes"))["changes"]

    await install(other, content)
    undo = {"undo": unrelated["version"]}
    plan, _ = await planned_and_done(other, "/api/metadata/plan", undo, "/api/metadata/apply")
    kept = await names_in(other, "Company")
    gone = {"uninstall": ["projects"]}
    await planned_and_done(other, "/api/package-plans", gone, "/api/packages")

    assert not any("came with it" in one["message"] for one in plan["impact"])
    assert kept == ["Acme"]
    assert await names_in(other, "Company") == []


SPOTS = {
    "package.yaml": "name: spots\nlabel: Spots\nversion: 1.0.0\n",
    "objects/Mark.yaml": "label: Mark\nfields:\n  - {name: name, type: text}\n",
    "records/Spot__c.yaml": (
        "key: code\nrecords:\n"
        "  - {code: a, name: First}\n  - {code: b, name: Second}\n  - {code: c, name: Third}\n"
    ),
}


async def test_what_cannot_come_back_claims_nothing_and_what_somebody_took_back_is_theirs(
    api: Api,
) -> None:
    fields = [{"name": name, "type": "text", "unique": True} for name in ("code", "name")]
    await api.post("/api/objects", {"name": "Spot", "fields": fields})
    await install(api, write_zip(SPOTS))
    asked = {"q": "SELECT id FROM Spot__c ORDER BY code"}
    rows = (await api.post("/api/query", asked, status=200))["records"]
    second = rows[1]["id"]
    wish = {"uninstall": ["spots"]}
    _, gone = await planned_and_done(api, "/api/package-plans", wish, "/api/packages")
    # Its name is taken by another one, while nobody has its code.
    await api.post("/api/records/Spot__c", {"code": "z", "name": "First"})
    await api.post(f"/api/records/Spot__c/{second}/restore", {}, status=200)
    await api.patch(f"/api/records/Spot__c/{second}", {"name": "Second, mine"})

    undo = {"undo": gone["version"]}
    await planned_and_done(api, "/api/metadata/plan", undo, "/api/metadata/apply")
    back = await names_in(api, "Spot__c")
    await api.post("/api/records/Spot__c", {"code": "a", "name": "Another"})
    await planned_and_done(api, "/api/package-plans", wish, "/api/packages")

    assert back == ["First", "Second, mine", "Third"]
    assert await names_in(api, "Spot__c") == ["Another", "First", "Second, mine"]


async def test_records_come_under_the_names_of_here_and_without_what_was_removed(
    api: Api, other: Api
) -> None:
    shop = {**SHOP, "fields": [*SHOP["fields"], {"name": "size", "type": "number"}]}
    await api.post("/api/objects", shop)
    company = await api.post("/api/records/Company", {"name": "Acme", "external_id": "A-1"})
    await api.post("/api/records/Shop__c", {"code": "a", "company": company["id"], "size": 7})
    records = [{"object": "Shop__c"}, {"object": "Company"}]
    await install(other, await built(api, records=records))
    renames = [
        {"kind": "object", "name": "Shop__c", "to": "Store__c"},
        {"kind": "field", "name": "Store__c.code", "to": "Store__c.number"},
        {"kind": "object", "name": "Company", "to": "Firm"},
    ]
    for said in (
        {"rename": renames[:1]}, {"rename": renames[1:]},
        {"remove": [{"kind": "field", "name": "Store__c.size"}]},
    ):  # fmt: skip
        await planned_and_done(other, "/api/metadata/plan", said, "/api/metadata/apply")
    await api.post("/api/records/Shop__c", {"code": "b", "company": company["id"], "size": 8})

    newer = {**MANIFEST, "version": "1.1.0"}
    await install(other, await built(api, records=records, manifest=newer))

    asked = {"q": "SELECT number, company.name FROM Store__c ORDER BY number"}
    found = (await other.post("/api/query", asked, status=200))["records"]
    assert [(one["number"], one["company"]["name"]) for one in found] == [
        ("a", "Acme"),
        ("b", "Acme"),
    ]


async def test_references_are_looked_for_many_at_once(
    api: Api, other: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[Question] = []

    async def noted(tx: Transaction, question: Question) -> Page:
        questions.append(question)
        return await answer(tx, question)

    await api.post("/api/objects", SHOP)
    for number in range(6):
        company = {"name": "Acme", "external_id": f"A-{number}"}
        made = await api.post("/api/records/Company", company)
        if number % 2:
            await other.post("/api/records/Company", company)
        await api.post("/api/records/Shop__c", {"code": f"s{number}", "company": made["id"]})
    content = await built(api, records=[{"object": "Shop__c"}])

    monkeypatch.setattr(record_loading, "answer", noted)
    [done] = (await install(other, content))["packages"]

    assert done["records"] == 6
    # The shops, their companies, and once more those that were not there.
    assert len(questions) == 3
    asked = {"q": "SELECT code FROM Shop__c WHERE company != NULL ORDER BY code"}
    found = (await other.post("/api/query", asked, status=200))["records"]
    assert [one["code"] for one in found] == ["s1", "s3", "s5"]


async def test_an_external_id_is_a_key_and_references_that_come_later_are_set_in_portions(
    api: Api, other: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = [{"name": "code", "type": "text", "external_id": True}, SHOP["fields"][-1]]
    await api.post("/api/objects", {"name": "Shop", "fields": fields})
    last = None
    for code in "edcba":
        said = {"code": code, "next": last}
        last = (await api.post("/api/records/Shop__c", said))["id"]
    content = await built(api, records=[{"object": "Shop__c"}])

    monkeypatch.setattr(record_loading, "_AT_ONCE", 2)
    monkeypatch.setattr(write, "MOST_RECORDS", 2)
    await install(other, content)

    assert "key: code" in read_zip(content)["records/Shop__c.yaml"]
    asked = {"q": "SELECT code, next.code FROM Shop__c ORDER BY code"}
    found = (await other.post("/api/query", asked, status=200))["records"]
    assert [(one["next"] or {}).get("code") for one in found] == ["b", "c", "d", "e", None]


async def test_a_reference_by_what_tells_nobody_apart_is_told_in_the_plan(api: Api) -> None:
    await api.post("/api/objects", SHOP)
    files = {
        **{path: text for path, text in SPOTS.items() if "Spot__c" not in path},
        "records/Shop__c.yaml": (
            "key: code\nrecords:\n"
            "  - {code: a, company: {Company.external_id: A-1}}\n"
            "  - {code: b, company: {Company.name: Acme}}\n"
            "  - {code: c, company: {Company.nosuch: 1}}\n"
        ),
    }
    sent = await api.http.post("/api/package-uploads", files={"file": ("p.zip", write_zip(files))})

    wish = {"install": [sent.json()["install"]]}
    problems = await api.refused("POST", "/api/package-plans", wish, status=422)

    assert [one["at"] for one in problems] == [
        f"records/Shop__c.yaml#/records/{number}/company" for number in (1, 2)
    ]


async def test_what_is_masked_or_made_here_is_no_key_of_a_record(api: Api) -> None:
    masked = {"name": "iban", "type": "text", "unique": True, "mask": "last_four"}
    await api.post("/api/objects", {"name": "Vault", "fields": [masked]})
    lookup = {"name": "vault", "type": "lookup", "references": "Vault__c"}
    code = {"name": "code", "type": "text", "unique": True}
    await api.post("/api/objects", {"name": "Branch", "fields": [code, lookup]})
    vault = await api.post("/api/records/Vault__c", {"iban": "DE8937040044"})
    await api.post("/api/records/Branch__c", {"code": "a", "vault": vault["id"]})

    content = await built(api, records=[{"object": "Branch__c"}, {"object": "Vault__c"}])

    files = read_zip(content)
    assert "DE89" not in "".join(files.values())
    assert "named" in files["records/Vault__c.yaml"]
