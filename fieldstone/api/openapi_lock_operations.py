"""What the document says of the endpoints for locks of records."""

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
from fieldstone.api.openapi_shapes import TEXT
from fieldstone.metadata.values import Json, JsonObject

_TAG: Final = "Records"
_FLAG: Final[JsonObject] = {"type": "boolean"}
_INSTANT: Final[JsonObject] = {"type": "string", "format": "date-time"}


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_LOCK: Final = _closed(
    object=TEXT,
    record=TEXT,
    reason=TEXT,
    at=_INSTANT,
    by=or_null(TEXT),
    ended_at=or_null(_INSTANT),
    ended_by=or_null(TEXT),
)
_ADDRESS: Final = "/records/{object}/{id}/lock"

LOCK_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /locks": Operation(
        _TAG,
        {200: Answer("A page of locks.", _closed(locks=list_schema(_LOCK), next=or_null(TEXT)))},
        parameters=("locked_object", "limit", "cursor"),
        refuses=(422,),
    ),
    f"GET {_ADDRESS}": Operation(
        _TAG,
        {
            200: Answer(
                "Whether it is locked, and the latest locks that ended.",
                _closed(
                    locked=_FLAG, lock=or_null(_LOCK), may_lock=_FLAG, earlier=list_schema(_LOCK)
                ),
            )
        },
    ),
    f"PUT {_ADDRESS}": Operation(
        _TAG,
        {200: Answer("The lock that holds.", _LOCK)},
        body=Body(object_schema({"reason": TEXT}), {"reason": "Being approved"}, required=False),
        refuses=(409, 413, 422),
    ),
    f"DELETE {_ADDRESS}": Operation(_TAG, {204: Answer("It is unlocked.")}, refuses=(409,)),
}
