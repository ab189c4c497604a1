"""What the OpenAPI document promises is what the server does, whatever fits the document or not.

Schemathesis makes requests out of the document, right ones and wrong ones, and compares the
answers with it: no failure of the server, no status and no shape that is not told.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fieldstone.api.openapi_document import build_document
from fieldstone.metadata.values import read_json, write_json
from fieldstone.platform.route_table import all_routes
from tests.support.servers import PostgresServer, made_database
from tests.support.web_server import served_app

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
GENERIC: Any = read_json(write_json(build_document(all_routes(), None)))
METHODS = ("get", "post", "put", "patch", "delete")
SHORT_NAMES = ("contacts", "projects")
SHORT = ("/contacts", "/contacts/{id}", "/price_books", "/projects", "/projects/{id}")
SEVERAL = [
    (method, path)
    for path, item in GENERIC["paths"].items()
    for method in METHODS
    if method in item
]
SEVERAL += [
    (method, path)
    for path in SHORT
    for method in (("get", "patch", "delete") if path.endswith("}") else ("get", "post"))
]
UNTOUCHED = "other"  # the tenant whose objects no operation on metadata can change or delete
OPERATIONS = [(number, *operation) for number, operation in enumerate(SEVERAL)]
PROJECT = {
    "name": "Project",
    "plural_name": "Projects",
    "fields": [
        {"name": "name", "type": "text", "required": True},
        {"name": "status", "type": "picklist", "options": ["Planning", "Active"]},
        {"name": "tags", "type": "multi_select", "options": ["a", "b"]},
        {"name": "budget", "type": "currency"},
        {"name": "share", "type": "percent", "highest": 100},
        {"name": "start", "type": "date"},
        {"name": "at", "type": "datetime"},
        {"name": "place", "type": "geolocation"},
        {"name": "site", "type": "url"},
        {"name": "anything", "type": "json"},
        {"name": "number", "type": "auto_number", "format": "P-{0000}"},
        {"name": "account", "type": "lookup", "references": "Account"},
    ],
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address, its own document, and a token of its administrator."""

    address: str
    document: dict[str, Any]
    token: str
    known: dict[tuple[int, str], dict[str, str]] = field(default_factory=dict)

    def make_known(self, number: int, method: str, path: str) -> dict[str, str]:
        """Make an object and a record, for what changes them alone; give what parameters mean.

        What only looks, and what is about other things, shares one: each further object makes
        every change of metadata slower, that of the tests behind it too.
        """
        short = path.split("/")[1]
        if method == "get" or not ("{object}" in path or short in SHORT_NAMES):
            number = -1
        if (number, short) not in self.known:
            self.known[number, short] = self._made(number, path, short)
        return self.known[number, short]

    def _made(self, number: int, path: str, short: str) -> dict[str, str]:
        words = "".join(filter(str.isalnum, short))
        name = f"Thing{number}" if number >= 0 else f"Shared_{words}"
        client = httpx.Client(
            base_url=self.address, trust_env=False, headers=self.headers_of(path), timeout=30
        )
        with client as http:
            thing = {**PROJECT, "name": name, "plural_name": f"{name}s", "prefix": ""}
            http.post("/api/objects", json=thing).raise_for_status()
            made = short if short in SHORT_NAMES else f"api/records/{name}"
            sent = {"last_name": "Smith"} if short == "contacts" else {"name": "Site"}
            record = http.post(f"/{made}", json=sent).raise_for_status().json()
        common = {"field": "budget", "kind": "picklist", "name": "Industry", "file": "held.csv"}
        return {**common, "object": f"{name}__c", "id": record["id"]}

    def ask(self, case: Any, known: dict[str, str], *, bare: bool) -> Any:
        """Send a request to the tenant of its path; bare: without what need not be there."""
        case.headers.pop("X-Tenant", None)
        case.path_parameters.update({k: v for k, v in known.items() if k in case.path_parameters})
        if bare:
            case.headers.clear()
            case.query.clear()
        case.headers.update(self.headers_of(case.path))
        return case.call(base_url=self.address, timeout=30, allow_redirects=False)

    def headers_of(self, path: str) -> dict[str, str]:
        """Give what says who asks whom: shortcuts are there as long as their objects."""
        is_short = not path.startswith("/api/")
        return {"X-Tenant": UNTOUCHED} if is_short else {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="module")
def server(
    postgres_server: PostgresServer, app_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with an object to speak of."""
    data: Path = tmp_path_factory.mktemp("data")
    with made_database(postgres_server, app_template) as dsn, served_app(dsn, data) as url:
        with httpx.Client(base_url=url, trust_env=False) as http:
            for tenant in ("default", UNTOUCHED):
                headers = {"X-Tenant": tenant}
                http.post("/api/objects", json=PROJECT, headers=headers).raise_for_status()
            document = http.get("/api/openapi.json").json()
            # No request may turn the others away: people sign in from the beginning.
            ada = {"email": "ada@acme.example", "password": "four unrelated words"}
            http.post("/api/claim", json=ada).raise_for_status()
            token = http.post("/api/tokens", json={"name": "contract"}).raise_for_status().json()
        yield Server(url, document, token["token"])


def cases_of(server: Server, method: str, path: str) -> Any:
    """Give a strategy of requests to one operation, right ones and wrong ones."""
    operation = schemathesis.openapi.from_dict(server.document)[path][method]
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if not (operation.path_parameters or operation.query or operation.body):
        return right
    return right | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


FEW = settings(
    max_examples=8,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize(("number", "method", "path"), OPERATIONS)
def test_server_keeps_what_the_document_promises(
    server: Server, number: int, method: str, path: str
) -> None:
    there = server.make_known(number, method, path)

    @FEW
    @given(case=cases_of(server, method, path), known=st.booleans(), bare=st.booleans())
    def keeps(case: Any, known: bool, bare: bool) -> None:
        answer = server.ask(case, there if known else {}, bare=bare)
        case.validate_response(answer, checks=CHECKS)

    keeps()


def test_promise_that_is_not_kept_is_noticed(server: Server) -> None:
    document = copy.deepcopy(server.document)
    schema = document["components"]["schemas"]["Contact.page"]["properties"]["meta"]
    schema["properties"]["total"] = {"type": "string"}
    broken = replace(server, document=document)

    @FEW
    @given(case=cases_of(broken, "get", "/contacts"))
    def keeps(case: Any) -> None:
        answer = broken.ask(case, {}, bare=True)
        case.validate_response(answer, checks=CHECKS)

    with pytest.raises(FailureGroup):
        keeps()
