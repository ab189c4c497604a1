"""Builds the OpenAPI 3.1 document out of the routes, what is said of them, and a tenant's objects.

https://spec.openapis.org/oas/v3.1.1
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.routing import BaseRoute, Route

from fieldstone.api.openapi_access_operations import ACCESS_OPERATIONS
from fieldstone.api.openapi_account_operations import ACCOUNT_OPERATIONS
from fieldstone.api.openapi_action_operations import ACTION_OPERATIONS
from fieldstone.api.openapi_audit_operations import AUDIT_OPERATIONS
from fieldstone.api.openapi_branch_operations import BRANCH_OPERATIONS
from fieldstone.api.openapi_definitions import definition_schemas
from fieldstone.api.openapi_encryption_operations import ENCRYPTION_OPERATIONS
from fieldstone.api.openapi_identity_operations import IDENTITY_OPERATIONS
from fieldstone.api.openapi_layout_operations import LAYOUT_OPERATIONS
from fieldstone.api.openapi_lock_operations import LOCK_OPERATIONS
from fieldstone.api.openapi_oauth_operations import OAUTH_OPERATIONS
from fieldstone.api.openapi_objects import object_schemas, visible_objects
from fieldstone.api.openapi_operation import (
    ALWAYS_REFUSES,
    Answer,
    Body,
    Operation,
    shared_ref,
)
from fieldstone.api.openapi_package_build_operations import PACKAGE_BUILD_OPERATIONS
from fieldstone.api.openapi_package_operations import PACKAGE_OPERATIONS
from fieldstone.api.openapi_plan_operations import PLAN_OPERATIONS
from fieldstone.api.openapi_platform_operations import PLATFORM_OPERATIONS
from fieldstone.api.openapi_privacy_operations import PRIVACY_OPERATIONS
from fieldstone.api.openapi_query_shapes import query_schemas
from fieldstone.api.openapi_record_operations import RECORD_OPERATIONS, shortcut_operations
from fieldstone.api.openapi_salesforce_operations import SALESFORCE_OPERATIONS
from fieldstone.api.openapi_setup_operations import SETUP_OPERATIONS
from fieldstone.api.openapi_shapes import HEADERS, PARAMETERS, REFUSALS, SCHEMAS, TEXT
from fieldstone.api.openapi_sharing_operations import SHARING_OPERATIONS
from fieldstone.api.openapi_sign_on_operations import SIGN_ON_OPERATIONS
from fieldstone.api.openapi_storage_operations import STORAGE_OPERATIONS
from fieldstone.api.openapi_territory_operations import TERRITORY_OPERATIONS
from fieldstone.api.openapi_view_operations import VIEW_OPERATIONS
from fieldstone.api.openapi_work_operations import WORK_OPERATIONS, WORK_SCHEMAS
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.schemas import DIALECT
from fieldstone.metadata.values import Json
from fieldstone.runtime.transactions import Transaction

OPERATIONS: Final[Mapping[str, Operation]] = {
    **IDENTITY_OPERATIONS,
    **ACCOUNT_OPERATIONS,
    **SIGN_ON_OPERATIONS,
    **OAUTH_OPERATIONS,
    **SETUP_OPERATIONS,
    **LAYOUT_OPERATIONS,
    **PLAN_OPERATIONS,
    **PACKAGE_BUILD_OPERATIONS,
    **PACKAGE_OPERATIONS,
    **SALESFORCE_OPERATIONS,
    **BRANCH_OPERATIONS,
    **ACCESS_OPERATIONS,
    **PLATFORM_OPERATIONS,
    **RECORD_OPERATIONS,
    **WORK_OPERATIONS,
    **STORAGE_OPERATIONS,
    **SHARING_OPERATIONS,
    **TERRITORY_OPERATIONS,
    **PRIVACY_OPERATIONS,
    **AUDIT_OPERATIONS,
    **LOCK_OPERATIONS,
    **ENCRYPTION_OPERATIONS,
    **VIEW_OPERATIONS,
    **ACTION_OPERATIONS,
}
"""By method and address, which may also begin with /api."""

PAGES: Final = ("/admin", "/static", "/sign-in", "/sign-out", "/welcome", "/oauth/authorize")
"""What people see is no part of the API."""

_API: Final = "/api"
_VERSIONED: Final = "/v1"
_SHORT: Final = "/{plural}"
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_UNDECLARED: Final = Operation("Others", {200: Answer("It is done.")}, refuses=(409, 413, 422))
_ABOUT: Final = """\
Everything of this tenant: its objects at their short addresses, records of any object under
/api/records, queries, and the definitions themselves. Numbers are exact; a body is read as JSON
whatever its Content-Type. Whatever is refused is refused in one shape, with every problem at once.
"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one route, with what its docstring says.

    path: as in OpenAPI, such as /api/objects/{object}. declared: None where nothing is said of it.
    versioned: whether it is also found under /v1.
    """

    method: str
    path: str
    name: str
    summary: str
    description: str
    parameters: tuple[str, ...]
    declared: Operation | None
    versioned: bool

    @property
    def is_short(self) -> bool:
        """Whether it stands for one address of each object."""
        return self.path.startswith(_SHORT)


def find_endpoints(routes: Sequence[BaseRoute]) -> Iterator[Endpoint]:
    """Yield every endpoint of the API; those that are also found under /v1 once."""
    ours = [route for route in routes if isinstance(route, Route) and not is_page(route)]
    paths = {route.path_format for route in ours}
    for route in ours:
        path = route.path_format
        if path.startswith(_VERSIONED) and path.removeprefix(_VERSIONED) in paths:
            continue
        for method in _METHODS:
            if method in (route.methods or {"GET"}):
                summary, description = read_docstring(route)
                yield Endpoint(
                    method,
                    path,
                    route.endpoint.__name__,
                    summary,
                    description,
                    tuple(route.param_convertors),
                    OPERATIONS.get(f"{method} {path.removeprefix(_API)}"),
                    _VERSIONED + path in paths,
                )


def is_page(route: Route) -> bool:
    """Tell whether a route serves people rather than programs."""
    return route.path == "/" or route.path.startswith(PAGES)


def read_docstring(route: Route) -> tuple[str, str]:
    """Give what an endpoint's docstring says behind `GET /address:`, and what follows it."""
    first, _, rest = inspect.cleandoc(route.endpoint.__doc__ or "").partition("\n")
    _, colon, said = first.partition(": ")
    summary = (said if colon else first).strip()
    return summary[:1].upper() + summary[1:], " ".join(rest.split())


