"""What the document says of the endpoints of permission sets and of why somebody may do what."""

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
from fieldstone.metadata.sharing import Level
from fieldstone.metadata.values import Json, JsonObject

_TAG: Final = "Permissions"
_FLAG: Final[JsonObject] = {"type": "boolean"}
_COUNT: Final[JsonObject] = {"type": "integer", "minimum": 0}
_INSTANT: Final[JsonObject] = {"type": "string", "format": "date-time"}


def _closed(**properties: Json) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_SET: Final = _closed(
    name=TEXT,
    label=TEXT,
    description=TEXT,
    is_profile=_FLAG,
    package=or_null(TEXT),
    includes=list_schema(TEXT),
    people=_COUNT,
)
_ASSIGNMENT: Final = _closed(
    name=TEXT, label=TEXT, user=TEXT, assigned_by=or_null(TEXT), assigned_at=_INSTANT
)
_CHANGE: Final = _closed(
    object=TEXT, field=or_null(TEXT), right=TEXT, gain=_COUNT, lose=_COUNT, words=TEXT
)
_RECORDS: Final = _closed(
    object=TEXT,
    right={"enum": [level.word for level in Level]},
    people_lose=or_null(_COUNT),
    records_lost=or_null(_COUNT),
    people_gain=or_null(_COUNT),
    records_gained=or_null(_COUNT),
    words=list_schema(TEXT),
)
_PREVIEW: Final = Answer(
    "What people would gain and lose; administrators are not counted. records: null where whoever"
    " asks may not know how many there are.",
    _closed(
        affected=_COUNT,
        changes=list_schema(_CHANGE),
        more=_FLAG,
        records=or_null(list_schema(_RECORDS)),
        words=list_schema(TEXT),
    ),
)
_PROPOSED: Final = object_schema(
    {
        "components": list_schema({"type": "object"}),
        "removals": list_schema(_closed(kind=TEXT, name=TEXT)),
        "people": list_schema(
            object_schema(
                {
                    "user": TEXT,
                    "role": or_null(TEXT),
                    "give": list_schema(TEXT),
                    "take": list_schema(TEXT),
                },
                required=("user",),
            )
        ),
        "teams": list_schema(
            object_schema(
                {
                    "team": TEXT,
                    "add": list_schema(TEXT),
                    "remove": list_schema(TEXT),
                    "within": or_null(TEXT),
                    "delete": _FLAG,
                },
                required=("team",),
            )
        ),
    }
)
_REASON: Final = _closed(right=TEXT, allowed=_FLAG, words=TEXT, through=list_schema(TEXT))
_THEIR_SETS: Final = Answer(
    "The permission sets that they have.", _closed(permission_sets=list_schema(_ASSIGNMENT))
)

ACCESS_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /permission-sets": Operation(
        _TAG,
        {
            200: Answer(
                "A page of permission sets.",
                _closed(permission_sets=list_schema(_SET), next=or_null(TEXT)),
            )
        },
        ("limit", "cursor"),
        refuses=(422,),
    ),
    "GET /permission-sets/{name}/people": Operation(
        _TAG,
        {
            200: Answer(
                "A page of those who have it.",
                _closed(people=list_schema(_ASSIGNMENT), next=or_null(TEXT)),
            )
        },
        ("limit", "cursor"),
        refuses=(422,),
    ),
    "POST /permission-sets/{name}/preview": Operation(
        _TAG,
        {200: _PREVIEW},
        body=Body({"type": "object"}, {"label": "Sales", "all_objects": ["read"]}),
        refuses=(413, 422),
    ),
    "GET /people/{id}/permission-sets": Operation(_TAG, {200: _THEIR_SETS}),
    "PUT /people/{id}/permission-sets/{name}": Operation(_TAG, {200: _THEIR_SETS}),
    "DELETE /people/{id}/permission-sets/{name}": Operation(
        _TAG, {204: Answer("They have it no more.")}
    ),
    "POST /access/preview": Operation(
        _TAG,
        {200: _PREVIEW},
        body=Body(
            _PROPOSED, {"components": [{"kind": "object", "name": "Deal", "sharing": "private"}]}
        ),
        refuses=(413, 422),
    ),
    "GET /access/explain": Operation(
        _TAG,
        {
            200: Answer(
                "For each right whether they have it, and why.",
                _closed(
                    user=or_null(TEXT),
                    object=TEXT,
                    record=or_null(TEXT),
                    field=or_null(TEXT),
                    reasons=list_schema(_REASON),
                ),
            )
        },
        ("explained_object", "explained_record", "explained_field", "explained_user"),
        refuses=(422,),
    ),
}
