"""What the document says of the endpoints for storage and the recycle bin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.api.openapi_operation import (
    Answer,
    Body,
    Operation,
    list_schema,
    object_schema,
    or_null,
)
from fieldstone.api.openapi_shapes import COUNT, CURSOR, TEXT
from fieldstone.metadata.values import JsonObject

_STORAGE: Final = "Storage"
_BIN: Final = "Recycle bin"
_INSTANT: Final[JsonObject] = {"type": "string", "format": "date-time"}
_FLAG: Final[JsonObject] = {"type": "boolean"}
_JOB: Final = Answer(
    "A job does it.",
    object_schema({"job": COUNT, "url": TEXT}, required=("job", "url"), closed=True),
    example={"job": 17, "url": "/api/jobs/17"},
)
_OBJECT: Final = object_schema(
    {
        "object": TEXT,
        "label": TEXT,
        "place": {"type": "string", "enum": ["own", "shared"]},
        "heap": TEXT,
        "rows": COUNT,
        "rows_exact": _FLAG,
        "slots": {"type": "object"},
        "indexes": list_schema({"type": "object"}),
        "work": or_null({"type": "object"}),
    },
    required=("object", "place", "heap", "rows", "rows_exact", "slots", "work"),
)
_ADVICE: Final = object_schema(
    {
        "id": TEXT,
        "kind": {"type": "string", "enum": ["slot", "index", "drop"]},
        "object": TEXT,
        "fields": list_schema(TEXT),
        "reason": TEXT,
        "effect": TEXT,
        "cost": TEXT,
        "times": COUNT,
        "filtered": COUNT,
        "sorted": COUNT,
        "week": COUNT,
        "spent_ms": COUNT,
        "saves_ms": COUNT,
        "cost_bytes": {"type": "integer"},
        "slot_kind": or_null(TEXT),
        "gives_way": or_null({"type": "object"}),
        "obstacle": or_null(TEXT),
        "at_work": _FLAG,
        "strong": _FLAG,
    },
    required=("id", "kind", "object", "fields", "reason", "effect", "cost", "obstacle", "at_work"),
)
_AUTOMATIC: Final = object_schema({"automatic": _FLAG}, required=("automatic",), closed=True)
_ACTION: Final = object_schema(
    {
        "number": COUNT,
        "advice": TEXT,
        "state": {
            "type": "string",
            "enum": ["at_work", "in_effect", "without_effect", "undoing", "undone"],
        },
        "reason": TEXT,
        "at": _INSTANT,
        "by": or_null(TEXT),
        "automatic": _FLAG,
        "job": COUNT,
        "undone_at": or_null(_INSTANT),
        "undone_by": or_null(TEXT),
        "undo_job": or_null(COUNT),
    },
    required=("number", "advice", "state", "reason", "at", "automatic", "job", "undone_at"),
)
_WORK: Final = object_schema(
    {"advice": TEXT, "job": or_null(COUNT), "url": or_null(TEXT)},
    required=("advice", "job", "url"),
    closed=True,
)
_WORK_EXAMPLE: Final[JsonObject] = {
    "advice": "slot-Deal.next_step",
    "job": 17,
    "url": "/api/jobs/17",
}
_DELETION: Final = object_schema(
    {
        "id": TEXT,
        "type": TEXT,
        "name": or_null(TEXT),
        "deleted_at": _INSTANT,
        "deleted_by": or_null(TEXT),
        "along": COUNT,
    },
    required=("id", "type", "name", "deleted_at", "deleted_by", "along"),
)

STORAGE_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /storage": Operation(
        _STORAGE,
        {
            200: Answer(
                "Every object that the viewer may see.",
                object_schema(
                    {"objects": list_schema(_OBJECT), "promote_above": COUNT},
                    required=("objects", "promote_above"),
                    closed=True,
                ),
            )
        },
    ),
    "GET /storage/advice": Operation(
        _STORAGE,
        {
            200: Answer(
                "What saves most first.",
                object_schema(
                    {"advice": list_schema(_ADVICE), "automatic": _FLAG, "days": COUNT},
                    required=("advice", "automatic", "days"),
                    closed=True,
                ),
            )
        },
        ("limit",),
        refuses=(403, 422),
    ),
    "PUT /storage/advice/automatic": Operation(
        _STORAGE,
        {200: Answer("It is set.", _AUTOMATIC, example={"automatic": False})},
        body=Body(_AUTOMATIC, {"automatic": False}),
        refuses=(403, 413, 422),
    ),
    "GET /storage/advice/history": Operation(
        _STORAGE,
        {
            200: Answer(
                "A page of what was applied, the newest first.",
                object_schema(
                    {"actions": list_schema(_ACTION), "next": CURSOR},
                    required=("actions", "next"),
                    closed=True,
                ),
            )
        },
        ("limit", "cursor"),
        refuses=(403, 422),
    ),
    "POST /storage/advice/{id}/apply": Operation(
        _STORAGE,
        {202: Answer("A job does it.", _WORK, example=_WORK_EXAMPLE)},
        body=Body(object_schema({"instead_of": or_null(TEXT)}), {"instead_of": "next_step"}),
        refuses=(403, 409, 413, 422, 503),
    ),
    "POST /storage/advice/{id}/undo": Operation(
        _STORAGE,
        {202: Answer("A job does it.", _WORK, example=_WORK_EXAMPLE)},
        refuses=(403, 409, 422, 503),
    ),
    "POST /storage/{object}/promote": Operation(_STORAGE, {202: _JOB}, refuses=(409,)),
    "POST /storage/{object}/demote": Operation(_STORAGE, {202: _JOB}, refuses=(409,)),
    "POST /storage/{object}/slots/{field}": Operation(
        _STORAGE,
        {202: _JOB},
        body=Body(object_schema({"instead_of": or_null(TEXT)}), {"instead_of": "next_step"}),
        refuses=(409, 413, 422),
    ),
    "DELETE /storage/{object}/slots/{field}": Operation(_STORAGE, {202: _JOB}, refuses=(409, 422)),
    "GET /bin": Operation(
        _BIN,
        {
            200: Answer(
                "A page of deletions.",
                object_schema(
                    {"deletions": list_schema(_DELETION), "next": CURSOR},
                    required=("deletions", "next"),
                    closed=True,
                ),
            )
        },
        ("limit", "cursor"),
        refuses=(422,),
    ),
    "POST /bin/empty": Operation(
        _BIN,
        {202: _JOB},
        body=Body(object_schema({"count": COUNT}, required=("count",)), {"count": 3}),
        refuses=(409, 413, 422),
    ),
    "POST /bin/{id}/restore": Operation(
        _BIN,
        {
            200: Answer(
                "It is back.",
                object_schema({"restored": COUNT}, required=("restored",), closed=True),
                example={"restored": 4},
            )
        },
        refuses=(409, 422),
    ),
}
