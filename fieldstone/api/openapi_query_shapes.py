"""The shapes of queries in the document: questions, filters, answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fieldstone.api.openapi_operation import list_schema, object_schema, schema_ref
from fieldstone.api.openapi_shapes import CURSOR, TEXT, TOTAL
from fieldstone.api.requests import MOST_PER_PAGE
from fieldstone.metadata.values import Json
from fieldstone.query_language.json_forms.schema import QUERY_SCHEMA

_FILTER: Final = schema_ref("api.Query.filter")
_QUERY: Final = schema_ref("api.Query.query")
_BESIDE: Final[Mapping[str, Json]] = {
    "params": {"type": "object", "description": "The values of parameters, by their names."},
    "cursor": TEXT,
    "limit": {
        "type": "integer",
        "minimum": 0,
        "maximum": MOST_PER_PAGE,
        "description": "Rows per page.",
    },
    "explain": {"type": "boolean", "description": "Asks for the plan in place of the rows."},
    "format": {"type": "string", "enum": ["json", "ndjson", "csv", "xlsx"]},
    "headers": {"type": "string", "enum": ["names", "labels"]},
    "end": {"type": "boolean"},
}


def query_schemas() -> dict[str, Json]:
    """Give the schemas of queries by their names."""
    definitions: Any = QUERY_SCHEMA["$defs"]
    shared = {f"api.Query.{name}": _moved(part) for name, part in definitions.items()}
    asked = shared["api.Query.query"]
    return {
        **shared,
        "api.Question": {
            "description": "A query, either as JSON or as text in q, which may be a search (FIND).",
            "anyOf": [
                {**asked, "properties": {**asked["properties"], **_BESIDE}},
                object_schema(
                    {"q": {**TEXT, "examples": ["SELECT name FROM Deal LIMIT 10"]}, **_BESIDE},
                    required=("q",),
                    closed=True,
                ),
            ],
        },
        "api.Rows": object_schema(
            {
                "records": list_schema({"type": "object"}),
                "total": TOTAL,
                "next": CURSOR,
                "plan": {"type": "object", "description": "What explain asked for."},
            },
            required=("records", "total", "next"),
            closed=True,
        ),
        "api.Translation": {
            "description": "A filter or a query, as text or as JSON.",
            "anyOf": [
                object_schema({"filter": _text_or(_FILTER)}, required=("filter",), closed=True),
                object_schema({"query": _text_or(_QUERY)}, required=("query",), closed=True),
            ],
        },
        "api.Translated": {
            "description": "A filter or a query in both forms.",
            "anyOf": [
                object_schema(
                    {"filter": _FILTER, "text": TEXT}, required=("filter", "text"), closed=True
                ),
                object_schema(
                    {"query": _QUERY, "text": TEXT}, required=("query", "text"), closed=True
                ),
            ],
        },
    }


def _text_or(schema: Json) -> Json:
    return {"anyOf": [TEXT, schema]}


def _moved(part: Any) -> Any:
    """Let references lead to where the schemas stand in the document."""
    if isinstance(part, list | tuple):
        return [_moved(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    return {
        key: inner.replace("#/$defs/", "#/components/schemas/api.Query.")
        if key == "$ref"
        else _moved(inner)
        for key, inner in part.items()
    }
