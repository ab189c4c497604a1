"""What the document says of bringing packages of Salesforce."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.api.openapi_operation import Answer, Body, Operation, list_schema, object_schema
from fieldstone.api.openapi_plan_operations import LEFT_TO_JOB, PLAN_PARTS
from fieldstone.api.openapi_shapes import COUNT, TEXT
from fieldstone.metadata.values import JsonObject

_TAG: Final = "Packages"
_OUTCOMES: Final = ("imported", "imported_with_note", "not_applicable", "failed")
_COUNTS: Final[JsonObject] = {"type": "object", "additionalProperties": {"type": "integer"}}
_REPORT: Final = object_schema(
    {
        "outcomes": _COUNTS,
        "types": {"type": "object", "additionalProperties": _COUNTS},
        "parts": list_schema(
            object_schema(
                {
                    **dict.fromkeys(("type", "name", "path"), TEXT),
                    "outcome": {"type": "string", "enum": list(_OUTCOMES)},
                    "notes": list_schema(TEXT),
                },
                required=("type", "name", "path", "outcome", "notes"),
                closed=True,
            )
        ),
    },
    required=("outcomes", "types", "parts"),
    closed=True,
)
_CHANGES: Final = list_schema(
    object_schema(
        dict.fromkeys(("operation", "kind", "name"), TEXT),
        required=("operation", "kind", "name"),
        closed=True,
    )
)
_FILE: Final[JsonObject] = {"type": "string", "format": "binary"}
_NAME: Final[JsonObject] = {
    "type": "string",
    "description": "What the package is called here, such as npsp; it tells by itself if left out.",
}
_PREFER: Final[JsonObject] = {
    "type": "string",
    "enum": ["ours", "theirs"],
    "description": "Whose side is taken where a package that is brought again was changed here.",
}

_CHOICES: Final[JsonObject] = {
    "type": "string",
    "description": "A JSON object of ours or theirs by the keys of conflicts; else prefer counts.",
}

SALESFORCE_OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST /salesforce-packages/plan": Operation(
        _TAG,
        {
            200: Answer(
                "What it would do, and what becomes of each part; nothing has changed.",
                object_schema(
                    {
                        **PLAN_PARTS,
                        "changes": _CHANGES,
                        "package": TEXT,
                        "conflicts": list_schema({"type": "object"}),
                        "report": _REPORT,
                    },
                    required=(*PLAN_PARTS, "package", "conflicts", "report"),
                    closed=True,
                ),
            )
        },
        body=Body(
            object_schema(
                {"file": _FILE, "name": _NAME, "prefer": _PREFER, "choices": _CHOICES},
                required=("file",),
            ),
            media_type="multipart/form-data",
        ),
        refuses=(409, 413, 422),
    ),
    "POST /salesforce-packages/import": Operation(
        _TAG,
        {
            200: Answer(
                "It is brought, with what became of each part.",
                object_schema(
                    {
                        "package": TEXT,
                        "version": COUNT,
                        "changes": _CHANGES,
                        "report": _REPORT,
                    },
                    required=("package", "version", "changes", "report"),
                    closed=True,
                ),
            ),
            202: LEFT_TO_JOB,
        },
        body=Body(
            object_schema(
                {
                    "file": _FILE,
                    "name": _NAME,
                    "prefer": _PREFER,
                    "choices": _CHOICES,
                    "digest": {**TEXT, "description": "Of the plan that it shall keep to."},
                    "confirm": {**TEXT, "description": "A JSON object of losses with counts."},
                },
                required=("file",),
            ),
            media_type="multipart/form-data",
        ),
        refuses=(409, 413, 422),
    ),
    "POST /salesforce-packages/sample-data": Operation(
        _TAG,
        {
            200: Answer(
                "The records are there, each once; how many of each object are new.",
                object_schema(
                    {
                        "objects": {"type": "object", "additionalProperties": _COUNTS},
                        "notes": list_schema(TEXT),
                    },
                    required=("objects", "notes"),
                    closed=True,
                ),
            )
        },
        body=Body(
            object_schema({"file": _FILE}, required=("file",)),
            media_type="multipart/form-data",
        ),
        refuses=(409, 413, 422),
    ),
}
