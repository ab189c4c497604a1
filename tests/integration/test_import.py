"""Files become records, once; what is doubtful or wrong is told and kept apart."""

from __future__ import annotations

import asyncio
import csv
import io
import os
from pathlib import Path
from typing import Any

import pytest

from fieldstone.runtime.imports import batch, references, run, start, stored
from tests.support.imports import Desk

CONTACTS = """First Name,Last Name,E-mail,Phone
Ann,Lee,ann@acme.example,(312) 555-0100
Bob,Jones,bob@foo.example,(312) 555-0101
"""
SITES = Path(os.environ.get("FIELDSTONE_SHARED_DATA") or Path(__file__).parents[3] / "shared/data")


def counts(report: dict[str, Any]) -> dict[str, int]:
    """Give the counts of a report that are not zero."""
    keys = ("imported", "updated", "unchanged", "merged", "skipped", "held", "rejected")
    return {key: report[key] for key in keys if report[key]}


async def test_rows_become_contacts_with_the_mapping_told(desk: Desk):
    report = await desk.upload(CONTACTS)
    assert counts(report) == {"imported": 2}
    assert report["rows"] == 2
    assert report["mapping"] == {
        "First Name": "first_name",
        "Last Name": "last_name",
        "E-mail": "email",
        "Phone": "phone",
    }
    found = await desk.api.get("/contacts?fields=name,email,phone&order_by=id")
    assert [(one["name"], one["email"], one["phone"]) for one in found["data"]] == [
        ("Ann Lee", "ann@acme.example", "+13125550100"),
        ("Bob Jones", "bob@foo.example", "+13125550101"),
    ]


async def test_the_same_file_again_adds_nothing_even_after_a_record_changed(desk: Desk):
    await desk.upload(CONTACTS)
    first = (await desk.api.get("/contacts?order_by=id"))["data"][0]
    await desk.api.patch(f"/contacts/{first['id']}", {"phone": "+13125559999", "last_name": "Li"})
    report = await desk.upload(CONTACTS)
    assert counts(report) == {"skipped": 2}
    assert report["duplicates_found"] == 2
    assert await desk.names("contacts") == ["Ann Li", "Bob Jones"]


async def test_a_deleted_record_may_be_imported_again(desk: Desk):
    await desk.upload(CONTACTS)
    first = (await desk.api.get("/contacts?order_by=id"))["data"][0]
    await desk.api.delete(f"/contacts/{first['id']}")
    assert counts(await desk.upload(CONTACTS)) == {"imported": 1, "skipped": 1}
    assert counts(await desk.upload(CONTACTS)) == {"skipped": 2}


async def test_a_probable_double_of_a_stored_record_is_held_back_and_told(desk: Desk):
    stored_id = (
        await desk.api.post(
            "/contacts",
            {"first_name": "Alice", "last_name": "Smith", "email": "alice@acme.example"},
        )
    )["id"]
    text = "first_name,last_name,email\nAlice B.,Smith,alice@acme.example\n"
    report = await desk.upload(text)
    assert counts(report) == {"held": 1}
    [double] = report["duplicates"]
    assert double["existing"] == {"name": "Alice Smith", "id": stored_id}
    assert double["new"] == {"name": "Alice B. Smith", "row": 2}
    assert 0.8 <= double["confidence"] < 1
    assert double["action"] == "review"
    again = await desk.upload(text)
    assert counts(again) == {"held": 1}
    assert again["duplicates"][0]["existing"]["name"] == "Alice Smith"


async def test_held_rows_are_a_file_that_can_be_imported_after_review(desk: Desk):
    await desk.api.post("/contacts", {"name": "Alice Smith", "email": "alice@acme.example"})
    text = "name,email\nAlice B. Smith,alice@acme.example\n"
    report = await desk.upload(text)
    held = (await desk.api.send("GET", report["held_file"])).text
    [row] = csv.DictReader(io.StringIO(held))
    assert row["name"] == "Alice B. Smith"
    assert row["Row"] == "2"
    assert row["Reason"].startswith("Probably Alice Smith (97 %)")
    created = await desk.upload(held, duplicates="create")
    assert counts(created) == {"imported": 1}
    assert created["duplicates_found"] == 1


