"""Tests of what must fit together afterwards, whoever else was at work at the same moment."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

THINGS: dict[str, Any] = {
    "name": "Thing",
    "fields": [{"name": "name", "type": "text"}, {"name": "code", "type": "text"}],
}
FIELD = "/api/objects/Thing__c/fields/code"


async def a_contact(api, **values):
    return await api.post("/contacts", {"last_name": "Smith", **values})


async def test_nothing_points_to_a_record_that_is_deleted_meanwhile(api):
    for _ in range(4):
        company = (await api.post("/companies", {"name": "Acme"}))["id"]
        many = [{"last_name": f"Smith {n}", "company": company} for n in range(200)]

        written, gone = await asyncio.gather(
            api.send("POST", "/api/records/Contact", {"records": many, "all_or_nothing": True}),
            api.send("DELETE", f"/api/records/Company/{company}"),
        )

        question = {"object": "Contact", "fields": ["id"], "where": f"company = '{company}'"}
        pointing = await api.ask("POST", "/api/query", question)
        assert gone.status_code == 200
        assert written.status_code in (200, 422)
        assert pointing["total"] == 0


async def test_field_that_becomes_unique_guards_the_values_that_are_there(api):
    await api.post("/api/objects", THINGS)
    await api.post("/api/records/Thing__c", {"code": "A"})
    await api.patch(FIELD, {"unique": True})

    [problem] = await api.refused("POST", "/api/records/Thing__c", {"code": "a"}, status=422)

    assert problem["code"] == "value.not_unique"


async def test_field_with_equal_values_does_not_become_unique(api):
    await api.post("/api/objects", THINGS)
    for _ in range(2):
        await api.post("/api/records/Thing__c", {"code": "A"})

    [problem] = await api.refused("PATCH", FIELD, {"unique": True}, status=422)
    await api.post("/api/records/Thing__c", {"code": "A"})

    assert (problem["code"], problem["at"]) == ("metadata.not_unique", "/unique")


async def test_field_that_ceases_to_be_unique_lets_values_repeat(api):
    await api.post("/api/objects", THINGS)
    await api.patch(FIELD, {"unique": True})
    await api.post("/api/records/Thing__c", {"code": "A"})
    await api.patch(FIELD, {"unique": False})

    await api.post("/api/records/Thing__c", {"code": "A"})


async def test_field_that_becomes_searchable_is_found_in_old_records(api):
    fields = [{**field, "searchable": False} for field in THINGS["fields"]]
    await api.post("/api/objects", {**THINGS, "fields": fields})
    made = await api.post("/api/records/Thing__c", {"code": "zebra"})
    before = await api.get("/search?q=zebra")
    await api.patch(FIELD, {"searchable": True})

    found = await api.get("/search?q=zebra")

    assert before["results"] == []
    assert [one["id"] for one in found["results"]] == [made["id"]]


async def test_writers_of_one_new_key_make_one_record(api):
    await api.post("/api/objects", THINGS)
    await api.patch(FIELD, {"external_id": True})

    answers = await asyncio.gather(
        *(
            api.send("PUT", "/api/records/Thing__c/by/code/K", {"name": f"Writer {n}"})
            for n in range(6)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_restored_detail_of_a_deleted_master_is_refused(api):
    invoice = await api.post("/invoices", {})
    line = await api.post("/invoice_lines", {"invoice": invoice["id"], "description": "Work"})
    await api.delete(f"/api/records/InvoiceLine/{line['id']}")
    await api.delete(f"/api/records/Invoice/{invoice['id']}")

    refused = await api.send("POST", f"/api/records/InvoiceLine/{line['id']}/restore")

    assert refused.status_code == 422


async def test_restored_record_lets_go_of_what_is_gone(api):
    company = await api.post("/companies", {"name": "Acme"})
    contact = await a_contact(api, company=company["id"])
    await api.delete(f"/contacts/{contact['id']}")
    await api.delete(f"/companies/{company['id']}")

    await api.ask("POST", f"/api/records/Contact/{contact['id']}/restore")

    assert (await api.get(f"/contacts/{contact['id']}"))["company"] is None


async def test_reference_comes_back_whatever_the_order_of_restoring(api):
    company = await api.post("/companies", {"name": "Acme"})
    contact = await a_contact(api, company=company["id"])
    await api.delete(f"/companies/{company['id']}")
    await api.delete(f"/contacts/{contact['id']}")

    await api.ask("POST", f"/api/records/Company/{company['id']}/restore")
    await api.ask("POST", f"/api/records/Contact/{contact['id']}/restore")

    assert (await api.get(f"/contacts/{contact['id']}"))["company"]["id"] == company["id"]


async def test_required_reference_keeps_its_target(api):
    reference = {"name": "company", "type": "lookup", "references": "Company", "required": True}
    await api.post("/api/objects", {**THINGS, "fields": [*THINGS["fields"], reference]})
    company = await api.post("/companies", {"name": "Acme"})
    await api.post("/api/records/Thing__c", {"company": company["id"]})

    [problem] = await api.refused("DELETE", f"/companies/{company['id']}", status=409)

    assert problem["code"] == "record.still_referenced"


async def test_version_zero_is_stale(api):
    contact = await a_contact(api)

    await api.refused(
        "PATCH",
        f"/contacts/{contact['id']}",
        {"last_name": "Jones"},
        status=409,
        headers={"If-Match": '"0"'},
    )


async def test_records_named_twice_are_deleted_once(api):
    contact = await a_contact(api)

    told = await api.delete(f"/api/records/Contact?ids={contact['id']},{contact['id']}")

    assert told == {"deleted": 1}


@pytest.mark.parametrize("ids", ["contact_1", "company_1"])
async def test_unknown_records_are_not_deleted(api, ids):
    await api.refused("DELETE", f"/api/records/Contact?ids={ids}", status=404)


async def test_file_that_nobody_uploaded_is_refused(api):
    photo = {"id": "file_1", "name": "me.png", "size_bytes": 1, "content_type": "image/png"}

    [problem] = await api.refused(
        "POST", "/contacts", {"last_name": "Smith", "photo": photo}, status=422
    )

    assert (problem["code"], problem["at"]) == ("value.unknown_reference", "/photo")
