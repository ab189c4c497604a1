"""What the document says of planned changes of metadata, their history and undoing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fieldstone.api.openapi_operation import (
    Answer,
    Body,
    Operation,
    list_schema,
    object_schema,
    or_null,
)
from fieldstone.api.openapi_shapes import COUNT, CURSOR, TEXT
from fieldstone.metadata.change_sets import PARTS
from fieldstone.metadata.values import JsonObject

_TAG: Final = "Changes of the setup"
_CHANGES: Final = (409, 413, 422)
_NEXT_STEP: Final[JsonObject] = {
    "components": [{"kind": "field", "name": "Deal.next_step", "type": "text"}]
}
_CHANGE: Final = object_schema(
    {
        "operation": {"type": "string", "enum": ["create", "change", "remove", "restore"]},
        **dict.fromkeys(("kind", "name", "name_before"), TEXT),
        "package": or_null(TEXT),
        "body": {"type": "object"},
        "differences": list_schema(
            object_schema({"at": TEXT, "before": {}, "after": {}}, required=("at",), closed=True)
        ),
    },
    required=("operation", "kind", "name", "package"),
    closed=True,
)
_IMPACT: Final = object_schema(
    {
        "severity": {"type": "string", "enum": ["loss", "break", "refused"]},
        "key": TEXT,
        "records": COUNT,
        "at_least": {"type": "boolean"},
        "message": TEXT,
        "samples": list_schema({"type": "object"}),
    },
    required=("severity", "key", "records", "at_least", "message", "samples"),
    closed=True,
)
_COUNTS: Final[JsonObject] = {"type": "object", "additionalProperties": {"type": "integer"}}
_ENTRY: Final = object_schema(
    {
        "version": COUNT,
        "at": TEXT,
        "by": or_null(TEXT),
        "by_name": or_null(TEXT),
        "cause": {"type": "object"},
        "count": COUNT,
        "changes": list_schema(_CHANGE),
    },
    required=("version", "at", "by", "by_name", "cause", "count", "changes"),
    closed=True,
)
_APPLIED: Final = object_schema(
    {"version": COUNT, "changes": list_schema(_CHANGE)},
    required=("version", "changes"),
    closed=True,
)
_SET: Final[dict[str, Any]] = {**PARTS, "undo": {"type": "integer", "minimum": 1}}
_AGREED: Final[dict[str, Any]] = {"digest": TEXT, "confirm": _COUNTS}

PLAN_OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST /metadata/plan": Operation(
        _TAG,
        {
            200: Answer(
                "What it would do; nothing has changed.",
                object_schema(
                    {
                        "digest": TEXT,
                        "version": COUNT,
                        "changes": list_schema(_CHANGE),
                        "impact": list_schema(_IMPACT),
                        "confirm": _COUNTS,
                    },
                    required=("digest", "version", "changes", "impact", "confirm"),
                    closed=True,
                ),
            )
        },
        body=Body(object_schema(_SET, closed=True), _NEXT_STEP),
        refuses=_CHANGES,
    ),
    "POST /metadata/apply": Operation(
        _TAG,
        {200: Answer("It is applied.", _APPLIED)},
        body=Body(
            object_schema({**_SET, **_AGREED}, required=("digest",), closed=True),
            {**_NEXT_STEP, "digest": "…", "confirm": {}},
        ),
        refuses=_CHANGES,
    ),
    "POST /metadata/undo/{version}": Operation(
        _TAG,
        {200: Answer("It is undone.", _APPLIED)},
        body=Body(object_schema(_AGREED, closed=True), {}, required=False),
        refuses=_CHANGES,
    ),
    "GET /metadata/changes": Operation(
        _TAG,
        {
            200: Answer(
                "A page of changes; each tells its first ones, without what differs.",
                object_schema(
                    {"changes": list_schema(_ENTRY), "next": CURSOR},
                    required=("changes", "next"),
                    closed=True,
                ),
            )
        },
        ("limit", "cursor"),
        refuses=(422,),
    ),
    "GET /metadata/changes/{version}": Operation(_TAG, {200: Answer("The change.", _ENTRY)}),
    "GET /metadata/where-used/{kind}/{name}": Operation(
        _TAG,
        {
            200: Answer(
                "The components that name it, and how often queries did in the last thirty days.",
                object_schema(
                    {
                        **dict.fromkeys(("kind", "name"), TEXT),
                        "uses": list_schema(
                            object_schema(
                                {"kind": TEXT, "name": TEXT, "places": list_schema(TEXT)},
                                required=("kind", "name", "places"),
                                closed=True,
                            )
                        ),
                        "queries": or_null(COUNT),
                    },
                    required=("kind", "name", "uses", "queries"),
                    closed=True,
                ),
            )
        },
        refuses=(422,),
    ),
}