async def test_doubles_within_a_file_are_found(desk: Desk):
    text = "Site name,Address,Phone\n"
    text += "Salvation Army - Temple,1 N Ogden Ave,2262649\n" * 2
    text += "Salvation Army Temple Center,1 North Ogden Avenue,312-226-2649\n"
    text += "Salvation Army New Hope,4255 W Division St,7224908\n"
    report = await desk.upload(text, object="companies")
    assert counts(report) == {"imported": 2, "skipped": 1, "held": 1}
    assert [one["existing"]["row"] for one in report["duplicates"]] == [2, 2]
    assert {one["action"] for one in report["duplicates"]} == {"review", "skip"}


async def test_a_certain_double_may_fill_what_is_empty(desk: Desk):
    made = await desk.api.post("/companies", {"name": "Acme", "phone": "+13125550100"})
    text = "name,phone,industry\nAcme,312 555 0100,Retail\n"
    report = await desk.upload(text, object="Company", duplicates="merge")
    assert counts(report) == {"merged": 1}
    record = await desk.api.get(f"/companies/{made['id']}")
    assert (record["industry"], record["phone"], record["version"]) == ("Retail", "+13125550100", 2)


async def test_certain_doubles_within_a_file_may_fill_each_other(desk: Desk):
    text = "name,phone,industry,employees\nAcme,3125550100,,\nACME,312 555 0100,Retail,\n"
    text += "Acme Inc.,(312) 555-0100,Media,7\n"
    report = await desk.upload(text, object="Company", duplicates="merge")
    assert counts(report) == {"imported": 1, "merged": 2}
    [record] = (await desk.api.get("/companies"))["data"]
    assert (record["name"], record["industry"], record["employees"]) == ("Acme", "Retail", 7)


async def test_rows_change_records_by_a_key(desk: Desk):
    first = "External ID,Name,Employees\nC-1,Acme,10\nC-2,Zeta,20\n"
    assert counts(await desk.upload(first, object="Company", key="external_id")) == {"imported": 2}
    second = "External ID,Name,Employees\nC-1,Acme,10\nC-2,Zeta,25\nC-3,Beta,5\nC-3,Beta,6\n"
    report = await desk.upload(second, object="Company", key="external_id")
    assert counts(report) == {"imported": 1, "updated": 2, "unchanged": 1}
    found = await desk.api.get("/companies?fields=name,employees&order_by=id")
    assert [one["employees"] for one in found["data"]] == [10, 25, 6]


async def test_rows_with_a_key_undo_nothing_that_others_did_since(desk: Desk):
    ids = {}
    for number in range(4):
        told = {"name": f"Acme {number}", "external_id": f"C-{number}", "employees": 1}
        ids[number] = (await desk.api.post("/companies", told))["id"]
    dry = "External ID,Employees\nC-0,1\n"
    seen = await desk.upload(dry, object="Company", key="external_id", dry_run="yes")
    await desk.api.patch(f"/companies/{ids[1]}", {"employees": 5})
    await desk.api.patch(f"/companies/{ids[2]}", {"employees": 7})
    await desk.api.patch(f"/companies/{ids[3]}", {"name": "Renamed"})
    text = "External ID,Employees\nC-0,2\nC-1,3\nC-2,7\nC-3,9\nC-0,4\n"

    report = await desk.upload(text, object="Company", key="external_id", as_of=seen["as_of"])
    answer = await desk.api.send("GET", report["rejected_file"])
    again = await desk.upload(text, object="Company", key="external_id")

    assert counts(report) == {"updated": 2, "unchanged": 1, "rejected": 2}
    assert [row["Row"] for row in csv.DictReader(io.StringIO(answer.text))] == ["3", "5"]
    assert "was changed by somebody else meanwhile and is at version 2 by now." in answer.text
    assert counts(again) == {"updated": 4, "unchanged": 1}


