"""What the document says of branches."""

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
from fieldstone.api.openapi_plan_operations import APPLIED_PARTS, PLAN_PARTS
from fieldstone.api.openapi_shapes import COUNT, TEXT
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.branch_samples import MOST_SAMPLES

_TAG: Final = "Branches"
_REFUSES: Final = (409, 413, 422)
MAKE_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "samples": {"type": "integer", "minimum": 0, "maximum": MOST_SAMPLES},
    },
    "required": ["name"],
    "additionalProperties": False,
}
_WISH: Final[dict[str, Json]] = {
    "into": {"type": "string", "enum": ["parent", "branch"]},
    "choices": {
        "type": "object",
        "additionalProperties": {"type": "string", "enum": ["theirs", "ours"]},
    },
    "digest": TEXT,
    "confirm": PLAN_PARTS["confirm"],
}
MERGE_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "properties": _WISH,
    "additionalProperties": False,
}
_BRANCH: Final[dict[str, Json]] = {
    **dict.fromkeys(("name", "tenant", "created_at"), TEXT),
    "version": COUNT,
    "branch_version": COUNT,
    **dict.fromkeys(("created_by", "merged_at"), or_null(TEXT)),
}
_MADE: Final[dict[str, Json]] = {
    **_BRANCH,
    **dict.fromkeys(("invitation", "address"), or_null(TEXT)),
    "records": COUNT,
}
_COMPARED: Final[dict[str, Json]] = {
    **_BRANCH,
    "changes": PLAN_PARTS["changes"],
    "since": PLAN_PARTS["changes"],
}
_CONFLICT: Final = object_schema(
    {
        **dict.fromkeys(("key", "kind", "name", "at", "message"), TEXT),
        "choice": or_null(TEXT),
        **{side: {} for side in ("base", "theirs", "ours")},
    },
    required=("key", "kind", "name", "at", "message", "choice"),
    closed=True,
)
_PLANNED: Final[dict[str, Json]] = {
    **PLAN_PARTS,
    "conflicts": list_schema(_CONFLICT),
    "missing_packages": list_schema(TEXT),
}


def _closed(properties: dict[str, Json]) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


BRANCH_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /branches": Operation(
        _TAG,
        {200: Answer("The branches.", _closed({"branches": list_schema(_closed(_BRANCH))}))},
    ),
    "POST /branches": Operation(
        _TAG,
        {201: Answer("It is made.", _closed(_MADE))},
        body=Body(MAKE_SCHEMA, {"name": "trial", "samples": 20}),
        refuses=_REFUSES,
    ),
    "GET /branches/{name}": Operation(
        _TAG, {200: Answer("The branch, and what is different.", _closed(_COMPARED))}
    ),
    "DELETE /branches/{name}": Operation(
        _TAG, {202: Answer("A job deletes it.", _closed({"job": COUNT}))}, refuses=(409,)
    ),
    "POST /branches/{name}/plan": Operation(
        _TAG,
        {200: Answer("What merging would do; nothing has changed.", _closed(_PLANNED))},
        body=Body(MERGE_SCHEMA, {"into": "parent"}, required=False),
        refuses=_REFUSES,
    ),
    "POST /branches/{name}/merge": Operation(
        _TAG,
        {200: Answer("It is merged.", _closed(APPLIED_PARTS))},
        body=Body(MERGE_SCHEMA, {"into": "parent", "digest": "…", "choices": {}}),
        refuses=_REFUSES,
    ),
}
