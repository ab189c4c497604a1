"""What the OpenAPI document says of an endpoint beside its route and its docstring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fieldstone.metadata.values import Json, JsonObject

JSON: Final = "application/json"
ALWAYS_REFUSES: Final = (401, 403, 404, 429, 503)
"""What every address may answer: a stranger, an unknown tenant, a database that is away."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One status that an endpoint answers with when it did what was asked.

    schema: None for an answer without a body. headers: names of shared headers. other_types:
    media types that it may have instead. file_types: those that it may have as a file.
    """

    description: str
    schema: JsonObject | None = None
    headers: tuple[str, ...] = ()
    example: Json = None
    media_type: str = JSON
    other_types: tuple[str, ...] = ()
    file_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """What an endpoint reads. required: whether it may be left out."""

    schema: JsonObject
    example: Json = None
    required: bool = True
    media_type: str = JSON


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address.

    tag: the group it is listed in. parameters: names of shared parameters beside X-Tenant and
    those of the path. refuses: statuses beside ALWAYS_REFUSES.
    """

    tag: str
    answers: Mapping[int, Answer]
    parameters: tuple[str, ...] = ()
    body: Body | None = None
    refuses: tuple[int, ...] = ()
    name: str | None = None
    described: Mapping[str, str] = field(default_factory=dict)


def schema_ref(name: str) -> dict[str, Json]:
    """Give a reference to a shared schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def shared_ref(part: str, name: str) -> dict[str, Json]:
    """Give a reference to a shared parameter, header or response."""
    return {"$ref": f"#/components/{part}/{name}"}


def object_schema(
    properties: Mapping[str, Json], *, required: tuple[str, ...] = (), closed: bool = False
) -> dict[str, Json]:
    """Give the schema of a JSON object. closed: whether other members are refused."""
    schema: dict[str, Json] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    if closed:
        schema["additionalProperties"] = False
    return schema


def list_schema(items: JsonObject) -> dict[str, Json]:
    """Give the schema of a list."""
    return {"type": "array", "items": items}


def or_null(schema: JsonObject) -> dict[str, Json]:
    """Give the schema of a value that may be missing."""
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema:
        return {**schema, "type": [kind, "null"]}
    if not schema:
        return {}
    return {"anyOf": [dict(schema), {"type": "null"}]}