async def test_record_that_is_changed_while_its_file_waits_is_not_overwritten(desk: Desk):
    rows = [f"C-{number},{number % 90}\n" for number in range(5_001)]
    text = "External ID,Employees\n" + "".join(rows)
    told = [{"name": f"Acme {n}", "external_id": f"C-{n}"} for n in range(3)]
    ids = [(await desk.api.post("/companies", one))["id"] for one in told]
    answer = await desk.upload(text, object="Company", key="external_id", status=202)
    await desk.api.patch(f"/companies/{ids[1]}", {"employees": 77})
    await desk.api.patch(f"/companies/{ids[2]}", {"external_id": "other"})

    ended = await desk.run(answer["job"]["id"])

    assert ended is not None
    assert ended.result is not None
    # Rows without a record lack the name that a new one needs.
    assert (ended.result["updated"], ended.result["rejected"]) == (1, 5_000)
    shown = [await desk.api.get(f"/companies/{one}") for one in ids]
    assert [one["employees"] for one in shown] == [0, 77, None]


async def test_dry_run_of_a_file_that_was_imported_names_the_records(desk: Desk):
    text = "First name,Last name,E-mail\nAlice,Smith,alice@acme.example\n,,bob@acme.example\n"
    imported = await desk.upload(text, object="Contact")
    tried = await desk.upload(text, object="Contact", dry_run="yes")
    bob = (await desk.api.get("/contacts?order_by=id"))["data"][1]["id"]
    assert (counts(imported), counts(tried)) == ({"imported": 2}, {"skipped": 2})
    assert [one["existing"]["name"] for one in tried["duplicates"]] == ["Alice Smith", bob]


@pytest.mark.parametrize("as_of", ["yesterday", "2026-01-31", "2026-01-31T14:30:00"])
async def test_as_of_that_is_no_instant_is_refused(desk: Desk, as_of: str):
    text = "External ID,Name\nC-1,Acme\n"
    answer = await desk.upload(text, object="Company", key="external_id", as_of=as_of, status=422)
    assert [one["at"] for one in answer["errors"]] == ["/as_of"]


async def test_a_key_that_several_records_hold_changes_none(desk: Desk):
    for _ in range(2):
        await desk.api.post("/companies", {"name": "Acme"})
    report = await desk.upload("Name,Employees\nAcme,10\n", object="Company", key="name")
    assert counts(report) == {"rejected": 1}


async def test_an_export_comes_back_by_its_ids(desk: Desk):
    made = await desk.api.post("/companies", {"name": "Acme", "industry": "Retail"})
    exported = (await desk.api.send("GET", "/api/export?object=Company")).text
    changed = exported.replace("Retail", "Media")
    report = await desk.upload(changed, object="Company")
    assert counts(report) == {"updated": 1}
    assert report["key"] == "id"
    assert (await desk.api.get(f"/companies/{made['id']}"))["industry"] == "Media"


async def test_rejected_rows_are_a_file_with_the_reason_for_each(desk: Desk):
    text = "Name,E-mail,Employees\nAcme,no mail,ten\n,info@b.example,3\n=1+1,ok@c.example,4\n"
    report = await desk.upload(text, object="Company")
    assert counts(report) == {"imported": 1, "rejected": 2}
    answer = await desk.api.send("GET", report["rejected_file"])
    assert answer.headers["content-disposition"].startswith("attachment")
    first, second = csv.DictReader(io.StringIO(answer.text))
    assert first["Row"] == "2"
    assert "email: 'no mail' is not an e-mail address." in first["Reason"]
    assert "employees:" in first["Reason"]
    assert "Name is required." in second["Reason"]


async def test_formulas_in_rejected_rows_are_harmless(desk: Desk):
    mapping = {"Name": "name", "E-mail": "email"}
    text = "Name,E-mail\n=cmd|x,no\n"
    report = await desk.upload(text, object="Company", mapping=mapping)
    text = (await desk.api.send("GET", report["rejected_file"])).text
    assert "'=cmd|x" in text


async def test_companies_that_contacts_name_are_found_or_made(desk: Desk):
    await desk.api.post("/companies", {"name": "Acme"})
    text = "Name,Company\nAnn Lee,ACME\nBob Jones,Foo Org\nCarl Dent,Foo Org\n"
    assert counts(await desk.upload(text)) == {"imported": 3}
    assert await desk.names("companies") == ["Acme", "Foo Org"]
    found = await desk.api.get("/contacts?order_by=id")
    assert [one["company"]["name"] for one in found["data"]] == ["Acme", "Foo Org", "Foo Org"]


