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
from fieldstone.metadata.values import Json, JsonObject

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
        "severity": {"type": "string", "enum": ["loss", "break", "refused", "note"]},
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
_TOUCHED: Final = object_schema(
    {
        "kind": TEXT,
        "name": TEXT,
        "package": or_null(TEXT),
        "named_by": list_schema(
            object_schema({"kind": TEXT, "name": TEXT}, required=("kind", "name"), closed=True)
        ),
        "queries": COUNT,
        "clients": list_schema(
            object_schema(
                {"name": TEXT, "app": {"type": "boolean"}, "times": COUNT, "last_day": TEXT},
                required=("name", "app", "times", "last_day"),
                closed=True,
            )
        ),
    },
    required=("kind", "name", "package", "named_by", "queries", "clients"),
    closed=True,
)
_LEFT: Final = object_schema({"job": COUNT, "url": TEXT}, required=("job", "url"), closed=True)
LEFT_TO_JOB: Final = Answer("So many values become others that a job applies it.", _LEFT)
_BECOMES: Final = object_schema(
    {"value": {}, "becomes": {}, "whole": {"type": "boolean"}, "records": COUNT},
    required=("value", "becomes", "whole", "records"),
    closed=True,
)
_CONVERSION: Final = object_schema(
    {
        "field": TEXT,
        "from": TEXT,
        "to": TEXT,
        "records": COUNT,
        "at_least": {"type": "boolean"},
        "emptied": COUNT,
        "shortened": COUNT,
        "in_background": {"type": "boolean"},
        "values": list_schema(_BECOMES),
    },
    required=("field", "from", "to", "records", "emptied", "shortened", "in_background", "values"),
    closed=True,
)
APPLIED_PARTS: Final[dict[str, Json]] = {"version": COUNT, "changes": list_schema(_CHANGE)}
"""What is told of a change once it is applied."""

PLAN_PARTS: Final[dict[str, Json]] = {
    "digest": TEXT,
    **APPLIED_PARTS,
    "impact": list_schema(_IMPACT),
    "conversions": list_schema(_CONVERSION),
    "touches": list_schema(_TOUCHED),
    "confirm": _COUNTS,
}
"""What is told of a plan."""

_APPLIED: Final = object_schema(APPLIED_PARTS, required=tuple(APPLIED_PARTS), closed=True)
_SET: Final[dict[str, Any]] = {**PARTS, "undo": {"type": "integer", "minimum": 1}}
_AGREED: Final[dict[str, Any]] = {"digest": TEXT, "confirm": _COUNTS}

PLAN_OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST /metadata/plan": Operation(
        _TAG,
        {
            200: Answer(
                "What it would do; nothing has changed.",
                object_schema(PLAN_PARTS, required=tuple(PLAN_PARTS), closed=True),
            )
        },
        body=Body(object_schema(_SET, closed=True), _NEXT_STEP),
        refuses=_CHANGES,
    ),
    "POST /metadata/apply": Operation(
        _TAG,
        {200: Answer("It is applied.", _APPLIED), 202: LEFT_TO_JOB},
        body=Body(
            object_schema({**_SET, **_AGREED}, required=("digest",), closed=True),
            {**_NEXT_STEP, "digest": "…", "confirm": {}},
        ),
        refuses=_CHANGES,
    ),
    "POST /metadata/undo/{version}": Operation(
        _TAG,
        {200: Answer("It is undone.", _APPLIED), 202: LEFT_TO_JOB},
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