def build_document(routes: Sequence[BaseRoute], tx: Transaction | None) -> dict[str, Json]:
    """Build the document of what a transaction's viewer may see of its tenant.

    Without a transaction it holds what is the same for all tenants.
    """
    objects = () if tx is None else visible_objects(tx.catalog, tx.rights)
    schemas: dict[str, Json] = {
        **SCHEMAS,
        **query_schemas(),
        **WORK_SCHEMAS,
        **definition_schemas(),
    }
    for obj in objects:
        assert tx is not None
        schemas.update(object_schemas(tx, obj))
    paths = _paths(list(find_endpoints(routes)), objects)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {
            "title": "Fieldstone",
            "version": f"1.0.{tx.catalog.version if tx else 0}",
            "summary": "The API of a tenant, made of its metadata.",
            "description": _ABOUT,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in _tags(paths)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": {f"Refused{status}": refusal for status, refusal in REFUSALS.items()},
        },
    }


def _paths(endpoints: Sequence[Endpoint], objects: Sequence[ObjectDef]) -> dict[str, Json]:
    paths: dict[str, dict[str, Json]] = {}
    for endpoint in endpoints:
        if not endpoint.is_short:
            shown = _operation(endpoint, endpoint.declared or _UNDECLARED)
            paths.setdefault(endpoint.path, _item(endpoint))[endpoint.method.lower()] = shown
    fixed = {path.split("/")[1] for path in paths}
    for obj in objects:
        if obj.slug and obj.slug not in fixed:
            _add_shortcuts(paths, endpoints, obj)
    return dict(paths)


