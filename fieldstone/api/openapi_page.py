"""The API's description for people: pages without a script, made of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.values import Json, write_json

STYLE: Final = (files("fieldstone.api") / "templates" / "style.css").read_text("utf-8")
_PAGES: Final = Environment(
    loader=PackageLoader("fieldstone.api"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_DEEPEST: Final = 3
_LAST: Final = ("Platform", "This document")
_EVERYWHERE: Final = ("X-Tenant", "403", "404", "503")
"""What is said once, at the top, rather than of each address."""


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A field or a parameter in a table."""

    name: str
    type: str
    description: str
    required: bool
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ShownOperation:
    """One method at one address. answers: status and description of each."""

    id: str
    method: str
    path: str
    tag: str
    summary: str
    description: str
    parameters: tuple[ShownValue, ...]
    example: str
    answers: tuple[Mapping[str, str], ...]


def render_index(document: Mapping[str, Any], tenant: str, objects: Sequence[ObjectDef]) -> str:
    """Give the page of what is the same for all objects, with links to the page of each."""
    slugs = tuple(f"/{obj.slug}" for obj in objects)
    groups: dict[str, list[ShownOperation]] = {}
    for shown in show_operations(document):
        if f"/{shown.path.split('/')[1]}" not in slugs:
            groups.setdefault(shown.tag, []).append(shown)
    return _PAGES.get_template("index.html").render(
        title=document["info"]["title"],
        tenant=tenant,
        about=document["info"]["description"],
        objects=[{"name": obj.name, "title": obj.plural_label} for obj in objects],
        groups=sorted(groups.items(), key=lambda group: group[0] in _LAST),
    )


def render_object(document: Mapping[str, Any], tenant: str, obj: ObjectDef) -> str:
    """Give the page of one object: its fields and its short addresses."""
    schemas = document["components"]["schemas"]
    mine = [o for o in show_operations(document) if o.path.split("/")[1] == obj.slug]
    return _PAGES.get_template("object.html").render(
        title=obj.label,
        tenant=tenant,
        description=obj.description,
        read=list(_values(document, schemas[obj.name])),
        written=list(_values(document, schemas[f"{obj.name}.create"])),
        operations=mine,
    )


def show_operations(document: Mapping[str, Any]) -> Iterator[ShownOperation]:
    """Yield every operation of a document as it is shown."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _shown(document, path, method, item[method])


def _shown(
    document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]
) -> ShownOperation:
    parameters = [_resolved(document, one) for one in operation["parameters"]]
    answers = {s: _resolved(document, one) for s, one in operation["responses"].items()}
    return ShownOperation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        tag=operation["tags"][0],
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=tuple(_parameter(o) for o in parameters if o["name"] not in _EVERYWHERE),
        example=_example(operation.get("requestBody")),
        answers=tuple(
            {"status": status, "description": one["description"]} for status, one in answers.items()
        ),
    )


def _parameter(one: Mapping[str, Any]) -> ShownValue:
    place = {"path": "in the path", "query": "in the query", "header": "header"}[one["in"]]
    return ShownValue(one["name"], place, one.get("description", ""), bool(one.get("required")))


def _example(body: Mapping[str, Any] | None) -> str:
    found = [
        content["example"]
        for content in (body or {"content": {}})["content"].values()
        if "example" in content
    ]
    return write_json(found[0]) if found else ""


def _values(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[ShownValue]:
    required = schema.get("required", ())
    for name, part in schema["properties"].items():
        yield ShownValue(
            name,
            _type(document, part, _DEEPEST),
            part.get("description", ""),
            name in required,
            bool(part.get("readOnly")),
        )


def _type(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> str:
    """Give a schema in a few words."""
    schema = _resolved(document, schema)
    if "anyOf" in schema and depth:
        kinds = (_type(document, part, depth - 1) for part in schema["anyOf"])
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"][:12])
    kind: Json = schema.get("type", "any JSON")
    kinds_of_value = list(kind) if isinstance(kind, list) else [kind]
    text = " or ".join(str(one) for one in kinds_of_value if one != "null")
    if "properties" in schema and depth:
        text += f" of {', '.join(schema['properties'])}"
    if "format" in schema:
        text += f" ({schema['format']})"
    return f"{text} or null" if "null" in kinds_of_value else text


def _resolved(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = part
    while "$ref" in found:
        place: Any = document
        for step in found["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        found = place
    known: Mapping[str, Any] = found
    return known