async def test_nobody_becomes_a_user_by_being_named(desk: Desk):
    report = await desk.upload("Name,Owner\nAnn Lee,Nobody Known\n", object="Company")
    assert counts(report) == {"rejected": 1}
    assert len(await desk.names("users")) == 1


async def test_a_dry_run_tells_all_and_keeps_nothing(desk: Desk):
    text = CONTACTS + "Bob,Jones,bob@foo.example,(312) 555-0101\nCarl,Dent,no mail,\n"
    report = await desk.upload(text, dry_run="yes")
    assert counts(report) == {"imported": 2, "skipped": 1, "rejected": 1}
    assert report["problems"][0]["row"] == 5
    assert await desk.names("contacts") == []
    assert counts(await desk.upload(text)) == {"imported": 2, "skipped": 1, "rejected": 1}


@pytest.mark.parametrize("duplicates", ["review", "merge"])
async def test_a_dry_run_of_many_batches_tells_what_an_import_then_does(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, duplicates: str
):
    monkeypatch.setattr(run, "BATCH_ROWS", 2)
    await desk.api.post("/companies", {"name": "Acme", "phone": "+13125550100"})
    text = "External ID,Name,Phone,Industry\n,Zeta,312 555 0199,\nC-1,Beta,312 555 0102,\n"
    text += ",Gamma,312 555 0103,\n,Acme,312 555 0100,Retail\nC-1,Delta,312 555 0104,\n"
    text += ",Zeta,312 555 0199,Media\n,Zeta,312 555 0199,Retail\n"
    fields: dict[str, Any] = {"object": "Company", "duplicates": duplicates}
    tried = await desk.upload(text, dry_run="yes", **fields)
    assert await desk.names() == ["Acme"]
    assert counts(tried) == counts(await desk.upload(text, **fields))


async def test_a_dry_run_by_a_key_finds_the_rows_of_earlier_batches(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run, "BATCH_ROWS", 1)
    text = "External ID,Name,Employees\nC-1,Acme,10\nC-2,Beta,5\nC-1,Acme,11\n"
    fields: dict[str, Any] = {"object": "Company", "key": "external_id"}
    tried = await desk.upload(text, dry_run="yes", **fields)
    assert counts(tried) == {"imported": 2, "updated": 1}
    assert await desk.names() == []


async def test_a_dry_run_and_changes_of_metadata_do_not_wait_for_each_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run, "BATCH_ROWS", 20)
    text = "Name,Email\n" + "\n".join(f"Person {n},p{n}@c.example" for n in range(400))

    async def change() -> None:
        for number in range(5):
            field = {"name": f"note_{number}", "type": "text"}
            await desk.api.post("/api/objects/Company/fields", field, status=201)

    async with asyncio.timeout(60):
        report, _ = await asyncio.gather(
            desk.upload(text, object="Company", dry_run="yes"), change()
        )
    assert report["imported"] == 400


async def test_what_changed_since_an_import_began_is_not_written_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    made = await desk.api.post("/companies", {"name": "Acme", "phone": "+13125550100"})
    gone = await desk.api.post("/companies", {"name": "Zeta", "phone": "+13125550199"})
    resolve = references.resolve_names

    async def change_first(tx: Any, rows: Any) -> int:
        await desk.api.patch(f"/companies/{made['id']}", {"industry": "Media"})
        await desk.api.delete(f"/companies/{gone['id']}")
        return await resolve(tx, rows)

    monkeypatch.setattr(batch, "resolve_names", change_first)
    text = "name,phone,industry,website\nAcme,312 555 0100,Retail,https://acme.example\n"
    text += "Zeta,312 555 0199,Retail,\n"
    report = await desk.upload(text, object="Company", duplicates="merge")
    assert counts(report) == {"imported": 1, "merged": 1}
    record = await desk.api.get(f"/companies/{made['id']}")
    assert (record["industry"], record["website"]) == ("Media", "https://acme.example")


