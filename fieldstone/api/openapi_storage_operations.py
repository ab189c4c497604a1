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
        "work": or_null({"type": "object"}),
    },
    required=("object", "place", "heap", "rows", "rows_exact", "slots", "work"),
)
_ADVICE: Final = object_schema(
    {
        "object": TEXT,
        "field": TEXT,
        "type": TEXT,
        "filtered": COUNT,
        "sorted": COUNT,
        "slot_kind": TEXT,
        "slot_free": _FLAG,
        "give_way": or_null({"type": "object"}),
        "being_lent": _FLAG,
    },
    required=("object", "field", "filtered", "sorted", "slot_kind", "slot_free", "give_way"),
)
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
                "The most asked first.",
                object_schema({"advice": list_schema(_ADVICE)}, required=("advice",), closed=True),
            )
        },
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
