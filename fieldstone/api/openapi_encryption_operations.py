"""What the document says of the endpoints for encrypted fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.api.openapi_operation import Answer, Operation, list_schema, object_schema, or_null
from fieldstone.api.openapi_shapes import COUNT, TEXT
from fieldstone.metadata.values import Json, JsonObject

_TAG: Final = "Storage"
_FLAG: Final[JsonObject] = {"type": "boolean"}


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_KEY: Final = _closed(
    id=TEXT,
    is_current=_FLAG,
    is_there=_FLAG,
    made_on=or_null({"type": "string", "format": "date"}),
    values=COUNT,
    values_in_log=COUNT,
    fields=list_schema(TEXT),
)
_ROTATION: Final = or_null(_closed(job=COUNT, state=TEXT, words=or_null(TEXT)))
_FIELD: Final = _closed(object=TEXT, field=TEXT, encrypted=TEXT, values=COUNT)

ENCRYPTION_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /encryption": Operation(
        _TAG,
        {
            200: Answer(
                "The keys, the current one first, the encrypted fields, and the last rotation.",
                _closed(keys=list_schema(_KEY), fields=list_schema(_FIELD), rotation=_ROTATION),
            )
        },
    ),
    "POST /encryption/rotate": Operation(
        _TAG,
        {202: Answer("A job does it.", _closed(job={"type": "integer"}, url=TEXT))},
        refuses=(409,),
    ),
}
