"""What the document says of the endpoint for layouts as a viewer meets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.api.openapi_operation import Answer, Operation, list_schema, object_schema, or_null
from fieldstone.api.openapi_shapes import TEXT
from fieldstone.metadata.values import Json, JsonObject

_FLAG: Final[JsonObject] = {"type": "boolean"}


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_BEHAVIOUR: Final[JsonObject] = {"type": "string", "enum": ["edit", "readonly", "required"]}
_ITEM: Final = _closed(field=TEXT, label=TEXT, type=TEXT, behaviour=_BEHAVIOUR)
_SECTION: Final = _closed(
    label=or_null(TEXT),
    columns=list_schema(list_schema(or_null(_ITEM))),
    collapsed=_FLAG,
    on_detail=_FLAG,
    on_edit=_FLAG,
)
_RELATED: Final = _closed(
    name=TEXT,
    object=TEXT,
    field=TEXT,
    columns=list_schema(TEXT),
    sort=or_null(TEXT),
    descending=_FLAG,
)

LAYOUT_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /objects/{object}/layout": Operation(
        "Objects and fields",
        {
            200: Answer(
                "The layout that fits whoever asks; without a name where none was declared.",
                _closed(
                    object=TEXT,
                    name=or_null(TEXT),
                    label=or_null(TEXT),
                    sections=list_schema(_SECTION),
                    related_lists=list_schema(_RELATED),
                    highlights=or_null(list_schema(TEXT)),
                    links=list_schema(TEXT),
                    actions=list_schema(TEXT),
                ),
            )
        },
        ("layout_record_type",),
    ),
}