async def test_a_mapping_that_is_given_is_used_as_it_is(desk: Desk):
    mapping = {"Who": "name", "Where": "address.street", "Code": "address.postal_code"}
    text = "Who,Where,Code,Phone\nAcme,1 Main St,60607,555\n"
    report = await desk.upload(text, object="Company", mapping=mapping)
    assert report["unmapped"] == ["Phone"]
    record = (await desk.api.get("/companies"))["data"][0]
    assert record["address"] == {"street": "1 Main St", "postal_code": "60607"}
    assert record["phone"] is None


async def test_a_bad_mapping_is_refused_with_every_problem(desk: Desk):
    mapping = {"Nope": "email", "Phone": "fone", "E-mail": "email_domain"}
    answer = await desk.upload(CONTACTS, mapping=mapping, status=422)
    assert {one["at"] for one in answer["errors"]} == {
        "/mapping/Nope",
        "/mapping/Phone",
        "/mapping/E-mail",
    }


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"object": "Nope"}, 404, "metadata.unknown_object"),
        ({"key": "nope"}, 404, "metadata.unknown_field"),
        ({"key": "description"}, 422, "import.bad_key"),
        ({"duplicates": "maybe"}, 422, "import.bad_option"),
        ({"dry_run": "perhaps"}, 422, "request.bad_parameter"),
        ({"mapping": "{"}, 422, "request.bad_parameter"),
        ({"mapping": "[1]"}, 422, "request.bad_parameter"),
        ({"mapping": '{"Phone": 3}'}, 422, "request.bad_parameter"),
    ],
)
async def test_a_bad_request_is_refused(desk: Desk, fields: Any, status: int, code: str):
    answer = await desk.upload(CONTACTS, status=status, **fields)
    assert answer["errors"][0]["code"] == code
    assert await desk.names("contacts") == []


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"PK\x03\x04", b"A\n", b"\xff\xfe"])
async def test_a_file_that_is_no_table_is_refused(desk: Desk, content: bytes):
    answer = await desk.upload(content, status=422)
    assert answer["errors"][0]["code"].startswith("import.")


async def test_a_body_without_a_file_is_refused(desk: Desk):
    [problem] = await desk.api.refused("POST", "/import", "x=1", status=422)
    assert problem["code"] == "request.bad_form"


async def test_rows_with_odd_characters_are_kept_or_told(desk: Desk):
    text = "Name,Phone\nA\x00B,1\n\ud7ff\u202e\U0001f600,3125550100\n"
    report = await desk.upload(text, object="Company")
    assert counts(report) == {"imported": 1, "rejected": 1}
    assert "NUL" in (await desk.api.send("GET", report["rejected_file"])).text


async def test_a_preview_shows_columns_and_rows_and_imports_nothing(desk: Desk):
    text = CONTACTS + "Carl,Dent,no mail,\n"
    shown = await desk.upload(text, path="/import/preview")
    assert shown["mapping"]["E-mail"] == "email"
    assert [one["field"] for one in shown["columns"]][:2] == ["first_name", "last_name"]
    assert shown["rows"][0]["values"]["phone"] == "+13125550100"
    assert shown["rows"][2]["problems"][0]["at"] == "/email"
    assert "address.city" in [one["name"] for one in shown["fields"]]
    assert await desk.names("contacts") == []


async def test_another_tenant_sees_neither_records_nor_files_nor_jobs(desk: Desk):
    report = await desk.upload(CONTACTS + "Carl,Dent,no mail,\n")
    assert (await desk.other.get("/contacts"))["data"] == []
    for address in (report["rejected_file"], report["job"]["url"], "/api/imports/1"):
        await desk.other.refused("GET", address, status=404)
    assert (await desk.other.get("/api/jobs"))["jobs"] == []
    answer = await desk.other.http.post("/import", files={"file": ("list.csv", CONTACTS)})
    assert counts(answer.json()) == {"imported": 2}


async def test_every_imported_record_says_where_it_came_from(desk: Desk):
    report = await desk.upload(CONTACTS)
    first = (await desk.api.get("/contacts?order_by=id"))["data"][0]
    history = await desk.api.get(f"/api/records/Contact/{first['id']}/history")
    [change] = next(iter(value for value in history.values() if isinstance(value, list)))
    assert change["cause"]["import"] == report["job"]["id"]


