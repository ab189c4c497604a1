"""The API describes itself: every route, every object of the tenant, nothing of another."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate
from starlette.routing import Route

from fieldstone.api.kept_documents import DocumentStore
from fieldstone.api.openapi_document import find_endpoints, is_page
from fieldstone.platform.route_table import all_routes
from tests.support.app import Api

PROJECT = {
    "name": "Project",
    "plural_name": "Projects",
    "description": 'Work <b>for</b> a customer & "more".',
    "fields": [
        {"name": "name", "type": "text", "required": True, "length": 80},
        {"name": "status", "type": "picklist", "options": ["Planning", "Active"]},
        {"name": "number", "type": "auto_number", "format": "P-{0000}"},
        {"name": "account", "type": "lookup", "references": "Account"},
    ],
}
METHODS = {"get", "post", "put", "patch", "delete"}


async def document_of(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = await api.get("/api/openapi.json")
    return found


def operations_of(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Give method and address of every operation, under each of its servers."""
    return {
        (method.upper(), f"{server['url'].rstrip('/')}{path}")
        for path, item in document["paths"].items()
        for method in METHODS & item.keys()
        for server in item.get("servers", document["servers"])
    }


async def test_document_is_valid(api: Api) -> None:
    await api.post("/api/objects", PROJECT)

    validate(await document_of(api))


async def test_every_route_of_the_application_is_described(api: Api) -> None:
    described = operations_of(await document_of(api))
    slugs = [o["slug"] for o in (await api.get("/api/objects"))["objects"]]

    wanted = set()
    for route in all_routes():
        if isinstance(route, Route) and not is_page(route):
            for slug in slugs if "{plural}" in route.path else [""]:
                path = route.path_format.replace("{plural}", slug)
                wanted |= {(method, path) for method in (route.methods or {"GET"}) - {"HEAD"}}

    assert described == wanted


def test_every_endpoint_is_declared() -> None:
    undeclared = [
        f"{found.method} {found.path}"
        for found in find_endpoints(all_routes())
        if found.declared is None and not found.is_short
    ]

    assert undeclared == [], "say in fieldstone/api/openapi_*_operations.py what they take"


def test_every_endpoint_says_what_it_does() -> None:
    silent = [f"{e.method} {e.path}" for e in find_endpoints(all_routes()) if len(e.summary) < 8]

    assert silent == []


async def test_operation_ids_are_unique(api: Api) -> None:
    paths = (await document_of(api))["paths"].values()
    ids = [item[method]["operationId"] for item in paths for method in METHODS & item.keys()]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in ids)


async def test_objects_are_described_as_they_are_read_and_written(api: Api) -> None:
    await api.post("/api/objects", PROJECT)

    schemas = (await document_of(api))["components"]["schemas"]

    made, read = schemas["Project__c.create"], schemas["Project__c"]
    changed = schemas["Project__c.change"]
    assert made["required"] == ["name"]
    assert "required" not in changed
    assert set(made["properties"]) == {"name", "status", "account", "owner"}
    assert set(changed["properties"]) == {"name", "status", "account", "owner", "version"}
    assert made["properties"]["name"]["maxLength"] == 80
    assert read["properties"]["number"]["readOnly"] is True
    assert "readOnly" not in read["properties"]["status"]
    assert "Planning" in str(made["properties"]["status"])


async def test_answers_fit_their_schemas(api: Api) -> None:
    await api.post("/api/objects", PROJECT)
    company = await api.post("/companies", {"name": "Acme", "website": "https://acme.com"})
    project = await api.post("/projects", {"name": "Site", "account": company["id"]})
    document = await document_of(api)

    for name, answer in (
        ("Company", await api.get(f"/companies/{company['id']}")),
        ("Project__c", project),
        ("Project__c.page", await api.get("/projects")),
        ("api.ShownObject", await api.get("/api/objects/Project")),
        ("api.Results", await api.ask("POST", "/projects", [{"name": "B"}, {}])),
    ):
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer)


async def test_hidden_tenant_is_not_described(api: Api, other: Api) -> None:
    await api.post("/api/objects", PROJECT)

    mine, theirs = await document_of(api), await document_of(other)

    assert "Project__c" in mine["components"]["schemas"]
    assert "/projects" in mine["paths"]
    assert not [name for name in theirs["components"]["schemas"] if name.startswith("Project")]
    assert "/projects" not in theirs["paths"]


async def test_new_object_is_described_at_once(api: Api) -> None:
    before = await api.send("GET", "/api/openapi.json")
    await api.post("/api/objects", PROJECT)

    after = await api.send("GET", "/api/openapi.json")

    assert before.headers["etag"] != after.headers["etag"]
    assert "/projects" in after.json()["paths"]


async def test_copy_at_hand_is_not_sent_again(api: Api) -> None:
    first = await api.send("GET", "/api/openapi.json")

    answer = await api.send(
        "GET", "/api/openapi.json", headers={"If-None-Match": first.headers["etag"]}
    )

    assert (answer.status_code, answer.content) == (304, b"")


async def test_documents_kept_stay_within_their_bytes() -> None:
    store = DocumentStore(most_bytes=100)

    for version in range(50):
        store.keep((1, version, "administrator"), b"x" * 30)

    assert store.size_bytes <= 100
    assert store.find((1, 49, "administrator"))
    assert not store.find((1, 0, "administrator"))


async def test_document_too_large_to_keep_is_not_kept() -> None:
    store = DocumentStore(most_bytes=100)

    store.keep((1, 1, "administrator"), b"x" * 101)

    assert store.size_bytes == 0


async def test_page_for_people_lists_objects_and_endpoints(api: Api) -> None:
    answer = await api.send("GET", "/api/docs")

    assert answer.headers["content-type"].startswith("text/html")
    assert '<a href="/api/docs/Contact">' in answer.text
    assert "/api/records/{object}" in answer.text


async def test_page_of_an_object_escapes_what_people_wrote(api: Api, other: Api) -> None:
    await api.post("/api/objects", PROJECT)

    answer = await api.send("GET", "/api/docs/Project__c")

    assert "Work &lt;b&gt;for&lt;/b&gt; a customer &amp; &#34;more&#34;." in answer.text
    assert "PATCH" in answer.text
    await other.refused("GET", "/api/docs/Project__c", status=404)


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/Deal"])
async def test_pages_need_neither_script_nor_inline_style(api: Api, path: str) -> None:
    answer = await api.send("GET", path)

    assert "<script" not in answer.text
    assert "<style" not in answer.text
    assert not re.search(r"\s(style|on\w+)=", answer.text)
    assert not re.search(r"(src|href)=.(https?:)?//", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert (await api.send("GET", "/api/docs/style.css")).headers["content-type"] == (
        "text/css; charset=utf-8"
    )
