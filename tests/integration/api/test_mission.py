"""The commands of the source document's projects 1 and 6, with curl's manners, give its answers."""

from __future__ import annotations

import pytest

from tests.support.app import Api

ALICE = '{"first_name": "Alice", "last_name": "Smith", "email": "alice@acme.com"}'
ACME = '{"name": "Acme Corp", "domain": "acme.com", "industry": "Technology"}'
PROJECT = """{
"name": "Project",
"plural_name": "Projects",
"fields": [
{"name": "name", "type": "text", "required": true},
{"name": "status", "type": "picklist", "options": ["Planning", "Active", "Complete"]},
{"name": "budget", "type": "currency"},
{"name": "start_date", "type": "date"},
{"name": "account", "type": "lookup", "references": "Account"}
]
}"""
QUESTION = """{"object": "Project__c", "fields": ["name", "status", "budget"],
"where": "budget > 100000 AND status = Active"}"""


def holds(shown: dict[str, object], expected: dict[str, object]) -> bool:
    """Tell whether an answer has these members."""
    return {**shown, **expected} == shown


async def test_contact_is_created_and_shown(api: Api) -> None:
    made = await api.post("/contacts", ALICE)

    assert made["id"].startswith("contact_")
    assert holds(made, {"first_name": "Alice", "last_name": "Smith", "email": "alice@acme.com"})


async def test_company_is_created_and_shown_with_its_contacts(api: Api) -> None:
    made = await api.post("/companies", ACME)

    assert holds(made, {"name": "Acme Corp", "domain": "acme.com", "contacts": []})


async def test_contact_belongs_to_the_company_that_arrives_after_it(api: Api) -> None:
    contact = await api.post("/contacts", ALICE)
    company = await api.post("/companies", ACME)

    shown = await api.get("/contacts/1")

    assert shown["id"] == contact["id"]
    assert shown["name"] == "Alice Smith"
    assert shown["company"] == {"id": company["id"], "name": "Acme Corp"}
    assert shown["role"] == "Unknown"
    assert [c["name"] for c in company["contacts"]] == ["Alice Smith"]


async def test_contact_belongs_to_the_company_that_was_there_before_it(api: Api) -> None:
    company = await api.post("/companies", ACME)

    contact = await api.post("/contacts", ALICE)

    assert contact["company"] == {"id": company["id"], "name": "Acme Corp"}


@pytest.mark.parametrize("domain", ["gmail.com", "yahoo.com", "outlook.com", "gmx.de"])
async def test_a_free_mail_provider_is_nobodys_company(api: Api, domain: str) -> None:
    await api.post("/companies", {"name": "A provider", "domain": domain})

    contact = await api.post("/contacts", {"last_name": "Smith", "email": f"alice@{domain}"})

    assert contact["company"] is None


async def test_company_that_the_caller_names_wins_over_the_domain(api: Api) -> None:
    await api.post("/companies", ACME)
    chosen = await api.post("/companies", {"name": "Chosen"})

    contact = await api.post("/contacts", {"email": "a@acme.com", "company": chosen["id"]})

    assert contact["company"]["name"] == "Chosen"


async def test_contact_of_another_tenants_domain_is_not_attached(api: Api, other: Api) -> None:
    await api.post("/companies", ACME)

    contact = await other.post("/contacts", ALICE)

    assert contact["company"] is None


async def test_custom_object_is_defined(api: Api) -> None:
    answer = await api.post("/api/objects", PROJECT)

    assert answer == {"id": "Project__c", "status": "created", "fields_created": 5}


async def test_custom_object_is_queried_with_bare_picklist_words(api: Api) -> None:
    await api.post("/api/objects", PROJECT)
    for name, status, budget in (
        ("Website Redesign", "Active", 150000),
        ("Mobile App", "Active", 200000),
        ("Too small", "Active", 100000),
        ("Not yet", "Planning", 300000),
    ):
        project = {"name": name, "status": status, "budget": budget}
        await api.post("/api/records/Project__c", project)

    answer = await api.ask("POST", "/api/query", QUESTION)

    found = sorted(({**record, "id": ""} for record in answer["records"]), key=str)
    assert found == [
        {"id": "", "name": "Mobile App", "status": "Active", "budget": 200000},
        {"id": "", "name": "Website Redesign", "status": "Active", "budget": 150000},
    ]
    assert all(record["id"].startswith("proj_") for record in answer["records"])
    assert answer["total"] == 2


async def test_query_may_be_asked_by_get_with_a_body(api: Api) -> None:
    await api.post("/api/objects", PROJECT)

    answer = await api.ask("GET", "/api/query", QUESTION)

    assert answer == {"records": [], "total": 0, "next": None}


async def test_custom_object_of_one_tenant_is_unknown_to_the_other(api: Api, other: Api) -> None:
    await api.post("/api/objects", PROJECT)
    await api.post("/projects", {"name": "Secret"})

    assert await other.refused("GET", "/api/objects/Project__c", status=404)
    assert await other.refused("GET", "/api/records/Project__c", status=404)
    assert await other.refused("GET", "/projects", status=404)
    assert await other.refused("POST", "/api/query", QUESTION, status=422)
    listed = await other.get("/api/objects")
    assert "Project__c" not in {obj["id"] for obj in listed["objects"]}


async def test_object_of_the_same_name_in_two_tenants_holds_each_ones_records(
    api: Api, other: Api
) -> None:
    await api.post("/api/objects", PROJECT)
    await other.post("/api/objects", PROJECT)
    mine = await api.post("/projects", {"name": "Mine"})
    theirs = await other.post("/projects", {"name": "Theirs"})

    assert [r["name"] for r in (await api.get("/projects"))["data"]] == ["Mine"]
    assert [r["name"] for r in (await other.get("/projects"))["data"]] == ["Theirs"]
    await other.refused("GET", f"/projects/{mine['id']}", status=404)
    await api.refused("GET", f"/projects/{theirs['id']}", status=404)


async def test_lookup_of_a_custom_object_leads_to_the_company(api: Api) -> None:
    await api.post("/api/objects", PROJECT)
    company = await api.post("/companies", ACME)

    project = await api.post("/projects", {"name": "Site", "account": company["id"]})

    assert project["account"] == {"id": company["id"], "name": "Acme Corp"}


async def test_lookup_cannot_point_to_another_tenants_record(api: Api, other: Api) -> None:
    await other.post("/api/objects", PROJECT)
    company = await api.post("/companies", ACME)

    [problem] = await other.refused(
        "POST", "/projects", {"name": "Site", "account": company["id"]}, status=422
    )

    assert problem["code"] == "value.unknown_reference"


async def test_versioned_address_takes_the_tenant_from_its_header(api: Api, other: Api) -> None:
    await api.post("/contacts", ALICE)

    answer = await api.get("/v1/contacts", headers={"X-Tenant": "other"})
    mine = await api.get("/v1/contacts")

    assert answer == {"data": [], "meta": {"tenant": "other", "total": 0, "next": None}}
    assert mine["meta"] == {"tenant": "default", "total": 1, "next": None}
    assert mine["data"][0]["name"] == "Alice Smith"