async def test_a_large_object_is_looked_up_instead_of_loaded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stored, "MOST_KEPT", 3)
    monkeypatch.setattr(run, "BATCH_ROWS", 2)
    for number in range(6):
        values = {"name": f"Person {number} Lee", "email": f"p{number}@acme.example"}
        await desk.api.post("/contacts", values)
    text = "Name,Email\nP. 5 Lee,p5@acme.example\nPerson 1 Lee,p1@acme.example\n"
    text += "New One,new@acme.example\nNew One,new@acme.example\nN. One,new@acme.example\n"
    report = await desk.upload(text)
    assert counts(report) == {"imported": 1, "skipped": 2, "held": 2}


async def test_a_large_file_becomes_a_job(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(start, "SMALL_ROWS", 1)
    answer = await desk.upload(CONTACTS, status=202)
    job = answer["job"]
    assert (answer["imported"], job["state"]) == (0, "waiting")
    await desk.run(job["id"])
    ended = await desk.api.get(job["url"])
    assert ended["state"] == "done"
    assert ended["progress"]["done"] == ended["progress"]["total"] == 2
    assert counts(ended["result"]) == {"imported": 2}


async def test_counts_equal_the_database(desk: Desk):
    lines = [
        f"Company {n % 40},{n % 40}@c{n % 40}.example,{'x' if n % 10 == 9 else n}"
        for n in range(90)
    ]
    report = await desk.upload("Name,Email,Employees\n" + "\n".join(lines), object="Company")
    made = [f"Company {n}" for n in range(40) if n % 10 != 9]
    assert await desk.names() == made
    assert report["imported"] == len(made)
    assert sum(counts(report).values()) == report["rows"] == 90
    assert report["rejected"] == 9


@pytest.mark.slow
@pytest.mark.skipif(not (SITES / "import").is_dir(), reason="the shared data are not here")
async def test_a_real_list_of_organisations_is_imported_once(desk: Desk):
    content = (SITES / "import" / "sites_messy.csv").read_bytes()
    report = await desk.upload(content, object="companies")
    wanted = {
        "Site name": "name",
        "Address": "address.street",
        "Zip": "address.postal_code",
        "Phone": "phone",
        "Fax": "fax",
    }
    assert wanted.items() <= report["mapping"].items()
    assert report["rows"] == 3337
    assert report["rejected"] < 10
    assert 1100 < report["imported"] < 1500
    assert report["duplicates_found"] > 1800
    assert len(await desk.names()) == report["imported"]
    again = await desk.upload(content, object="companies")
    assert (again["imported"], again["updated"]) == (0, 0)
    assert again["duplicates_found"] + again["rejected"] == 3337


async def test_a_row_with_more_cells_than_columns_is_rejected_whole(desk: Desk):
    text = "name,phone\nAcme, Inc,+49 30 5550100\nZeta,+49 30 5550101\n"
    report = await desk.upload(text, object="Company")
    assert counts(report) == {"imported": 1, "rejected": 1}
    [row] = csv.DictReader(io.StringIO((await desk.api.send("GET", report["rejected_file"])).text))
    assert "The row has 3 cells, but there are 2 columns" in row["Reason"]
    assert "'+49 30 5550100'" in row["Reason"]
    assert await desk.names() == ["Zeta"]


async def test_a_mask_in_a_file_changes_no_value(desk: Desk):
    said = {"name": "pin__c", "type": "text", "mask": "hidden"}
    await desk.api.post("/api/objects/Company/fields", said)
    made = await desk.api.post("/companies", {"name": "Acme", "pin__c": "1234567890"})
    dots = "\u2022" * 4

    report = await desk.upload(
        f"id,name,pin__c\n{made['id']},Acme Corp,{dots}\n",
        object="Company",
        key="id",
    )

    assert counts(report) == {"updated": 1}
    read = await desk.api.get(f"/companies/{made['id']}")
    assert (read["name"], read["pin__c"]) == ("Acme Corp", "1234567890")