def _item(endpoint: Endpoint) -> dict[str, Json]:
    """Give what is said of an address, whatever the method."""
    return {"servers": [{"url": "/"}, {"url": _VERSIONED}]} if endpoint.versioned else {}


def _add_shortcuts(
    paths: dict[str, dict[str, Json]], endpoints: Sequence[Endpoint], obj: ObjectDef
) -> None:
    declared = shortcut_operations(obj)
    for endpoint in endpoints:
        if endpoint.is_short:
            path = endpoint.path.replace(_SHORT, f"/{obj.slug}", 1)
            operation = declared[f"{endpoint.method} {endpoint.path}"]
            item = paths.setdefault(path, _item(endpoint))
            item[endpoint.method.lower()] = _operation(endpoint, operation)


def _operation(endpoint: Endpoint, operation: Operation) -> dict[str, Json]:
    in_path = [name for name in endpoint.parameters if name != "plural"]
    asked = [shared_ref("parameters", name) for name in ("tenant", *operation.parameters)]
    shown: dict[str, Json] = {
        "operationId": operation.name or _operation_id(endpoint),
        "tags": [operation.tag],
        "summary": endpoint.summary,
        "parameters": [*(_in_path(name) for name in in_path), *asked],
        "responses": _responses(operation),
    }
    if endpoint.description:
        shown["description"] = endpoint.description
    if operation.body is not None:
        shown["requestBody"] = _body(operation.body)
    return shown


def _operation_id(endpoint: Endpoint) -> str:
    """Give a name that no other operation has: the function's, and what tells its twins apart."""
    if endpoint.path == "/api/query":
        return f"{endpoint.name}_by_{endpoint.method.lower()}"
    twin = endpoint.path in ("/api/import", "/api/import/preview", "/api/search")
    return f"{endpoint.name}_of_api" if twin else endpoint.name


def _in_path(name: str) -> Json:
    if name in PARAMETERS:
        return shared_ref("parameters", name)
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def _body(body: Body) -> dict[str, Json]:
    content: dict[str, Json] = {"schema": body.schema}
    if body.example is not None:
        content["example"] = body.example
    return {"required": body.required, "content": {body.media_type: content}}


def _responses(operation: Operation) -> dict[str, Json]:
    responses = {str(status): _answer(answer) for status, answer in operation.answers.items()}
    # What an operation says of a refusal of its own shape goes before what all refuse alike.
    for status in sorted({*ALWAYS_REFUSES, *operation.refuses} - operation.answers.keys()):
        responses[str(status)] = shared_ref("responses", f"Refused{status}")
    return dict(responses)


def _answer(answer: Answer) -> dict[str, Json]:
    headers = {name: shared_ref("headers", name) for name in (*answer.headers, "X-Request-Id")}
    shown: dict[str, Json] = {"description": answer.description, "headers": headers}
    if answer.schema is not None:
        content: dict[str, Json] = {"schema": answer.schema}
        if answer.example is not None:
            content["example"] = answer.example
        types = dict.fromkeys((answer.media_type, *answer.other_types), content)
        shown["content"] = {**types, **{key: {"schema": TEXT} for key in answer.file_types}}
    return shown


def _tags(paths: Mapping[str, Json]) -> list[str]:
    found: dict[str, None] = {}
    for item in paths.values():
        assert isinstance(item, Mapping)
        for method in _METHODS:
            operation = item.get(method.lower())
            if isinstance(operation, Mapping):
                tags = operation["tags"]
                assert isinstance(tags, list)
                found.update(dict.fromkeys(tags))
    return list(found)
