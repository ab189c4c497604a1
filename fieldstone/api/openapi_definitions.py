"""The schemas of definitions: an object with its fields, as POST /api/objects takes it.

They are made of what the kinds and the field types say, so that a new type or option is here as
soon as it exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fieldstone.api.openapi_operation import list_schema, object_schema, or_null, schema_ref
from fieldstone.metadata.catalog import About, Holds
from fieldstone.metadata.field_types.field_type import FieldType
from fieldstone.metadata.field_types.registry import FIELD_TYPES, SPELLINGS
from fieldstone.metadata.kinds.registry import FIELD, OBJECT
from fieldstone.metadata.names import MAX_NAME_LENGTH, NAME
from fieldstone.metadata.sharing import Sharing
from fieldstone.metadata.values import Json, JsonSchema

_NAME: Final[Json] = {
    "type": "string",
    "pattern": f"^{NAME.pattern}$",
    "maxLength": MAX_NAME_LENGTH,
    "examples": ["budget"],
}
_TEXT: Final[Json] = {"type": "string"}
_FLAG: Final[Json] = {"type": "boolean"}


def definition_schemas() -> dict[str, Json]:
    """Give the schemas of definitions by their names."""
    types = [kind for kind in FIELD_TYPES.values() if kind.definable]
    schemas: dict[str, Json] = {}
    for kind in types:
        schemas.update(_field_schema(kind))
    names = [f"api.Field.{kind.name}" for kind in types]
    schemas["api.Field"] = {
        "description": "A field; which options it may have follows from its type.",
        "oneOf": [schema_ref(name) for name in names],
    }
    schemas["api.Object"] = _object_schema()
    schemas["api.ObjectChange"] = _change_of(schemas["api.Object"], without="fields")
    schemas["api.FieldChange"] = {
        "type": "object",
        "description": "What is to change of a field; null takes an option away.",
        "properties": {"name": _NAME, "label": or_null({"type": "string"})},
    }
    schemas.update(_shown_schemas())
    return schemas


def _field_schema(kind: FieldType[Any, Any]) -> Iterator[tuple[str, Json]]:
    """Yield the schema of a field of one type, and those that it leans on."""
    schema = FIELD.schema_for(kind)
    for name, inner in _members(schema, "$defs").items():
        yield f"api.{name}", _moved(inner)
    properties = dict(_members(schema, "properties"))
    properties.pop("object")
    spellings = [kind.name, *(text for text, name in SPELLINGS.items() if name == kind.name)]
    properties["type"] = {"type": "string", "enum": spellings}
    required = [name for name in _names(schema) if name not in ("object", "type")]
    yield (
        f"api.Field.{kind.name}",
        {
            "title": kind.label,
            "description": (type(kind).__doc__ or "").partition("\n")[0],
            **object_schema(
                {"name": _NAME, **{name: _moved(part) for name, part in properties.items()}},
                required=("name", "type", *required),
                closed=True,
            ),
        },
    )


def _object_schema() -> dict[str, Json]:
    schema = OBJECT.schema
    given = {name: _moved(part) for name, part in _members(schema, "properties").items()}
    given["plural_name"] = given.pop("plural_label")
    properties: dict[str, Json] = {"name": _NAME, **given}
    properties["fields"] = list_schema(schema_ref("api.Field"))
    return object_schema(properties, required=("name",), closed=True)


def _change_of(schema: Json, *, without: str) -> dict[str, Json]:
    assert isinstance(schema, Mapping)
    properties = schema["properties"]
    assert isinstance(properties, Mapping)
    kept = {name: part for name, part in properties.items() if name != without}
    return object_schema(kept, closed=True)


def _shown_schemas() -> Iterator[tuple[str, Json]]:
    """Yield how objects and fields are shown."""
    field = {"name": _TEXT, "label": _TEXT, "type": _TEXT, "described": _TEXT}
    flags = dict.fromkeys(
        ("required", "unique", "system", "read_only", "indexed", "is_masked"), _FLAG
    )
    yield (
        "api.ShownField",
        {
            **object_schema({**field, **flags}, required=(*field, *flags)),
            "description": "A field: its definition, and what followed from it.",
        },
    )
    yield (
        "api.Relation",
        object_schema(
            {
                "direction": {"type": "string", "enum": ["to", "from"]},
                "name": _TEXT,
                "object": _TEXT,
                "as": {"type": "string", "description": "The name the definition calls it by."},
                "field": _TEXT,
                "type": _TEXT,
            },
            required=("direction", "name", "object", "field", "type"),
            closed=True,
        ),
    )
    line: dict[str, Json] = {
        "id": _TEXT,
        "name": _TEXT,
        "label": _TEXT,
        "plural_name": _TEXT,
        "slug": _TEXT,
        "prefix": _TEXT,
        "icon": _TEXT,
        "custom": _FLAG,
        "package": or_null({"type": "string"}),
        "in_navigation": _FLAG,
        "sharing": {"enum": [str(one) for one in Sharing]},
        "about": {"enum": [str(one) for one in About]},
        "holds": {"enum": [str(one) for one in Holds]},
    }
    yield "api.ObjectLine", object_schema(line, required=tuple(line))
    shown: dict[str, Json] = {
        **line,
        "fields": list_schema(schema_ref("api.ShownField")),
        "relations": list_schema(schema_ref("api.Relation")),
    }
    yield "api.ShownObject", object_schema(shown, required=tuple(shown))


def _moved(part: Any) -> Any:
    """Let references lead to where the schemas stand in the document."""
    if isinstance(part, list | tuple):
        return [_moved(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    return {
        key: inner.replace("#/$defs/", "#/components/schemas/api.")
        if key == "$ref"
        else _moved(inner)
        for key, inner in part.items()
    }


def _members(schema: JsonSchema, key: str) -> Mapping[str, Any]:
    part = schema.get(key, {})
    assert isinstance(part, Mapping)
    return part


def _names(schema: JsonSchema) -> list[str]:
    required = schema.get("required", [])
    assert isinstance(required, list)
    return required
